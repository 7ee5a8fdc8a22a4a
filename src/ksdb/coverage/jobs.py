"""Each minute whoever has changed is counted; each night everything is, to find drift."""

import logging

from procrastinate.contrib.django import app

from ksdb.core.scope import system_scope
from ksdb.coverage.actions import rebuild, refresh

log = logging.getLogger(__name__)


@app.periodic(cron="* * * * *")
@app.task(queue="coverage", pass_context=False, queueing_lock="coverage.count")
def count(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """`timestamp`: when it was due."""
    refresh(system_scope())


@app.periodic(cron="40 17 * * *")
@app.task(queue="coverage", pass_context=False)
def recount(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """`timestamp`: when it was due. The pages say what was found; so does the log, for whoever watches it."""
    run = rebuild(system_scope())
    if run.drifted:
        log.error("coverage had drifted by %s and was written anew", run.drifted)
