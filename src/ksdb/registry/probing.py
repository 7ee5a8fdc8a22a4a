"""Goes through a file once in a process of its own, within limits: what breaks a reader must not break the worker.

A workbook of five kilobytes can ask for a rectangle of 17 thousand million cells, and the reader, written in Rust, ends
its process when memory is refused.
"""

import resource
import subprocess
import sys
from itertools import islice
from pathlib import Path

import msgspec

from ksdb.core.errors import KsdbError
from ksdb.registry.encodings import Encoding
from ksdb.registry.headings import HeadingNotFound, heading_at, plain
from ksdb.registry.plans import Plan
from ksdb.registry.reading import FileTooLarge, FileUnreadable, read_list, seen_plan
from ksdb.registry.workbooks import seen_sheet

MOST_BYTES = 2 * 2**30
"""200,000 rows of a ward's list take a third of it."""

MOST_SECONDS = 120
SAMPLE_ROWS = 3
LONGEST_SAMPLE = 60


class FileTooHeavy(KsdbError):
    """Reading this file takes more memory or time than an import may. Copy the list alone into a new workbook."""

    code = "file_too_heavy"
    status = 413


class Asked(msgspec.Struct, frozen=True):
    """What a person chose over what was seen: encoding, separator, row of the heading (from 1)."""

    encoding: str | None = None
    delimiter: str | None = None
    heading_row: int | None = None


class Look(msgspec.Struct, frozen=True):
    """What a first look at a file shows: how to read it, its headings, the first rows below them.

    `is_open`: nothing in the file tells its encoding, and nobody has chosen it yet.
    """

    plan: Plan
    texts: tuple[str, ...]
    samples: tuple[tuple[str, ...], ...]
    row_estimate: int
    is_certain: bool = True
    is_remembered: bool = False
    is_open: bool = False


_FAULTS: dict[str, type[KsdbError]] = {
    fault.code: fault for fault in (FileTooHeavy, FileTooLarge, FileUnreadable, HeadingNotFound)
}


def looked_at(path: Path, asked: Asked) -> Look:
    """A first look, taken within the limits. Raises the KsdbError that says why it cannot be."""
    said = msgspec.json.encode(asked).decode()
    answer = _within_limits(path, said)
    try:
        return msgspec.json.decode(answer, type=Look)
    except msgspec.DecodeError:
        raise _FAULTS.get(answer.decode(errors="replace"), FileUnreadable) from None


def require_bearable(path: Path) -> None:
    """Raises FileTooHeavy for a workbook that cannot be gone through within the limits. Takes as long as reading it."""
    _within_limits(path, "")


def _within_limits(path: Path, asked: str) -> bytes:
    command = [sys.executable, "-m", "ksdb.registry.probing", str(path), str(MOST_BYTES), str(MOST_SECONDS), asked]
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=2 * MOST_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise FileTooHeavy from error
    if done.returncode:
        raise FileTooHeavy
    return done.stdout


def _go_through(path: Path) -> None:
    try:
        for _ in read_list(path).rows:
            pass
    except KsdbError:
        return  # whoever imports the file meets the same, and says it


def _look(path: Path, asked: Asked) -> Look:
    plan, is_certain, is_open = _seen(path, asked)
    listed = read_list(path, plan)
    samples = tuple(
        tuple(plain(cell)[:LONGEST_SAMPLE] for cell in row.cells) for row in islice(listed.rows, SAMPLE_ROWS)
    )
    return Look(plan, listed.heading.texts, samples, listed.row_estimate, is_certain, is_open=is_open)


def _seen(path: Path, asked: Asked) -> tuple[Plan, bool, bool]:
    is_open = False
    if path.suffix == ".csv":
        encoding = Encoding(asked.encoding) if asked.encoding else None
        plan, is_certain, is_open = seen_plan(path, encoding, asked.delimiter)
    else:
        plan, is_certain = seen_sheet(path), True
    if asked.heading_row is None:
        return plan, is_certain, is_open
    moved = msgspec.structs.replace(plan, heading_row=asked.heading_row - 1, columns={})
    heading = heading_at(moved.heading_row, read_list(path, moved).heading.texts)
    columns = {column.value: place for column, place in heading.positions.items()}
    return msgspec.structs.replace(moved, columns=columns), is_certain, is_open


def _answer(path: Path, asked: str) -> None:
    try:
        look = _look(path, msgspec.json.decode(asked, type=Asked))
    except KsdbError as fault:
        sys.stdout.write(fault.code)
    else:
        sys.stdout.buffer.write(msgspec.json.encode(look))


if __name__ == "__main__":
    for kind, most in ((resource.RLIMIT_AS, sys.argv[2]), (resource.RLIMIT_CPU, sys.argv[3])):
        resource.setrlimit(kind, (int(most), int(most)))
    if sys.argv[4]:
        _answer(Path(sys.argv[1]), sys.argv[4])
    else:
        _go_through(Path(sys.argv[1]))
