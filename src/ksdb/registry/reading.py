"""A ward's file becomes raw rows, one after another: never is the whole of a CSV file in memory."""

import csv
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

from ksdb.registry.encodings import Encoding, Written, written_in
from ksdb.registry.headings import SEARCHED_ROWS, Heading, HeadingNotFound, find_heading, guessed_heading
from ksdb.registry.plans import DELIMITERS, Plan, planned
from ksdb.registry.workbooks import FileTooLarge, FileUnreadable, RawList, RawRow, is_blank, read_workbook

__all__ = ["FileTooLarge", "FileUnreadable", "RawList", "RawRow", "most_bytes", "read_list", "seen_plan"]

MAX_XLSX_BYTES = 64 * 2**20
MAX_CSV_BYTES = 512 * 2**20
MAX_CSV_ROWS = 2_000_000
LONGEST_LINE = 1 << 20


def most_bytes(suffix: str) -> int:
    """How large a file of this kind may be."""
    return MAX_CSV_BYTES if suffix == ".csv" else MAX_XLSX_BYTES


def read_list(path: Path, plan: Plan | None = None) -> RawList:
    """Opens an XLSX or CSV file at its heading. Raises a KsdbError that says why it cannot."""
    if path.stat().st_size > most_bytes(path.suffix):
        raise FileTooLarge
    return _read_csv(path, plan) if path.suffix == ".csv" else read_workbook(path, plan)


def seen_plan(path: Path, encoding: Encoding | None = None, delimiter: str | None = None) -> tuple[Plan, bool, bool]:
    """What a look at a CSV file says of it, whether the encoding is certain, and whether somebody must choose it."""
    written = written_in(path)
    chosen = encoding or written.encoding
    heading, separator = _csv_heading(path, chosen, delimiter)
    columns = {column.value: place for column, place in heading.positions.items()}
    plan = Plan(columns, heading.row, encoding=chosen.value, delimiter=separator)
    return plan, written.is_certain and chosen is written.encoding, encoding is None and not written.is_settled


def _read_csv(path: Path, plan: Plan | None) -> RawList:
    written = written_in(path)
    estimate = _row_estimate(written)
    if plan is None:
        heading, delimiter = _csv_heading(path, written.encoding, None)
        encoding = written.encoding
        if not heading.positions:
            raise HeadingNotFound
    else:
        encoding, delimiter = Encoding(plan.encoding), plan.delimiter
        heading = planned(_heading_of(path, plan), plan.columns)
    return RawList(heading, _csv_rows(path, encoding, delimiter, heading), max(0, estimate - heading.row))


def _row_estimate(written: Written) -> int:
    if written.line_count > MAX_CSV_ROWS:
        raise FileTooLarge
    return written.line_count


def _heading_of(path: Path, plan: Plan) -> Heading:
    row = next(islice(_records(path, Encoding(plan.encoding), plan.delimiter), plan.heading_row, None), None)
    if row is None:
        raise HeadingNotFound
    return Heading(plan.heading_row, tuple(cell.strip() for cell in row), {})


def _csv_heading(path: Path, encoding: Encoding, delimiter: str | None) -> tuple[Heading, str]:
    """Excel separates by `;` where the decimal sign is a comma, as in Vietnam. What names nothing has no positions."""
    found = []
    for separator in [delimiter] if delimiter else DELIMITERS:
        rows = list(islice(_records(path, encoding, separator), SEARCHED_ROWS))
        found.append((find_heading(rows) or guessed_heading(rows), separator))
    named = [(heading, separator) for heading, separator in found if heading is not None]
    if not named:
        raise HeadingNotFound
    return max(named, key=lambda pair: (len(pair[0].positions), len(pair[0].texts)))


def _records(path: Path, encoding: Encoding, delimiter: str) -> Iterator[list[str]]:
    try:
        with path.open(encoding=encoding.value, errors="replace", newline="") as file:
            # A line without an end is taken in parts: the reader refuses a cell of that length, and memory stays flat.
            yield from csv.reader(iter(lambda: file.readline(LONGEST_LINE), ""), delimiter=delimiter)
    except (csv.Error, UnicodeError) as error:
        raise FileUnreadable from error


def _csv_rows(path: Path, encoding: Encoding, delimiter: str, heading: Heading) -> Iterator[RawRow]:
    width = len(heading.texts)
    records: Iterator[Sequence[str]] = islice(_records(path, encoding, delimiter), heading.row + 1, None)
    for number, cells in enumerate(records, start=heading.row + 2):
        if not is_blank(cells) and not heading.is_repeated_in(cells):
            yield RawRow(number, list(chain(cells, [""] * (width - len(cells)))))
