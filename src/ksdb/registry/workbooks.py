"""A workbook becomes raw rows: the right sheet, its heading, merged cells filled, empty rows left out."""

import zipfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import msgspec
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetVisibleEnum

from ksdb.core.errors import KsdbError
from ksdb.registry.formulas import Place, formula_cells
from ksdb.registry.headings import Cell, Column, Heading, HeadingNotFound, find_heading, guessed_heading, heading_at
from ksdb.registry.plans import Plan, planned
from ksdb.registry.problems import Code

MAX_UNPACKED_BYTES = 1024 * 2**20
MAX_ROWS = 200_000
"""The largest commune has under 50,000 people, and a workbook is in memory as a whole."""

WARNINGS_SHEET = "Cảnh báo"
"""The second sheet of a correction file: rows that are registered already."""

_FILLED = frozenset({Column.HOUSEHOLD, Column.GROUP, Column.ADDRESS, Column.COMMUNE})
"""What a merged cell may say for all its rows; a name or a number belongs to one."""


class FileUnreadable(KsdbError):
    """The file cannot be read as an Excel workbook or a CSV file. Save the list again as .xlsx and upload it."""

    code = "file_unreadable"
    status = 422


class FileTooLarge(KsdbError):
    """The file is larger than an import takes (workbook: 64 MB, 200,000 rows). Save it as CSV or divide the list."""

    code = "file_too_large"
    status = 413


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


def read_workbook(path: Path, plan: Plan | None = None) -> RawList:
    """Opens a workbook at its heading, or where a plan says. Raises a KsdbError that says why it cannot."""
    _refuse_bombs(path)
    try:
        book = CalamineWorkbook.from_path(path)
        index, sheet, heading, has_others = _planned_sheet(book, plan) if plan else _first_list(book)
        empties = formula_cells(path, index)
    except (CalamineError, OSError, KeyError, UnicodeDecodeError, zipfile.BadZipFile) as error:
        raise FileUnreadable from error
    if sheet.total_height - heading.row > MAX_ROWS:
        raise FileTooLarge
    return RawList(heading, _sheet_rows(sheet, heading, empties), sheet.total_height - heading.row - 1, has_others)


def seen_sheet(path: Path) -> Plan:
    """Of a workbook without a recognised heading too: the sheet that looks most like a list, and its first full row."""
    _refuse_bombs(path)
    try:
        book = CalamineWorkbook.from_path(path)
        index, _, heading, _ = next(_lists(book), None) or _guessed(book)
    except (CalamineError, OSError, KeyError, UnicodeDecodeError) as error:
        raise FileUnreadable from error
    return Plan({column.value: place for column, place in heading.positions.items()}, heading.row, index)


_Sheet = tuple[int, CalamineSheet, Heading, bool]


def _lists(book: CalamineWorkbook) -> Iterator[_Sheet]:
    for index, sheet, heading in _sheets_with_lists(book):
        yield index, sheet, heading, False


def _first_list(book: CalamineWorkbook) -> _Sheet:
    lists = list(_sheets_with_lists(book))
    if not lists:
        raise HeadingNotFound
    return (*lists[0], len(lists) > 1)


def _planned_sheet(book: CalamineWorkbook, plan: Plan) -> _Sheet:
    if plan.sheet >= len(book.sheet_names):
        raise HeadingNotFound
    sheet = book.get_sheet_by_index(plan.sheet)
    cells = next(islice(sheet.iter_rows(), plan.heading_row, None), None)
    if cells is None:
        raise HeadingNotFound
    others = [index for index, *_ in _sheets_with_lists(book) if index != plan.sheet]
    return plan.sheet, sheet, planned(heading_at(plan.heading_row, cells), plan.columns), bool(others)


def _guessed(book: CalamineWorkbook) -> _Sheet:
    for index, about in enumerate(book.sheets_metadata):
        if about.visible == SheetVisibleEnum.Visible:
            sheet = book.get_sheet_by_index(index)
            if heading := guessed_heading(sheet.iter_rows()):
                return index, sheet, heading, False
    raise HeadingNotFound


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
        if not is_blank(cells) and not heading.is_repeated_in(cells):
            row = RawRow(index + 1, cells)
            merged.fill(row, index)
            _note_formulas(row, places.get(index, ()))
            yield row


def is_blank(cells: Sequence[Cell]) -> bool:
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
