"""The nightly forgetting of closed cases."""

from procrastinate.contrib.django import app

from ksdb.core.scope import system_scope
from ksdb.tracing.actions.keeping import forget_cases


@app.periodic(cron="30 17 * * *")
@app.task(queue="tracing", pass_context=False)
def forget(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """Closed cases past the days of their profile are deleted, with a proof. `timestamp`: when it was due."""
    forget_cases(system_scope())
