"""`ksdb drill …`: an exercise in the running system, and how many minutes the list and the calls took."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ksdb.followup.queries.drills import DrillLine

app = typer.Typer(no_args_is_help=True, help="Drills: an invented case in the running system, and its minutes.")


@app.command()
def start(
    commune: Annotated[
        list[str], typer.Argument(help="Names or GSO codes of the communes of today in which the contacts live.")
    ],
    contacts: Annotated[int, typer.Option(help="Invented contacts to plant.", min=1, max=500)] = 20,
    on: Annotated[str, typer.Option(help="A day on which these communes were valid; empty: today.")] = "",
) -> None:
    """Plants and confirms an invented case. From now on the minutes count: tell the staff that a drill has begun."""
    from ksdb.cli import with_django

    with_django()
    from ksdb.cli.database import console
    from ksdb.core.scope import system_scope
    from ksdb.followup.actions.drills import start_drill

    made = start_drill(system_scope(), _communes(commune, on), contacts)
    console.print(f"Drill {made.pk}: case {made.case_id} is confirmed, and met {contacts} invented people yesterday.")
    console.print("Now the epidemiologist traces it and follows its contacts; the communes call and note.")
    console.print("`ksdb drill status` shows the minutes, `ksdb drill end` keeps them and removes everything else.")


def _communes(names: list[str], on: str) -> list[int]:
    from datetime import date

    from ksdb.core.clock import today
    from ksdb.core.scope import system_scope
    from ksdb.places.queries import divisions_on

    day = date.fromisoformat(on) if on else today()
    communes = divisions_on(system_scope(), day).filter(kind="commune")
    found = {one.pk for name in names for one in communes if name in {one.name, one.code}}
    missing = [name for name in names if not any(name in {one.name, one.code} for one in communes)]
    if missing:
        raise typer.BadParameter(f"no commune of {day} is called {', '.join(missing)}")
    return sorted(found)


@app.command()
def status() -> None:
    """The minutes of the drill that runs, as they stand."""
    from ksdb.cli import with_django

    with_django()
    from ksdb.cli.database import console
    from ksdb.core.scope import system_scope
    from ksdb.followup.queries.drills import running_drill

    line = running_drill(system_scope())
    if line is None:
        console.print("No drill is running. Begin one with `ksdb drill start`.")
        return
    _say(line)


@app.command()
def end() -> None:
    """Keeps the minutes, and removes the invented people with everything that came of them."""
    from ksdb.cli import with_django

    with_django()
    from ksdb.cli.database import console
    from ksdb.core.scope import system_scope
    from ksdb.followup.actions.drills import end_drill

    _say(end_drill(system_scope()))
    console.print("Removed: the invented people, their scans and place, the case, its runs and follow-ups.")


def _say(line: "DrillLine") -> None:
    from ksdb.cli.database import console

    console.print(f"Drill {line.drill.pk}, confirmed {line.drill.confirmed_at:%Y-%m-%d %H:%M} UTC")
    for what, minutes in (
        ("to the list", line.to_list),
        ("to the first call", line.to_first_call),
        ("to the last call", line.to_last_call),
    ):
        console.print(f"  {what:<20} {'not yet' if minutes is None else f'{minutes} min'}")
    found = "not traced" if line.times.found is None else f"{line.times.found} of {line.drill.contact_count} found"
    console.print(f"  {found}, {line.times.called} called")
