"""The work of the outbox beside the pages: carrying, receipts, and forgetting."""

from procrastinate.contrib.django import app

from ksdb.core.scope import system_scope
from ksdb.sms.actions import forget_texts
from ksdb.sms.actions.carrying import carry_texts


@app.task(queue="sms")
def carry() -> None:
    """At once, where somebody waits for a code. One at a time: centres let us bind once."""
    carry_texts(system_scope(), listens=0)


@app.periodic(cron="* * * * *")
@app.task(queue="sms", pass_context=False, lock="sms", queueing_lock="sms.carry")
def carry_what_waits(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """Each minute: what does not hurry, what could not go before, and receipts. `timestamp`: when it was due."""
    carry_texts(system_scope())


@app.periodic(cron="25 * * * *")
@app.task(queue="sms", pass_context=False)
def forget_old_texts(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """Messages older than a day are deleted, every hour. `timestamp`: when it was due."""
    forget_texts(system_scope())
