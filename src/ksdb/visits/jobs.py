"""The nightly care of the visit log."""

from procrastinate.contrib.django import app

from ksdb.core.scope import system_scope
from ksdb.visits.actions import erase_exports, flag_visits, keep_partitions, match_codes


@app.periodic(cron="10 17 * * *")
@app.task(queue="visits", pass_context=False)
def keep_days(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """Partitions for the days to come are made, days past the retention are dropped. `timestamp`: when it was due."""
    keep_partitions(system_scope())


@app.periodic(cron="15 * * * *")
@app.task(queue="visits", pass_context=False)
def erase_old_exports(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """Files taken out more than 24 hours ago are deleted, every hour. `timestamp`: when it was due."""
    erase_exports(system_scope())


@app.periodic(cron="* * * * *")
@app.task(queue="visits", pass_context=False, queueing_lock="flag_new_visits")
def flag_new_visits(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """What arrived in the last minute is looked at for what is odd. `timestamp`: when it was due."""
    flag_visits(system_scope())


@app.periodic(cron="* * * * *")
@app.task(queue="visits", pass_context=False, queueing_lock="match_foreign_codes")
def match_foreign_codes(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """Other systems' codes scanned, and people registered, in the last minute meet. `timestamp`: when it was due."""
    match_codes(system_scope())
