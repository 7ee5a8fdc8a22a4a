"""Long acts, carried out by the worker, and the closing of those that nobody decided."""

from procrastinate.contrib.django import app

from ksdb.approvals import actions
from ksdb.core.scope import system_scope


@app.task(queue="approvals")
def carry_out(act_id: int) -> None:
    """Carries out an approved act. It runs with what the person who asked may do then."""
    actions.carry_out(system_scope(), act_id)


@app.periodic(cron="20 * * * *")
@app.task(queue="approvals", pass_context=False)
def expire(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """Acts whose 72 hours are over are closed. `timestamp`: when it was due."""
    actions.expire_acts(system_scope())
