"""`ksdb import`: one ward's list, with a report per row."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from rich.progress import Progress
from rich.table import Table

from ksdb.cli.database import console, stopping_the_server
from ksdb.core.scope import system_scope
from ksdb.places.queries import divisions_on
from ksdb.registry.actions import run_import, start_import
from ksdb.registry.problems import column_label, sentence
from ksdb.registry.queries import imports_dir, problems_of

SHOWN = 40


def run(path: Path, code: str, on: str) -> int:
    """Imports the file into the division that had the code on that day; 0 when every row was taken."""
    scope = system_scope()
    with stopping_the_server():
        division = divisions_on(scope, date.fromisoformat(on)).filter(code=code).first()
        if division is None:
            console.print(f"No division had the code {code} on {on}. Check both; --on takes a day as 2021-07-01.")
            return 2
        source = start_import(scope, division.pk, path.name, path)
        with Progress(console=console) as progress:
            task = progress.add_task(f"{path.name} → {division.name}", total=None)
            done = run_import(
                scope, source.pk, lambda count, total: progress.update(task, completed=count, total=total)
            )
        console.print(
            f"{done.row_count} rows: {done.imported_count} imported, {done.known_count} known already, "
            f"{done.rejected_count} to correct"
        )
        _say_problems(list(problems_of(scope, done.pk)[:SHOWN]))
        if done.rejected_path:
            console.print(f"Correct the rows in {imports_dir() / done.rejected_path} and import that file.")
    return 1 if done.rejected_count else 0


def _say_problems(problems: Sequence[Any]) -> None:
    if not problems:
        return
    table = Table("row", "column", "what to do", title=f"the first {len(problems)} remarks")
    for problem in problems:
        label = str(column_label(problem.column))
        table.add_row(str(problem.row_number), label, sentence(problem.code, problem.other_row))
    console.print(table)
