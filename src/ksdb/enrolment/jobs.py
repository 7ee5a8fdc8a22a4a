"""The care of places that nobody proved."""

from procrastinate.contrib.django import app

from ksdb.core.scope import system_scope
from ksdb.enrolment import actions


@app.periodic(cron="30 * * * *")
@app.task(queue="enrolment", pass_context=False)
def forget_unproven(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """What was typed a day ago and never proven is deleted, every hour. `timestamp`: when it was due."""
    actions.forget_unproven(system_scope())
