"""`ksdb keys rotate-seal`: the rotation of the seal key, with a progress bar and what to do after it."""

from rich.progress import Progress

from ksdb.access.actions import reseal_second_factors
from ksdb.cli.database import console, stopping_the_server
from ksdb.config import seal_key_name
from ksdb.core.scope import system_scope
from ksdb.enrolment.actions import reseal_phones
from ksdb.followup.actions.keeping import reseal_notes
from ksdb.registry.actions import rotate_seal_key
from ksdb.visits.actions.disputes import reseal_disputes
from ksdb.wallet.actions.claims import reseal_holders
from ksdb.wallet.actions.mine import reseal_requests


def run(*, makes_key: bool) -> None:
    """Says at the end which older keys nothing in this database needs any more."""
    with stopping_the_server(), Progress(console=console) as progress:
        task = progress.add_task("residents sealed anew", total=None)

        def show(count: int, total: int) -> None:
            progress.update(task, completed=count, total=total)

        done = rotate_seal_key(system_scope(), show, makes_key=makes_key)
        factors = reseal_second_factors(system_scope())
        owners = reseal_phones(system_scope())
        disputes = reseal_disputes(system_scope())
        holders = reseal_holders(system_scope())
        requests = reseal_requests(system_scope())
        notes = reseal_notes(system_scope())
    console.print(f"{done.resealed:,} residents sealed anew; {seal_key_name(done.newest)} seals from now on.")
    console.print(f"{factors:,} second factors of staff sealed anew.")
    console.print(f"{owners:,} phones of owners of places sealed anew.")
    console.print(f"{disputes:,} disputes of visits sealed anew.")
    console.print(f"{holders:,} phones of residents sealed anew.")
    console.print(f"{requests:,} requests of residents sealed anew.")
    console.print(f"{notes:,} notes about contacts sealed anew.")
    console.print("Keep a copy of it apart from the backups, as of the others.")
    console.print("If an import ran meanwhile, run `ksdb keys rotate-seal --finish` when it is done.")
    names = ", ".join(seal_key_name(version) for version in done.unneeded)
    console.print(f"Nothing in this database needs {names} any more." if names else "No older key is unneeded yet.")
    console.print("Backups made until today need the older keys: destroy those when the last such backup is gone.")
