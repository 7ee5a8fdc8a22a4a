"""kill -9 of the job worker: what it had in hand is taken up again, nothing that was done is done twice."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest
from django.db import connection
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from psycopg.conninfo import make_conninfo
from tests.sms.test_http import Provider, provider

from ksdb.config import settings
from ksdb.core.scope import Scope
from ksdb.site.jobs import take_up_stalled
from ksdb.sms.actions import send_text
from ksdb.sms.models import Text

__all__ = ["provider"]


def states() -> list[str]:
    return list(ProcrastinateJob.objects.filter(queue_name="sms").order_by("id").values_list("status", flat=True))


def execute(query: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(query, values)


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def worker(*arguments: str) -> subprocess.Popen[bytes]:
    """As `ksdb up` starts it, for the queue of messages alone."""
    url = make_conninfo(settings().database_url, dbname=connection.settings_dict["NAME"])
    told = os.environ | {"KSDB_DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "ksdb.site.settings"}
    command = [sys.executable, "-m", "django", "procrastinate", "worker", "--queues", "sms", *arguments]
    return subprocess.Popen(command, env=told)


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_between_two_messages_is_gone_on_with(
    provider: Provider, system: Scope, setting: Callable[..., None]
) -> None:
    """The first had gone, the second was under way: a code that is asked for later waits behind neither."""
    setting(sms_http_at_once=1)
    provider.meeting = threading.Barrier(2, timeout=30)
    for n in range(2):
        send_text(system, f"090512345{n}", "a")
    killed = worker()
    provider.meeting.wait()
    until(lambda: provider.meeting is not None and provider.meeting.n_waiting == 1)
    killed.kill()
    assert killed.wait() == -signal.SIGKILL
    provider.meeting.abort()  # nobody took the second
    provider.meeting = None
    assert list(Text.objects.order_by("id").values_list("state", flat=True)) == ["sent", "waiting"]
    assert take_up_stalled(0) == 0  # a worker is believed to live for a minute
    execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '61 seconds'")
    assert "doing" in states()
    take_up_stalled(0)
    assert "doing" not in states()
    Text.objects.update(next_at=Text.objects.earliest("next_at").made_at)  # by then half a minute has passed
    assert worker("--one-shot").wait(60) == 0
    assert [fields["phone"][-1] for _, fields in provider.taken] == ["0", "1"]
    assert set(states()) == {"succeeded"}


@pytest.mark.django_db
def test_a_job_is_taken_up_unless_another_waits_to_do_the_same() -> None:
    for task, lock, queueing_lock in (("a", None, None), ("b", "b", "b"), ("c", "c", "c")):
        app.configure_task(task, queue="sms", lock=lock, queueing_lock=queueing_lock, allow_unknown=True).defer()
    execute("UPDATE procrastinate_jobs SET status = 'doing'")
    app.configure_task("c", queue="sms", lock="c", queueing_lock="c", allow_unknown=True).defer()
    assert take_up_stalled(0) == 2
    assert states() == ["todo", "todo", "failed", "todo"]
    assert take_up_stalled(0) == 0
