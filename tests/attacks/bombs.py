"""Workbooks made to break their reader: small to send, huge once opened, or slow to go through."""

import io
import zipfile
from collections.abc import Mapping

from tests.attacks.world import list_of

SHEET = "xl/worksheets/sheet1.xml"
HEADING = (
    '<row r="1"><c r="A1" t="inlineStr"><is><t>Họ và tên</t></is></c><c r="B1" t="inlineStr"><is><t>Ngày sinh</t></is>'
    '</c><c r="C1" t="inlineStr"><is><t>Tổ dân phố</t></is></c></row>'
)


def _repacked(parts: Mapping[str, bytes]) -> bytes:
    """A workbook of openpyxl's with some of its parts replaced."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(list_of([]))) as good,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as bad,
    ):
        for name in good.namelist():
            if name not in parts:
                bad.writestr(name, good.read(name))
        for name, content in parts.items():
            bad.writestr(name, content)
    return stream.getvalue()


def _sheet(rows: str, after: str = "", before: str = "") -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}'
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"<sheetData>{rows}</sheetData>{after}</worksheet>"
    ).encode()


def far_corner() -> bytes:
    """Two cells; the rectangle between them has 17 thousand million."""
    return _repacked({SHEET: _sheet(f'{HEADING}<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')})


def entities() -> bytes:
    """A thousand million laughs."""
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    doctype = f'<!DOCTYPE worksheet [<!ENTITY l0 "ha">{levels}]>'
    cell = '<c r="A2" t="inlineStr"><is><t>&l9;</t></is></c>'
    return _repacked({SHEET: _sheet(f'{HEADING}<row r="2">{cell}</row>', before=doctype)})


def outside_entity() -> bytes:
    """A cell that asks for a file of the server."""
    doctype = '<!DOCTYPE worksheet [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    cell = '<c r="A2" t="inlineStr"><is><t>&x;</t></is></c>'
    return _repacked({SHEET: _sheet(f'{HEADING}<row r="2">{cell}</row>', before=doctype)})


def zeros() -> bytes:
    """More than a gigabyte of blanks in five megabytes, and they say so; packed tighter they would take longer."""
    stream = io.BytesIO(list_of([]))
    with (
        zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as book,
        book.open("xl/media/blank.xml", "w", force_zip64=True) as part,
    ):
        for _ in range(66):
            part.write(bytes(16 * 2**20))
    return stream.getvalue()


def shared_text() -> bytes:
    """One text of a megabyte, in a hundred thousand cells."""
    text = f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>{"x" * 2**20}</t></si></sst>'
    rows = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(2, 100_000))
    return _repacked({SHEET: _sheet(HEADING + rows), "xl/sharedStrings.xml": text.encode()})


def unclosed_cells() -> bytes:
    """Four megabytes of beginnings without an end, for whoever searches with a pattern."""
    return _repacked({SHEET: _sheet(HEADING, after="<f/><!-- " + "<c " * 1_300_000 + " -->")})


def merged_to_the_bottom() -> bytes:
    """Twenty thousand merged ranges of 150,000 rows each."""
    ranges = "".join(f'<mergeCell ref="C{n}:C150000"/>' for n in range(2, 20_000))
    last = '<row r="150000"><c r="C150000"><v>1</v></c></row>'
    return _repacked({SHEET: _sheet(HEADING + last, after=f"<mergeCells>{ranges}</mergeCells>")})


def wide(columns: int) -> bytes:
    """A heading of so many columns, and a person below."""
    heading = ("Họ và tên", "Ngày sinh", "Tổ dân phố", *(f"Cột {n}" for n in range(columns)))
    return list_of([["Nguyễn Thị Rộng", "1956", "1", *["x"] * columns]], heading)


def lying(size: int = 100) -> bytes:
    """The sheet's directory entry says that it has a hundred bytes."""
    data = bytearray(far_corner())
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        true = book.getinfo(SHEET).file_size
    at = data.rindex(SHEET.encode())
    data[at - 22 : at - 18] = size.to_bytes(4, "little")
    assert true != size
    return bytes(data)
