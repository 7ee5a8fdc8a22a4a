"""The work of notices beside the pages: sending within the budget, following what was sent, forgetting."""

from procrastinate.contrib.django import app

from ksdb.core.scope import system_scope
from ksdb.notices.actions import follow_texts, forget_notices, send_notices


@app.periodic(cron="* * * * *")
@app.task(queue="notices", pass_context=False, lock="notices", queueing_lock="notices.send")
def send_what_waits(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """Each minute a budget of messages. `timestamp`: when it was due."""
    send_notices(system_scope())
    follow_texts(system_scope())


@app.periodic(cron="35 17 * * *")
@app.task(queue="notices", pass_context=False)
def forget_old_notices(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """Each night. `timestamp`: when it was due."""
    forget_notices(system_scope())
