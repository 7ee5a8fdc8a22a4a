"""`ksdb index …`: the presence index, by which traces are answered in milliseconds."""

from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The presence index: how it is, and making it anew.")


@app.command()
def status(
    verify: Annotated[
        bool, typer.Option("--verify", help="Read every file and count the log; make it anew if wrong.")
    ] = False,
) -> None:
    """Says whether traces use the index, of how many visits it tells, and how many are newer."""
    from ksdb.cli import with_django

    with_django()
    from ksdb.cli.database import console, stopping_the_server
    from ksdb.core.scope import system_scope
    from ksdb.tracing.actions.indexing import index_status, verify_index

    with stopping_the_server():
        if verify:
            wrong = verify_index(system_scope())
            console.print(f"Made anew, for this was wrong: {', '.join(wrong)}" if wrong else "Every file is whole.")
        found = index_status(system_scope())
    if found.made_at is None:
        console.print("There is no index of this database. Run `ksdb index rebuild`; until then SQL answers traces.")
        return
    console.print("Traces use the index." if found.is_used else "SQL answers traces until the next refresh.")
    console.print(f"{found.visits:,} visits of {found.days} days as of {found.made_at:%Y-%m-%d %H:%M:%S} UTC")
    console.print(f"{found.new_visits:,} newer visits are read beside it")
    console.print(f"{found.byte_count / 1e6:,.0f} MB, {found.byte_count / max(1, found.visits):.1f} bytes a visit")


@app.command()
def rebuild() -> None:
    """Makes the whole index anew from the visit log, a day at a time; the old one is used until then."""
    from ksdb.cli import with_django

    with_django()
    from ksdb.cli.database import console, stopping_the_server
    from ksdb.core.scope import system_scope
    from ksdb.tracing.actions.indexing import refresh_index

    with stopping_the_server(), console.status("Reading the visit log day by day"):
        made = refresh_index(system_scope(), anew=True)
    console.print(f"{made.manifest.visits:,} visits of {len(made.manifest.days)} days")
