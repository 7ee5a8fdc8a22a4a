"""The nightly care of what residents typed and said."""

from procrastinate.contrib.django import app

from ksdb.core.scope import system_scope
from ksdb.wallet.actions import claims, mine


@app.periodic(cron="50 19 * * *")
@app.task(queue="wallet", pass_context=False)
def forget_claims(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """What was typed in requests decided a month ago is emptied, every night. `timestamp`: when it was due."""
    claims.forget_claims(system_scope())


@app.periodic(cron="55 19 * * *")
@app.task(queue="wallet", pass_context=False)
def forget_said(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """Declarations go with the days of visits, every night. `timestamp`: when it was due."""
    mine.forget_said(system_scope())


@app.periodic(cron="* * * * *")
@app.task(queue="wallet", pass_context=False, queueing_lock="wallet.tell_decided")
def tell_decided(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """Answers to disputes reach whoever raised them, each minute. `timestamp`: when it was due."""
    mine.tell_decided(system_scope())
