"""The nightly care of the outbox."""

from procrastinate.contrib.django import app

from ksdb.core.scope import system_scope
from ksdb.sms.actions import forget_texts


@app.periodic(cron="25 * * * *")
@app.task(queue="sms", pass_context=False)
def forget_old_texts(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """Messages older than a day are deleted, every hour. `timestamp`: when it was due."""
    forget_texts(system_scope())
