"""Jobs whose worker was killed go back into the queue.

By itself it would have them run for ever, and whatever asks for the same lock would wait as long: all messages, say.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import UniqueViolation

from ksdb.core.clock import now

SILENCE = timedelta(seconds=60)
"""A worker says every ten seconds that it lives. One that was silent for so long, and lives, finds its work done twice:
each job holds a lock of its own where that would show."""


@app.periodic(cron="* * * * *")
@app.task(queue="site", pass_context=False, queueing_lock="site.take_up_stalled")
def take_up_stalled(timestamp: int) -> int:  # noqa: ARG001 - procrastinate passes it
    """How many jobs went back into the queue. `timestamp`: when it was due."""
    is_gone = Q(worker=None) | Q(worker__last_heartbeat__lt=Now() - SILENCE)
    stalled = ProcrastinateJob.objects.filter(is_gone, status="doing").order_by("id")
    return sum(_taken_up(job_id) for job_id in stalled.values_list("id", flat=True))


def _taken_up(job_id: int) -> bool:
    """Not where another one waits already to do the same: then this one is over, and its lock free."""
    try:
        with transaction.atomic():
            app.job_manager.retry_job_by_id(job_id, retry_at=now())
    except UniqueViolation:
        with transaction.atomic():
            app.job_manager.cancel_job_by_id(job_id, abort=True)
            app.job_manager.retry_job_by_id(job_id, retry_at=now())  # who was told to stop is not tried again
        return False
    return True
