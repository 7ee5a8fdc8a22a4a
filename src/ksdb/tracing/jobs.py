"""The nightly forgetting of closed cases, the care of the presence index, and traces run again."""

from contextlib import suppress

from procrastinate.contrib.django import app

from ksdb.core.scope import system_scope
from ksdb.tracing.actions.indexing import refresh_index, verify_index
from ksdb.tracing.actions.keeping import forget_cases
from ksdb.tracing.actions.rerunning import find_touched, mark_days, rerun_touched
from ksdb.tracing.presence.refreshing import LogSpread


@app.periodic(cron="30 17 * * *")
@app.task(queue="tracing", pass_context=False)
def forget(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """Closed cases past the days of their profile are deleted, with a proof. `timestamp`: when it was due."""
    forget_cases(system_scope())


@app.periodic(cron="*/5 * * * *")
@app.task(queue="tracing", pass_context=False, queueing_lock="refresh_presence_index")
def refresh_presence_index(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """The presence index takes in what arrived, and lets go of days that were dropped. `timestamp`: when it was due."""
    with suppress(LogSpread):
        refresh_index(system_scope())


@app.periodic(cron="50 18 * * *")
@app.task(queue="tracing", pass_context=False)
def verify_presence_index(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """The index is held against the log and made anew where it differs. `timestamp`: when it was due."""
    with suppress(LogSpread):
        verify_index(system_scope())


@app.periodic(cron="5 19 * * *")
@app.task(queue="tracing", pass_context=False)
def add_days_to_traces(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """Traces of cases not isolated, and those of two generations, get the days since. `timestamp`: when it was due."""
    mark_days(system_scope())


@app.periodic(cron="* * * * *")
@app.task(queue="tracing", pass_context=False, queueing_lock="rerun_touched_traces")
def rerun_touched_traces(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """Traces that late scans, disputes or merges have touched are run again. `timestamp`: when it was due."""
    find_touched(system_scope())
    rerun_touched(system_scope())
