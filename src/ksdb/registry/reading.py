"""A ward's file becomes raw rows: the right sheet, its heading, merged cells filled, empty rows left out."""

import csv
import io
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

import msgspec
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetVisibleEnum

from ksdb.core.errors import KsdbError
from ksdb.registry.formulas import Place, formula_cells
from ksdb.registry.headings import SEARCHED_ROWS, Cell, Column, Heading, HeadingNotFound, find_heading
from ksdb.registry.problems import Code

MAX_FILE_BYTES = 64 * 2**20
MAX_UNPACKED_BYTES = 1024 * 2**20
MAX_ROWS = 200_000
"""The largest commune has under 50,000 people; what is found twice in a file is remembered per row."""

WARNINGS_SHEET = "Cảnh báo"
"""The second sheet of a correction file: rows that are registered already."""

_FILLED = frozenset({Column.HOUSEHOLD, Column.GROUP, Column.ADDRESS, Column.COMMUNE})
"""What a merged cell may say for all its rows; a name or a number belongs to one."""


class FileUnreadable(KsdbError):
    """The file cannot be read as an Excel workbook or a CSV file. Save the list again as .xlsx and upload it."""

    code = "file_unreadable"
    status = 422


class FileTooLarge(KsdbError):
    """The file is larger than an import takes (64 MB, 200,000 rows). Divide the list and upload it in parts."""

    code = "file_too_large"
    status = 413


class CsvNotUtf8(KsdbError):
    """The CSV file is not in UTF-8, so its Vietnamese letters would be lost. Save it as "CSV UTF-8" or as .xlsx."""

    code = "csv_not_utf8"
    status = 422


class RawRow(msgspec.Struct):
    """A row as the file has it. `number` is what the spreadsheet shows beside it; `notes` say why a cell is empty."""

    number: int
    cells: list[Cell]
    notes: dict[int, Code] = msgspec.field(default_factory=dict)


class RawList(msgspec.Struct):
    """A list ready to be gone through once. `row_estimate` counts empty rows too."""

    heading: Heading
    rows: Iterator[RawRow]
    row_estimate: int
    has_other_sheets: bool = False


def read_list(path: Path) -> RawList:
    """Opens an XLSX or CSV file at its heading. Raises a KsdbError that says why it cannot."""
    if path.stat().st_size > MAX_FILE_BYTES:
        raise FileTooLarge
    return _read_csv(path) if path.suffix == ".csv" else _read_xlsx(path)


def _read_xlsx(path: Path) -> RawList:
    _refuse_bombs(path)
    try:
        book = CalamineWorkbook.from_path(path)
        lists = list(_sheets_with_lists(book))
        if not lists:
            raise HeadingNotFound
        index, sheet, heading = lists[0]
        empties = formula_cells(path, index)
    except (CalamineError, OSError, KeyError, UnicodeDecodeError, zipfile.BadZipFile) as error:
        raise FileUnreadable from error
    if sheet.total_height - heading.row > MAX_ROWS:
        raise FileTooLarge
    return RawList(heading, _sheet_rows(sheet, heading, empties), sheet.total_height - heading.row - 1, len(lists) > 1)


def _refuse_bombs(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as book:
            unpacked = sum(entry.file_size for entry in book.infolist())
    except (zipfile.BadZipFile, OSError) as error:
        raise FileUnreadable from error
    if unpacked > MAX_UNPACKED_BYTES:
        raise FileTooLarge


def _sheets_with_lists(book: CalamineWorkbook) -> Iterator[tuple[int, CalamineSheet, Heading]]:
    for index, about in enumerate(book.sheets_metadata):
        if about.visible == SheetVisibleEnum.Visible and about.name != WARNINGS_SHEET:
            sheet = book.get_sheet_by_index(index)
            if heading := find_heading(sheet.iter_rows()):
                yield index, sheet, heading


def _sheet_rows(sheet: CalamineSheet, heading: Heading, empties: frozenset[Place]) -> Iterator[RawRow]:
    # The reader leaves out empty columns on the left, but not empty rows above.
    left = sheet.start[1] if sheet.start else 0
    merged = _Merged(sheet, heading, left)
    places: dict[int, list[int]] = defaultdict(list)
    for index, column in empties:
        places[index].append(column - left)
    for index, cells in enumerate(islice(sheet.iter_rows(), heading.row + 1, None), start=heading.row + 1):
        if not _is_blank(cells) and not heading.is_repeated_in(cells):
            row = RawRow(index + 1, cells)
            merged.fill(row, index)
            _note_formulas(row, places.get(index, ()))
            yield row


def _is_blank(cells: Sequence[Cell]) -> bool:
    return not any(not isinstance(cell, str) or (cell and not cell.isspace()) for cell in cells)


def _note_formulas(row: RawRow, places: Sequence[int]) -> None:
    for place in places:
        if 0 <= place < len(row.cells) and row.cells[place] == "":
            row.notes[place] = Code.FORMULA_EMPTY


class _Merged:
    """Ranges merged downwards: the sheet keeps the value in their first cell only."""

    def __init__(self, sheet: CalamineSheet, heading: Heading, left: int) -> None:
        used = {place: column in _FILLED for column, place in heading.positions.items()}
        self._is_filled = used
        self._below: dict[int, list[int]] = {}
        self._first: dict[int, list[int]] = {}
        self._values: dict[int, Cell] = {}
        for (top, start), (bottom, _) in sheet.merged_cell_ranges or []:
            if start - left in used and bottom > top > heading.row:
                self._add(top, min(bottom, sheet.total_height), start - left)

    def _add(self, top: int, bottom: int, place: int) -> None:
        self._first.setdefault(top, []).append(place)
        for row in range(top + 1, bottom + 1):
            self._below.setdefault(row, []).append(place)

    def fill(self, row: RawRow, index: int) -> None:
        for place in self._first.get(index, ()):
            self._values[place] = row.cells[place]
        for place in self._below.get(index, ()):
            if self._is_filled[place]:
                row.cells[place] = self._values.get(place, "")
            else:
                row.notes[place] = Code.MERGED_CELL


def _read_csv(path: Path) -> RawList:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CsvNotUtf8 from error
    heading, delimiter = _csv_heading(text)
    rows = _csv_rows(csv.reader(io.StringIO(text), delimiter=delimiter), heading)
    estimate = text.count("\n") - heading.row
    if estimate > MAX_ROWS:
        raise FileTooLarge
    return RawList(heading, rows, estimate)


def _csv_heading(text: str) -> tuple[Heading, str]:
    """Excel separates by `;` where the decimal sign is a comma, as in Vietnam."""
    found = []
    for delimiter in ",;\t":
        try:
            rows = list(islice(csv.reader(io.StringIO(text), delimiter=delimiter), SEARCHED_ROWS))
        except csv.Error as error:
            raise FileUnreadable from error
        if heading := find_heading(rows):
            found.append((heading, delimiter))
    if not found:
        raise HeadingNotFound
    return max(found, key=lambda pair: len(pair[0].positions))


def _csv_rows(reader: Iterator[list[str]], heading: Heading) -> Iterator[RawRow]:
    width = len(heading.texts)
    try:
        for number, cells in enumerate(islice(reader, heading.row + 1, None), start=heading.row + 2):
            if not _is_blank(cells) and not heading.is_repeated_in(cells):
                yield RawRow(number, list(chain(cells, [""] * (width - len(cells)))))
    except csv.Error as error:
        raise FileUnreadable from error
