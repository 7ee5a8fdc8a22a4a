"""Which cells of an XLSX sheet hold a formula or an error: the reader of values shows such a cell as empty."""

import re
import zipfile
from pathlib import Path

Place = tuple[int, int]

_CELL = re.compile(rb'<c\s(?=[^>]*?\br="([A-Z]{1,3})(\d+)")([^>]*)>(\s*<f)?')
_ERROR = re.compile(rb'\bt="e"')
_SHEET = re.compile(r'<(?:\w+:)?sheet\s[^>]*?\b\w+:id="([^"]+)"')
_RELATION = re.compile(r"<(?:\w+:)?Relationship\s[^>]*>")


def formula_cells(path: Path, sheet_index: int) -> frozenset[Place]:
    """(row, column) from 0 of each cell that a formula or an error stands in."""
    with zipfile.ZipFile(path) as book:
        part = _part_of(book, sheet_index)
        data = book.read(part) if part in book.namelist() else b""
    if b"<f" not in data and b't="e"' not in data:
        return frozenset()
    return frozenset(
        (int(cell[2]) - 1, _column(cell[1])) for cell in _CELL.finditer(data) if cell[4] or _ERROR.search(cell[3])
    )


def _part_of(book: zipfile.ZipFile, sheet_index: int) -> str:
    """The name of the file inside the workbook that holds the sheet."""
    names = _SHEET.findall(book.read("xl/workbook.xml").decode())
    relations = _RELATION.findall(book.read("xl/_rels/workbook.xml.rels").decode())
    targets = {_attribute(relation, "Id"): _attribute(relation, "Target") for relation in relations}
    target = targets.get(names[sheet_index], "") if sheet_index < len(names) else ""
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


def _attribute(element: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', element)
    return found[1] if found else ""


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1
