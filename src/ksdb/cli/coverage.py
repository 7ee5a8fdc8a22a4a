"""`ksdb coverage …`: counts what the coverage pages show, and proves that it is right."""

import sys

import typer

app = typer.Typer(no_args_is_help=True, help="The figures of the coverage pages.")


@app.command()
def refresh() -> None:
    """Counts whoever has changed since the last time. The worker does it each minute."""
    _run("refresh")


@app.command()
def rebuild() -> None:
    """Recounts everything, says how much had drifted, and writes it anew if so. Exit status 1 then."""
    sys.exit(1 if _run("rebuild") else 0)


def _run(what: str) -> int:
    from ksdb.cli import with_django

    with_django()
    from ksdb.cli.database import console, stopping_the_server
    from ksdb.core.scope import system_scope
    from ksdb.coverage import actions

    with stopping_the_server(), console.status("Counting"):
        run = (actions.rebuild if what == "rebuild" else actions.refresh)(system_scope())
        console.print(f"{run.people:,} residents counted in {run.took_ms / 1000:.1f} s; {run.drifted:,} had drifted.")
        return run.drifted
