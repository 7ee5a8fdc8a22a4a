"""The nightly forgetting of follow-ups whose cases are gone, and the joining of those of merged records."""

from procrastinate.contrib.django import app

from ksdb.core.scope import system_scope
from ksdb.followup.actions import join_merged
from ksdb.followup.actions.calls import note_new_cases
from ksdb.followup.actions.keeping import forget_follow_ups


@app.periodic(cron="45 17 * * *")
@app.task(queue="followup", pass_context=False)
def forget(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """What is left without a case is deleted. `timestamp`: when it was due."""
    forget_follow_ups(system_scope())


@app.periodic(cron="20 * * * *")
@app.task(queue="followup", pass_context=False)
def join(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """Two follow-ups of one person become one; of whom a case was opened, it ends. `timestamp`: when it was due."""
    join_merged(system_scope())
    note_new_cases(system_scope())
