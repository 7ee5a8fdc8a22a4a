"""The whole province drawn by `ksdb print all`: cards a second, and the memory of each process as it goes on.

    KSDB_DATABASE_URL=postgresql://… python -m bench.printing [cards]

In a database of its own; 64,000 cards in as many households as a province has for them, unless told otherwise.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import mean

import psutil
from rich.console import Console
from rich.table import Table

from bench.cards import NAMES, prepare

PROVINCE = 1_200_000
COMMUNE_CARDS = 8000
DOOR_PEOPLE = 4
Samples = dict[int, list[tuple[float, int]]]
"""For each process that draws: seconds since the start, and bytes that it holds alone."""


def fill(count: int) -> None:
    """Residents with a card each, commune by commune, several people behind a door."""
    from ksdb.cards.actions import issue_approved, make_issuer_key
    from ksdb.core.clock import now
    from ksdb.core.scope import system_scope
    from ksdb.core.token import Form
    from ksdb.places.models import Division
    from ksdb.registry.models import Household, Resident

    scope, at = system_scope(), now()
    make_issuer_key(scope)
    homes = Division.objects.filter(kind=Division.Kind.COMMUNE, valid_to=None).order_by("pk")
    for first, home in zip(range(0, count, COMMUNE_CARDS), homes, strict=False):
        some = range(first, min(first + COMMUNE_CARDS, count))
        doors = Household.objects.bulk_create(
            [
                Household(division=home, book_number=str(n), position=n, address=f"{n} Kiệt {n % 90}")
                for n in range(len(some) // DOOR_PEOPLE + 1)
            ]
        )
        people = [
            Resident(
                division=home, household=doors[n // DOOR_PEOPLE], full_name=NAMES[i % len(NAMES)], search_key="-",
                sort_key="-", birth_year=1956, registered_at=at,
            )
            for n, i in enumerate(some)
        ]  # fmt: skip
        made = Resident.objects.bulk_create(people, batch_size=4000)
        issue_approved(scope, [person.pk for person in made], Form.PAPER)


def draw(workers: int) -> tuple[float, Samples]:
    """Runs the command in a process of its own; returns its seconds, and what the processes that draw hold."""
    code = f"from ksdb.cli import main; import sys; sys.argv[1:] = ['print', 'all', '--workers', '{workers}']; main()"
    started, samples = time.perf_counter(), Samples()
    with Path(os.devnull).open("wb") as nowhere:
        command = psutil.Popen([sys.executable, "-c", code], stdout=nowhere)
        while command.poll() is None:
            for child in command.children():
                _sample(child, time.perf_counter() - started, samples)
            time.sleep(1)
    if command.returncode:
        raise subprocess.CalledProcessError(command.returncode, code)
    return time.perf_counter() - started, samples


def _sample(process: psutil.Process, at: float, samples: Samples) -> None:
    try:
        if "python" in process.name():
            samples.setdefault(process.pid, []).append((at, process.memory_full_info().uss))
    except psutil.NoSuchProcess:
        return


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 64_000
    with tempfile.TemporaryDirectory() as var_dir:
        prepare(var_dir)
        fill(count)
        seconds, samples = draw(2)
        sizes = [file.stat().st_size for file in (Path(var_dir) / "prints").glob("*.pdf")]
    table = Table("what", "figure", title=f"{count:,} cards by two processes")
    table.add_row("cards a second", f"{count / seconds:,.0f}")
    table.add_row("minutes for 1.2 million", f"{PROVINCE / count * seconds / 60:.1f}")
    table.add_row("files", f"{len(sizes)}")
    table.add_row("bytes a card", f"{sum(sizes) / count:,.0f}")
    for held in samples.values():
        tenths = [held[len(held) * at // 10 : len(held) * (at + 1) // 10] for at in range(10)]
        shown = " ".join(f"{mean(size for _, size in tenth) / 2**20:.0f}" for tenth in tenths if tenth)
        table.add_row("MiB of one process, by tenths of the time", shown)
    Console().print(table)


if __name__ == "__main__":
    main()
