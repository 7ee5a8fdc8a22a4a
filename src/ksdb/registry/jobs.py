"""The long work of the registry, done by the worker."""

from procrastinate.contrib.django import app

from ksdb.core.scope import Scope, system_scope
from ksdb.registry import actions, ends


@app.task(queue="registry")
def run_import(import_id: int, actor_id: int | None, actor_name: str = "") -> None:
    """Brings a file in. What its uploader may do was checked when it was taken in; the trail still names the person."""
    actions.run_import(Scope(actor_id=actor_id, is_system=True, actor_name=actor_name), import_id)


@app.periodic(cron="*/5 * * * *")
@app.task(queue="registry", pass_context=False)
def fill_ends(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """Numbers that came in without a key of their end get one. `timestamp`: when it was due."""
    ends.fill_ends()


@app.periodic(cron="20 0 * * *")
@app.task(queue="registry", pass_context=False)
def erase_old_lists(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """Uploaded lists and correction files past their time are deleted. `timestamp`: when it was due."""
    actions.erase_lists(system_scope())
