"""Files of persons' data that are taken out: typed XLSX, or CSV in which nothing can act as a formula.

Each carries how many rows were found and written and the SHA-256 of its rows, and is read again before it is given out.
"""

import csv
import hashlib
import json
import os
import re
import secrets
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from pathlib import Path
from typing import Final

import python_calamine
import xlsxwriter
from django.utils.translation import gettext

from ksdb.config import settings
from ksdb.core.errors import KsdbError

EXPORT_LIFE: Final = timedelta(hours=24)
"""How long a file lies in var/exports; the nightly job deletes it after."""
MOST_ROWS: Final = 1_000_000
"""A sheet holds 1,048,576 rows, and a programme that drops the rest says nothing."""
TYPES: Final = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
_ACTS = "=+-@＝＋－＠﹢﹣﹦﹫"
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_WIDTH = 20

Cell = str | int
Row = Sequence[Cell]


class FileKind(IntEnum):
    """In which form a list is taken out."""

    XLSX = 1
    CSV = 2

    @property
    def suffix(self) -> str:
        return self.name.lower()


class ExportMismatch(KsdbError):
    """The file does not hold every row that was found, so it was thrown away. Try again, and tell the administrator."""

    code = "export_mismatch"


class ExportTooLong(KsdbError):
    """The list is longer than a sheet can hold. Take it out in parts."""

    code = "export_too_long"
    status = 422


@dataclass(frozen=True)
class Table:
    """What is taken out: headings and rows, and how many rows the search found; `facts` stand beside the count."""

    title: str
    headings: Sequence[str]
    rows: Iterable[Row]
    found: int
    facts: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Written:
    """A file that was written and read again."""

    path: Path
    count: int
    sha256: str


def exports_dir() -> Path:
    return settings().var_dir / "exports"


def write_table(table: Table, kind: FileKind, name: str = "") -> Written:
    """Writes a file that this user alone can read, in var/exports. Raises ExportMismatch, and keeps nothing then."""
    if table.found > MOST_ROWS:
        raise ExportTooLong
    path = _empty_file(f"{name or secrets.token_hex(16)}.{kind.suffix}")
    rows = [tuple(_cell(cell, kind) for cell in row) for row in table.rows]
    written = Written(path, len(rows), rows_sha256(rows))
    try:
        (_write_xlsx if kind == FileKind.XLSX else _write_csv)(path, table, rows, _check(table, written))
        _read_again(table, written)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return written


def _read_again(table: Table, written: Written) -> None:
    rows = rows_of(written.path)
    if not (table.found == written.count == len(rows) and rows_sha256(rows) == written.sha256):
        raise ExportMismatch


def rows_sha256(rows: Iterable[Sequence[Cell]]) -> str:
    """The hash of rows as they stand in the file: of each a JSON list of its cells as texts, and a line end."""
    sums = hashlib.sha256()
    for row in rows:
        sums.update(json.dumps([str(cell) for cell in row], ensure_ascii=False).encode() + b"\n")
    return sums.hexdigest()


def rows_of(path: Path) -> Sequence[Row]:
    """The rows of a file of ours, without heading and check, as another programme reads them."""
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [list(row) for row in csv.reader(file)][1:-1]
    book = python_calamine.CalamineWorkbook.from_path(path)
    sheet = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    return [[_as_written(cell) for cell in row] for row in sheet[1:]]


def _as_written(cell: object) -> Cell:
    return int(cell) if isinstance(cell, float) else str(cell)


def _empty_file(name: str) -> Path:
    folder = exports_dir()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / name
    path.unlink(missing_ok=True)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    return path


def _check(table: Table, written: Written) -> list[tuple[str, str]]:
    """What stands at the end of the file: found = exported, the hash, and who took it out why."""
    counts = gettext("%(found)s found = %(count)s exported") % {"found": table.found, "count": written.count}
    told = [(gettext("Rows"), counts), (gettext("SHA-256 of the rows"), written.sha256), *table.facts]
    return [(clean(label), clean(value)) for label, value in told]


def _write_xlsx(path: Path, table: Table, rows: Sequence[Row], check: Sequence[tuple[str, str]]) -> None:
    options = {"constant_memory": True, "tmpdir": str(path.parent), "strings_to_formulas": False}
    with xlsxwriter.Workbook(path, {**options, "strings_to_urls": False, "strings_to_numbers": False}) as book:
        text = book.add_format({"num_format": "@", "quote_prefix": True})
        sheet = book.add_worksheet(table.title[:31])
        sheet.set_column(0, len(table.headings) - 1, _WIDTH)
        sheet.freeze_panes(1, 0)
        bold = book.add_format({"bold": True, "text_wrap": True})
        for column, heading in enumerate(table.headings):
            sheet.write_string(0, column, heading, bold)
        for number, row in enumerate(rows, 1):
            for column, cell in enumerate(row):
                if isinstance(cell, int):
                    sheet.write_number(number, column, cell)
                else:
                    sheet.write_string(number, column, cell, text)
        last = book.add_worksheet(gettext("Check"))
        last.set_column(0, 1, 2 * _WIDTH)
        for number, pair in enumerate(check):
            for column, value in enumerate(pair):
                last.write_string(number, column, value, text)


def _write_csv(path: Path, table: Table, rows: Sequence[Row], check: Sequence[tuple[str, str]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(table.headings)
        writer.writerows(rows)
        writer.writerow(["#", *(neutral(one) for pair in check for one in pair)])


def _cell(cell: Cell, kind: FileKind) -> Cell:
    if isinstance(cell, int):
        return cell
    return clean(cell) if kind == FileKind.XLSX else neutral(clean(cell))


def clean(text: str) -> str:
    """The text without control characters, and without what a workbook would take for an escaped character."""
    plain = "".join(" " if unicodedata.category(one) in {"Cc", "Zl", "Zp"} else one for one in text)
    return _ESCAPE.sub("-", "".join(_written(plain)))


def _written(text: str) -> Iterator[str]:
    """The characters that XML can hold."""
    return (one for one in text if unicodedata.category(one) != "Cs" and ord(one) & 0xFFFE != 0xFFFE)


def neutral(text: str) -> str:
    """With an apostrophe before what a spreadsheet would calculate, blanks before it or not."""
    return f"'{text}" if text.lstrip()[:1] in tuple(_ACTS) else text
