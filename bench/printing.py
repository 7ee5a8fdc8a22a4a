"""The whole province drawn by `ksdb print all`: how fast, what was drawn, and what each process holds on the way.

    KSDB_DATABASE_URL=postgresql://… python -m bench.printing [--cards 1_200_000]

In a database of its own, with as many keys as so many cards need, over all communes; a fifth of the province unless
told otherwise. On the same cards it then times the nightly check of the ledger, and publishing a list of them all.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import mean
from typing import Any

import psutil
import pypdfium2
import zxingcpp
from rich.console import Console
from rich.table import Table

from bench.cards import NAMES, held, prepare

PROVINCE = 1_200_000
MOST_MINUTES = 45
MOST_GROWTH = 1.15
"""Memory at the end over memory half way: above it, it is not flat."""
AT_ONCE = 8000
DOOR_PEOPLE = 4
LOOKED_AT = 40
"""So many pages of all files are rasterised, and each code looked up in the ledger."""
Samples = dict[int, list[tuple[float, int]]]
"""For each process that draws: seconds since the start, and bytes that it holds alone."""


def fill(count: int) -> None:
    """Residents with a card each, the same number in every commune, several people behind a door."""
    from ksdb.cards.actions import issue_approved, make_issuer_key
    from ksdb.cards.life import CARDS_PER_KEY
    from ksdb.core.scope import system_scope
    from ksdb.core.token import Form, Usage
    from ksdb.places.models import Division

    scope = system_scope()
    make_issuer_key(scope, usage=Usage.STATUS)
    for _ in range(-(-count // CARDS_PER_KEY)):
        make_issuer_key(scope)
    homes = list(Division.objects.filter(kind=Division.Kind.COMMUNE, valid_to=None).order_by("pk"))
    for place, home in enumerate(homes):
        people = count * (place + 1) // len(homes) - count * place // len(homes)
        for first in range(0, people, AT_ONCE):
            issue_approved(scope, _residents(home, range(first, min(first + AT_ONCE, people))), Form.PAPER)


def _residents(home: Any, some: range) -> list[int]:
    from ksdb.core.clock import now
    from ksdb.registry.models import Household, Resident

    at, doors = now(), range(some.start // DOOR_PEOPLE, some.stop // DOOR_PEOPLE + 1)
    made = Household.objects.bulk_create(
        [Household(division=home, book_number=f"{some.start}-{n}", position=n, address=f"{n} Kiệt {n % 90}")
         for n in doors], batch_size=4000,
    )  # fmt: skip
    people = [
        Resident(
            division=home, household=made[n // DOOR_PEOPLE - doors.start], full_name=NAMES[n % len(NAMES)],
            search_key="-", sort_key="-", birth_year=1956, registered_at=at,
        )
        for n in some
    ]  # fmt: skip
    return [person.pk for person in Resident.objects.bulk_create(people, batch_size=4000)]


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


def drawn(files: list[Path]) -> tuple[int, int, int]:
    """How many different cards the tables say are drawn; how many codes of some pages read, and as the ledger has."""
    from ksdb.cards.actions import token_sha256
    from ksdb.cards.models import CardPrint, PrintBatch, Signature

    on_sheets = CardPrint.objects.filter(batch__status=PrintBatch.Status.DONE, sheet__isnull=False)
    texts = [text for path in random.Random(5).sample(files, min(LOOKED_AT, len(files))) for text in _codes(path)]
    hashes = [token_sha256(text) for text in texts]
    known = {bytes(one) for one in
             Signature.objects.filter(token_sha256__in=hashes).values_list("token_sha256", flat=True)}  # fmt: skip
    return on_sheets.values("card").distinct().count(), len(texts), sum(one in known for one in hashes)


def _codes(path: Path) -> list[str]:
    with pypdfium2.PdfDocument(path) as document:
        page = document[random.Random(path.name).randrange(len(document))]
        picture = page.render(scale=200 / 72, grayscale=True).to_numpy()
        return [code.text for code in zxingcpp.read_barcodes(picture)]


def timed(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def memory(samples: Samples) -> Iterator[tuple[str, float]]:
    """Of each process what it held by tenths of its time, in MiB, and the end over the middle."""
    for taken in samples.values():
        tenths = [[size for _, size in taken[len(taken) * at // 10 : len(taken) * (at + 1) // 10]] for at in range(10)]
        held_in = [mean(tenth) / 2**20 for tenth in tenths if tenth]
        if len(held_in) > 2:
            yield " ".join(f"{size:.0f}" for size in held_in), held_in[-1] / held_in[len(held_in) // 2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cards", type=int, default=240_000)
    count = parser.parse_args().cards
    with tempfile.TemporaryDirectory() as var_dir:
        prepare(var_dir)
        filled = timed(lambda: fill(count))
        seconds, samples = draw(2)
        files = sorted((Path(var_dir) / "prints").glob("*.pdf"))
        found, read, right = drawn(files)
        size = sum(file.stat().st_size for file in files)
        table = Table("what", "figure", "limit", "", title=f"{count:,} cards by two processes")
        minutes = PROVINCE / count * seconds / 60
        table.add_row("cards drawn, each once", f"{found:,}", f"{count:,}", held(found == count))
        table.add_row("minutes", f"{seconds / 60:.1f}", "", "")
        table.add_row("minutes for 1.2 million", f"{minutes:.1f}", f"{MOST_MINUTES}", held(minutes < MOST_MINUTES))
        table.add_row("cards a second", f"{count / seconds:,.0f}", f"{PROVINCE / MOST_MINUTES / 60:,.0f}", "")
        table.add_row(
            "codes read on some pages, as the ledger has them", f"{right}/{read}", "all", held(right == read > 0)
        )
        table.add_row("files", f"{len(files)}", "", "")
        table.add_row("bytes a card", f"{size / count:,.0f}", "", "")
        for shown, growth in memory(samples):
            table.add_row("MiB of one process, by tenths of the time", shown, "", "")
            table.add_row("ratio of its end to its middle", f"{growth:.2f}", f"{MOST_GROWTH}",
                          held(growth <= MOST_GROWTH))  # fmt: skip
        for what, figure, limit in keeping():
            table.add_row(what, f"{figure:.1f}", f"{limit:.0f}", held(figure <= limit))
        table.add_row("cards issued a second, with people, ledger and trail", f"{count / filled:,.0f}", "", "")
    Console(width=120).print(table)


def keeping() -> Iterator[tuple[str, float, float]]:
    """The nightly check and the lists on the same cards, each with its limit in seconds."""
    from ksdb.cards.actions.publishing import publish_status_list
    from ksdb.cards.actions.reconciling import check_ledger
    from ksdb.cards.models import Card, LedgerCheck
    from ksdb.core.decision import CardStatus
    from ksdb.core.scope import system_scope

    scope = system_scope()
    yield "seconds of the nightly check", timed(lambda: check_ledger(scope)), 600
    yield "findings of it", float(LedgerCheck.objects.latest("pk").finding_count), 0
    yield "seconds to publish the first list, cards read", timed(lambda: publish_status_list(scope)), 10
    Card.objects.filter(pk__in=list(Card.objects.values_list("pk", flat=True)[:100])).update(status=CardStatus.REVOKED)
    yield "seconds to publish 100 changes, cards read", timed(lambda: publish_status_list(scope)), 5


if __name__ == "__main__":
    main()
