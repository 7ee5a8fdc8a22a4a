"""The nightly care of what residents typed."""

from procrastinate.contrib.django import app

from ksdb.core.scope import system_scope
from ksdb.wallet.actions import claims


@app.periodic(cron="50 19 * * *")
@app.task(queue="wallet", pass_context=False)
def forget_claims(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """What was typed in requests decided a month ago is emptied, every night. `timestamp`: when it was due."""
    claims.forget_claims(system_scope())
