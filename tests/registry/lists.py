"""Ward's lists for the tests: good rows, and workbooks made of them."""

from collections.abc import Sequence
from io import BytesIO

import openpyxl

from ksdb.core.scope import system_scope
from ksdb.places.models import Division
from ksdb.registry.actions import run_import, start_import
from ksdb.registry.models import Import, ImportProblem

HEADING = (
    "STT", "Họ và tên", "Ngày sinh", "Giới tính", "Số CCCD/CMND", "Số điện thoại", "Số hộ", "Quan hệ với chủ hộ",
    "Tổ dân phố/Thôn", "Địa chỉ", "Phường/Xã",
)  # fmt: skip
COLUMNS = (
    "serial", "name", "birth", "sex", "id_number", "phone", "household", "relation", "group", "address", "commune",
)  # fmt: skip
LAN = (
    1, "Nguyễn Thị Lan", "05/09/1956", "Nữ", "046156000011", "0905111222", "7", "Chủ hộ", "Tổ dân phố 1",
    "12 Lý Thái Tổ", "Phường Hương Vân",
)  # fmt: skip

Row = Sequence[object]


def person(number: int, **changes: object) -> list[object]:
    """Lan's row with another name, ID number and household, and what `changes` says by column."""
    own = {
        "serial": number,
        "name": "Trần Thị Hoa",
        "id_number": f"0461560001{number:02d}",
        "phone": None,
        "household": str(number),
    }
    return list({**dict(zip(COLUMNS, LAN, strict=True)), **own, **changes}.values())


def workbook(*rows: Row, heading: Row = HEADING) -> openpyxl.Workbook:
    """A title block, an empty row, the heading in row 3, people from row 4 on."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["A1"] = "DANH SÁCH NHÂN KHẨU"
    sheet.merge_cells("A1:K1")
    for number, row in enumerate([heading, *rows], start=3):
        for column, value in enumerate(row, start=1):
            sheet.cell(number, column, value)
    return book


def content(book: openpyxl.Workbook) -> bytes:
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def imported(division: Division, data: bytes, name: str = "danh-sach.xlsx") -> Import:
    scope = system_scope()
    return run_import(scope, start_import(scope, division.pk, name, data).pk)


def said(source: Import) -> dict[int, set[str]]:
    """The codes of an import by row."""
    found: dict[int, set[str]] = {}
    for problem in ImportProblem.objects.filter(source=source):
        found.setdefault(problem.row_number, set()).add(problem.code)
    return found


def counts(source: Import) -> tuple[int, int, int]:
    return source.imported_count, source.known_count, source.rejected_count
