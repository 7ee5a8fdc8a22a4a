"""The commands: `ksdb …`. Each imports what it needs when it runs."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from ksdb.cli.audit import app as audit
from ksdb.cli.card import app as card
from ksdb.cli.coverage import app as coverage
from ksdb.cli.drill import app as drill
from ksdb.cli.index import app as index
from ksdb.cli.keys import app as keys

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False)
simulate = typer.Typer(no_args_is_help=True, help="Make invented data at real size.")
app.add_typer(simulate, name="simulate")
printing = typer.Typer(help="Print jobs.", no_args_is_help=True)
app.add_typer(printing, name="print")
app.add_typer(keys, name="keys")
app.add_typer(card, name="card")
account = typer.Typer(no_args_is_help=True, help="Staff accounts, for the first administrator and for emergencies.")
app.add_typer(account, name="account")
app.add_typer(audit, name="audit")
visits = typer.Typer(no_args_is_help=True, help="The log of visits.")
app.add_typer(visits, name="visits")
app.add_typer(index, name="index")
app.add_typer(coverage, name="coverage")
app.add_typer(drill, name="drill")


def main() -> None:
    """Runs a command; an error of ours is told in its own sentence, any other with its traceback."""
    try:
        app()
    except Exception as error:
        if not type(error).__module__.startswith("ksdb."):
            raise
        details = " ".join(str(part) for part in error.args)
        typer.secho(f"{' '.join((error.__doc__ or '').split())} {details}".strip(), fg="red", err=True)
        sys.exit(1)


def with_django() -> None:
    """Starts the embedded database if none is named, and Django, which acts as the owner of the tables."""
    import django

    from ksdb.cli.secrets import make_where_new

    make_where_new()
    os.environ["DJANGO_SETTINGS_MODULE"] = "ksdb.site.owner"
    django.setup()


def _as_demo() -> None:
    """Invented people need no second factor; `KSDB_SECOND_FACTOR=1` shows it all the same."""
    os.environ["KSDB_IS_DEMO"] = "1"
    os.environ.setdefault("KSDB_SECOND_FACTOR", "0")


@app.command()
def up(
    with_demo: Annotated[bool, typer.Option("--demo", help="Load the demo town if it is not there yet.")] = False,
) -> None:
    """Starts everything: database, migrations, both doors and the job worker. Ctrl-C stops all."""
    from ksdb.cli.up import run

    if with_demo:
        _as_demo()
    with_django()
    run(with_demo=with_demo)


@app.command()
def demo() -> None:
    """Loads the demo town, sends two weeks of visits through the gateway, and prints a case's contacts and coverage."""
    from ksdb.cli.up import run

    _as_demo()
    with_django()
    run(with_demo=True, stays_up=False)


@app.command()
def doctor() -> None:
    """Says what is wrong with this machine or its settings, and what to do about it."""
    from ksdb.cli.doctor import run

    sys.exit(run())


@app.command()
def init() -> None:
    """Makes the var folder and fresh secrets, where there are none."""
    from ksdb.cli.secrets import make_where_new
    from ksdb.config import settings

    make_where_new(starts_database=False)
    typer.echo(f"{settings().var_dir}/secrets is in place.")


@app.command()
def migrate() -> None:
    """Brings the database to the schema of this version, with its partitions and reference data."""
    with_django()
    from ksdb.cli.database import prepare_database

    prepare_database()


@app.command()
def spread() -> None:
    """Spreads the log of visits over the servers of a Citus cluster, by scan point; see docs/citus.md."""
    from ksdb.config import settings
    from ksdb.postgres.server import database_url
    from ksdb.postgres.spreading import spread_log

    names = spread_log(database_url(settings()))
    typer.echo(f"Spread now: {', '.join(names)}." if names else "All of it is spread already.")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def manage(context: typer.Context) -> None:
    """Runs a Django management command, e.g. `ksdb manage shell`."""
    with_django()
    from django.core.management import execute_from_command_line

    execute_from_command_line(["ksdb manage", *context.args])


@app.command("import")
def import_file(
    path: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="XLSX or CSV of residents.")],
    division: Annotated[str, typer.Argument(help="GSO code of the commune or district, e.g. 20008.")],
    on: Annotated[str, typer.Option(help="A day on which that code was valid.")] = "2021-07-01",
) -> None:
    """Imports a ward's list of residents and says, row by row, what was not taken and why."""
    with_django()
    from ksdb.cli.importing import run

    sys.exit(run(path, division, on))


@account.command("make")
def make_account(
    username: Annotated[str, typer.Argument(help="Sign-in name: small letters, digits, dots, hyphens.")],
    full_name: Annotated[str, typer.Argument(help="The person's full name, in quotes.")],
    administrator: Annotated[bool, typer.Option("--administrator", help="Administrator of the province.")] = False,
    sealed: Annotated[bool, typer.Option("--sealed", help="For the envelope: see docs/break-glass.md.")] = False,
    unit: Annotated[str, typer.Option(help="The office the person works in.")] = "",
) -> None:
    """Makes an account for the whole province and prints the link by which its holder sets a password."""
    with_django()
    from ksdb.cli.accounts import make
    from ksdb.cli.database import stopping_the_server

    with stopping_the_server():
        make(username, full_name, unit, is_administrator=administrator, is_sealed=sealed)


