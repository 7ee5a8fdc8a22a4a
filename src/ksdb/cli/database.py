"""What most commands begin and end with: the database made ready, and the embedded server stopped again."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from ksdb.config import settings

console = Console()


def prepare_database() -> None:
    """Migrations, the rights of the doors, the proof of the keys, reference data, partitions. Raises KeyReplaced."""
    from django.core.management import call_command

    from ksdb.core.scope import system_scope
    from ksdb.places.actions import load_reference
    from ksdb.postgres.roles import give_rights
    from ksdb.registry.proving import prove_keys
    from ksdb.tracing.actions import load_profiles
    from ksdb.visits.actions import keep_partitions, note_retention

    call_command("migrate", verbosity=0)
    for role in give_rights(settings().database_url):
        console.print(f"[red]There is no role {role}[/], and this one may not make it: see docs/database-roles.md.")
    prove_keys()
    load_reference(system_scope())
    load_profiles(system_scope())
    note_retention(system_scope())
    keep_partitions(system_scope())


@contextmanager
def stopping_the_server() -> Iterator[None]:
    """Stops the embedded PostgreSQL at the end, if it is ours, with a checkpoint."""
    from ksdb.postgres.server import data_dir, start_embedded, stop_embedded

    try:
        yield
    finally:
        if str(data_dir(settings())) in settings().database_url:
            stop_embedded(start_embedded(settings()))
