"""The searches for pairs, done by the worker: of new and changed records every five minutes, of all every night."""

from procrastinate.contrib.django import app

from ksdb.core.scope import system_scope
from ksdb.duplicates import actions


@app.periodic(cron="*/5 * * * *")
@app.task(queue="duplicates", queueing_lock="duplicates_new", pass_context=False)
def search_new(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """Records that came or changed since the last search are compared with all. `timestamp`: when it was due."""
    actions.search_pairs(system_scope(), is_whole=False)


@app.periodic(cron="10 19 * * *")
@app.task(queue="duplicates", pass_context=False)
def search_all(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """Everybody is compared with everybody: what one search missed, the night finds. `timestamp`: when it was due."""
    actions.search_pairs(system_scope(), is_whole=True)