@account.command("link")
def link_account(username: Annotated[str, typer.Argument(help="Sign-in name.")]) -> None:
    """Prints a new link for an account whose password is lost."""
    with_django()
    from ksdb.cli.accounts import link
    from ksdb.cli.database import stopping_the_server

    with stopping_the_server():
        link(username)


@account.command("unit")
def unit_account(
    username: Annotated[str, typer.Argument(help="Sign-in name.")],
    name: Annotated[str, typer.Argument(help="The office the person works in, in quotes.")],
) -> None:
    """Writes which office a person works in: acts of two persons ask for two."""
    with_django()
    from ksdb.cli.accounts import unit
    from ksdb.cli.database import stopping_the_server

    with stopping_the_server():
        unit(username, name)


@account.command("reset")
def reset_account(username: Annotated[str, typer.Argument(help="Sign-in name.")]) -> None:
    """Forgets an account's second factor and signs it out everywhere."""
    with_django()
    from ksdb.cli.accounts import reset
    from ksdb.cli.database import stopping_the_server

    with stopping_the_server():
        reset(username)


@printing.command("all")
def print_all(
    form: Annotated[str, typer.Option(help="paper or plastic.")] = "paper",
    layout: Annotated[str, typer.Option(help="A name from docs/printing.md.")] = "a4-2x4",
    workers: Annotated[int, typer.Option(help="Processes that draw.", min=1, max=64)] = 2,
) -> None:
    """Orders and draws every card of the province that no batch holds yet: a batch a commune, in files of 1,000.

    Run again after an interruption, it goes on where it stopped.
    """
    with_django()
    from ksdb.cli.database import stopping_the_server
    from ksdb.cli.printing import draw_all

    with stopping_the_server():
        draw_all(form, layout, workers)


@visits.command("import")
def import_visits(
    path: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV or JSON, as docs/ingest.md has it.")],
    device: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="File with the token of the register's own device.")
    ],
    gateway: Annotated[str, typer.Option(help="Address of the gateway; empty: the one of this machine.")] = "",
    report: Annotated[Path | None, typer.Option(help="CSV to write: of each row what became of it.")] = None,
    only_checks: Annotated[bool, typer.Option("--check", help="Only read the file; send nothing.")] = False,
) -> None:
    """Sends a register that a school, a hotel or a factory kept through the gateway, as a device of its own.

    No row counts twice, however often the file is sent; a row that is wrong is told by its number.
    """
    from ksdb.cli.ingesting import Door, device_token, run
    from ksdb.config import settings

    url = (gateway or f"http://{settings().gateway_address}").rstrip("/")
    sys.exit(run(path, Door(url, device_token(device)), report, only_checks=only_checks))


@simulate.command()
def province(
    people: Annotated[int, typer.Option(help="Residents to make.")] = 1_200_000,
    visits: Annotated[int, typer.Option(help="Visits to make over the days.")] = 50_400_000,
    days: Annotated[int, typer.Option(help="Days of visits, ending yesterday.")] = 14,
    seed: Annotated[int, typer.Option(help="The same seed makes the same data.")] = 2021,
) -> None:
    """Fills an empty database with the whole province by COPY, for benchmarks and for pages at real size."""
    with_django()
    from ksdb.cli.province import run

    run(people, visits, days, seed)


OUTBREAKS = Path("var/truth/outbreaks.npz")


@simulate.command()
def outbreak(
    count: Annotated[int, typer.Option(min=1, help="Outbreaks, each in a town where nobody is immune.")] = 100,
    days: Annotated[int, typer.Option(min=7, max=60, help="Days that each goes on.")] = 24,
    seed: Annotated[int, typer.Option(help="The same seed makes the same town and outbreaks.")] = 2021,
    to: Annotated[Path, typer.Option(help="File to keep them in, for `ksdb score`.")] = OUTBREAKS,
) -> None:
    """Lets starsim spread an infection over who truly was near whom in an invented town of 65,000 people.

    Needs no database and touches none. Who infected whom and where is kept in a file of some megabytes.
    """
    from ksdb.cli.truth import make_outbreaks
    from ksdb.simulation.truth.keeping import Asked

    make_outbreaks(Asked(seed, days, count), to)


@app.command()
def score(
    outbreaks: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="What `ksdb simulate outbreak` kept.")
    ] = OUTBREAKS,
    measured: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="Folder with contacts/ and visits/ measured elsewhere."),
    ] = None,
    to: Annotated[Path, typer.Option(help="Page to write; its picture goes beside it.")] = Path(
        "docs/tracing-quality.md"
    ),
) -> None:
    """Traces cases of those outbreaks from what scanners saw, and writes as a page what was found and what was not."""
    from ksdb.cli.truth import write_scores

    write_scores(outbreaks, measured, to)


if __name__ == "__main__":
    main()
