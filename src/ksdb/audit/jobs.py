"""The care of the chain: once a minute what still waits is chained, and the end of the chain is anchored."""

from procrastinate.contrib.django import app

from ksdb.audit.actions import seal_entries
from ksdb.core.scope import system_scope


@app.periodic(cron="* * * * *")
@app.task(queue="audit", pass_context=False)
def seal(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """`timestamp`: when it was due. Links that a page made in passing are found made; the anchor is always due."""
    seal_entries(system_scope())
