"""The workbook that an import gives back: rows to correct and import again, and rows that only raised a doubt."""

from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import xlsxwriter
from django.utils import translation

from ksdb.registry.headings import Heading, plain
from ksdb.registry.problems import Problem, described
from ksdb.registry.workbooks import WARNINGS_SHEET, RawRow

REJECTED_SHEET = "Cần sửa"
ROW_HEADING = "Dòng"
ERROR_HEADING = "Lỗi cần sửa"
WARNING_HEADING = "Cảnh báo"
SAMPLE_HEADING = (
    "Họ và tên", "Ngày sinh", "Giới tính", "Số CCCD/CMND", "Số điện thoại", "Số hộ", "Quan hệ với chủ hộ",
    "Tổ dân phố/Thôn", "Địa chỉ", "Phường/Xã",
)  # fmt: skip
_SAMPLE = (
    ("Nguyễn Thị Mẫu", "05/09/1956", "Nữ", "046156000001", "0905000001", "12", "Chủ hộ"),
    ("Trần Văn Mẫu", "1954", "Nam", "046054000002", "", "12", "Chồng"),
)
_WIDTH = 18


class CorrectionFile:
    """Written row by row while an import runs. Every cell is a typed text: nothing in it can act as a formula."""

    def __init__(self, path: Path, heading: Heading) -> None:
        path.touch(mode=0o600)
        options = {"constant_memory": True, "tmpdir": str(path.parent)}
        self._book = xlsxwriter.Workbook(path, options)
        self._kept = [place for place, text in enumerate(heading.texts) if text not in _OURS]
        texts = [heading.texts[place] for place in self._kept]
        self._text = self._book.add_format({"num_format": "@", "quote_prefix": True})
        self._rejected = self._sheet(REJECTED_SHEET, [*texts, ROW_HEADING, ERROR_HEADING])
        self._doubtful = self._sheet(WARNINGS_SHEET, [*texts, ROW_HEADING, WARNING_HEADING])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._book.close()

    def keep(self, row: RawRow, problems: Sequence[Problem]) -> None:
        """Among the rows to correct if any problem keeps it out, else among those with warnings."""
        is_rejected = any(problem.is_rejection for problem in problems)
        self._write(self._rejected if is_rejected else self._doubtful, row, problems)

    def _sheet(self, name: str, heading: Sequence[str]) -> "_Sheet":
        sheet = self._book.add_worksheet(name)
        sheet.set_column(0, len(heading) - 1, _WIDTH, self._text)
        sheet.set_column(len(heading) - 1, len(heading) - 1, 4 * _WIDTH, self._text)
        sheet.freeze_panes(1, 0)
        return _Sheet(sheet, heading, self._book.add_format({"bold": True, "text_wrap": True}), self._text)

    def _write(self, sheet: "_Sheet", row: RawRow, problems: Sequence[Problem]) -> None:
        cells = [plain(row.cells[place]) if place < len(row.cells) else "" for place in self._kept]
        with translation.override("vi"):
            sentences = " ".join(described(problem) for problem in problems)
        sheet.append([*cells, str(row.number), sentences])


_OURS = frozenset({ROW_HEADING, ERROR_HEADING})


class _Sheet:
    """A worksheet that is filled from the top."""

    def __init__(self, sheet: Any, heading: Iterable[str], bold: Any, text: Any) -> None:
        self._sheet, self._text, self._next = sheet, text, 0
        self._put(heading, bold)

    def append(self, cells: Iterable[str]) -> None:
        self._put(cells, self._text)

    def _put(self, cells: Iterable[str], form: Any) -> None:
        for column, cell in enumerate(cells):
            if cell:
                self._sheet.write_string(self._next, column, cell, form)
        self._next += 1


def sample_file(commune: str, group: str) -> bytes:
    """A list as it should look, with two invented people."""
    stream = BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        text = book.add_format({"num_format": "@"})
        sheet = book.add_worksheet("Nhân khẩu")
        sheet.set_column(0, len(SAMPLE_HEADING) - 1, _WIDTH, text)
        sheet.write_row(0, 0, SAMPLE_HEADING, book.add_format({"bold": True}))
        for number, person in enumerate(_SAMPLE, start=1):
            sheet.write_row(number, 0, (*person, group, "12 Lý Thái Tổ", commune), text)
    return stream.getvalue()
