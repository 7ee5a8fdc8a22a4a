"""`ksdb audit …`: is the trail whole, and what of it may be published."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The audit trail: prove that it is whole, count its reads.")

MOST_SAID = 50


@app.command()
def verify(
    anchors: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="A copy of the file audit/anchors that was kept elsewhere."),
    ] = None,
) -> None:
    """Follows the whole chain and says which entry was removed, altered or exchanged. Exit status 1 if any was.

    Changes nothing. Entries of the last moments that have no link yet are no fault. Who owns this machine can write
    its own anchors anew: only a copy that lay elsewhere tells of that.
    """
    from ksdb.cli import with_django

    with_django()
    sys.exit(run(anchors))


def run(copied: Path | None) -> int:
    """The exit status."""
    from rich.progress import Progress

    from ksdb.audit.queries import faults
    from ksdb.cli.database import console, stopping_the_server
    from ksdb.core.scope import system_scope

    with stopping_the_server(), Progress(console=console) as progress:
        task = progress.add_task("links followed", total=None)
        found = list(
            faults(system_scope(), lambda done, all_: progress.update(task, completed=done, total=all_), copied)
        )
    for fault in found[:MOST_SAID]:
        console.print(f"[red]{fault.kind}[/]  {fault.sentence()}")
    if len(found) > MOST_SAID:
        console.print(f"… and {len(found) - MOST_SAID} more.")
    console.print(f"{len(found)} faults." if found else "The audit trail is whole.")
    return 1 if found else 0


@app.command()
def counts(month: Annotated[str, typer.Argument(help="The month, as 2026-11.")]) -> None:
    """Prints the reads of a month by purpose as CSV that may be published: 1 to 4 stand as <5, without a total."""
    from ksdb.cli import with_django

    try:
        day = datetime.strptime(month, "%Y-%m").date()  # noqa: DTZ007 - a month of the calendar, not an instant
    except ValueError as error:
        raise typer.BadParameter(f"{month} is not a month like 2026-11") from error
    with_django()
    from ksdb.audit.queries import counts_of_month
    from ksdb.cli.database import stopping_the_server
    from ksdb.core.scope import system_scope

    with stopping_the_server():
        typer.echo("purpose,reads,accounts,residents")
        for row in counts_of_month(system_scope(), day):
            typer.echo(",".join([row.purpose, *map(_published, (row.reads, row.readers, row.residents))]))


def _published(count: int) -> str:
    """As the page shows it, but without the dots of thousands, which a reader of CSV would take for decimals."""
    from ksdb.web.templatetags.ksdb import LEAST_PUBLISHED, published

    return published(count) if count < LEAST_PUBLISHED else str(count)
