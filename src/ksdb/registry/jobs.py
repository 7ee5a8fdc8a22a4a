"""The long work of the registry, done by the worker."""

from contextlib import suppress

from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.tasks import Task

from ksdb.core.scope import Scope, system_scope
from ksdb.registry import actions, ends


@app.task(queue="registry")
def run_import(import_id: int, actor_id: int | None, actor_name: str = "") -> None:
    """Brings a file in. What its uploader may do was checked when it was taken in; the trail still names the person."""
    with suppress(actions.ImportIsRunning):
        actions.run_import(Scope(actor_id=actor_id, is_system=True, actor_name=actor_name), import_id)


@app.task(queue="registry")
def check_list(import_id: int, actor_id: int | None, actor_name: str = "") -> None:
    """Checks a file for its preview; writes nothing of it into the registry."""
    with suppress(actions.ImportIsRunning):
        actions.check_list(Scope(actor_id=actor_id, is_system=True, actor_name=actor_name), import_id)


@app.periodic(cron="* * * * *")
@app.task(queue="registry", pass_context=False)
def resume_broken(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """Whatever was under way when its worker was killed goes on. `timestamp`: when it was due."""
    for source in actions.resume_broken(system_scope()):
        queue(check_list if source.status == "checking" else run_import, source.pk, source.created_by_id)


def queue(job: Task[..., None, ...], import_id: int, actor_id: int | None, actor_name: str = "") -> None:
    """Hands the work to the worker, once: while it waits already, nothing is added."""
    with suppress(AlreadyEnqueued):
        job.configure(queueing_lock=f"{job.name}-{import_id}").defer(
            import_id=import_id, actor_id=actor_id, actor_name=actor_name
        )


@app.periodic(cron="*/5 * * * *")
@app.task(queue="registry", pass_context=False)
def fill_ends(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """Numbers that came in without a key of their end get one. `timestamp`: when it was due."""
    ends.fill_ends()


@app.periodic(cron="20 17 * * *")
@app.task(queue="registry", pass_context=False)
def erase_old_lists(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """Uploaded lists and correction files past their time are deleted. `timestamp`: when it was due."""
    actions.erase_lists(system_scope())
