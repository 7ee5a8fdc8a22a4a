"""`ksdb keys rotate-seal`: the rotation of the seal key, with a progress bar and what to do after it."""

from rich.progress import Progress

from ksdb.cli.database import console, stopping_the_server
from ksdb.config import seal_key_name
from ksdb.core.scope import system_scope
from ksdb.registry.actions import rotate_seal_key


def run(*, makes_key: bool) -> None:
    """Says at the end which older keys nothing in this database needs any more."""
    with stopping_the_server(), Progress(console=console) as progress:
        task = progress.add_task("values sealed anew", total=None)

        def show(count: int, total: int) -> None:
            progress.update(task, completed=count, total=total)

        done = rotate_seal_key(system_scope(), show, makes_key=makes_key)
    console.print(f"{done.resealed:,} sealed values written anew; {seal_key_name(done.newest)} seals from now on.")
    console.print("Keep a copy of it apart from the backups, as of the others.")
    console.print("If an import ran meanwhile, run `ksdb keys rotate-seal --finish` when it is done.")
    names = ", ".join(seal_key_name(version) for version in done.unneeded)
    console.print(f"Nothing in this database needs {names} any more." if names else "No older key is unneeded yet.")
    console.print("Whoever is proving a phone number just now begins again, if an older key goes within half an hour.")
    console.print("Backups made until today need the older keys: destroy those when the last such backup is gone.")
