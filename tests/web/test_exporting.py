"""What is taken out reads back as it was written, and acts as a formula nowhere."""

import csv
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tries
from hypothesis import strategies as st

from ksdb.config import settings
from ksdb.web import exporting
from ksdb.web.exporting import ExportMismatch, ExportTooLong, FileKind, Table, rows_of, rows_sha256, write_table

FORMULA = [
    "=1+1",
    "+84905000001",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "\r=cmd|' /C calc'!A0",
    " =1",
    "＝1+1",
    "=HYPERLINK(1)",
]
texts = st.one_of(
    st.text(max_size=30), st.sampled_from(FORMULA), st.sampled_from(["_x000D_", "'=1", '";=1', "a\n=1", "\ufffe", "#"])
)
rows = st.lists(st.tuples(texts, texts, st.integers(0, 2**31)), max_size=8)


@pytest.fixture(autouse=True, scope="module")
def own_var_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("var")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KSDB_VAR_DIR", str(folder))
        settings.cache_clear()
        yield folder
    settings.cache_clear()


def table(given: list[tuple[str | int, ...]], found: int | None = None) -> Table:
    facts = [("Reason", "=1+1"), ("Purpose", "case_tracing")]
    return Table("Danh sách", ["Họ và tên", "Nơi", "Phút"], given, len(given) if found is None else found, facts)


@tries(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given=rows)
def test_no_cell_of_a_workbook_is_a_formula(given: list[tuple[str | int, ...]]) -> None:
    written = write_table(table(given), FileKind.XLSX)
    book = openpyxl.load_workbook(written.path)
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert kinds <= {"s", "n", "inlineStr"}
    assert not [c for sheet in book for row in sheet.iter_rows() for c in row if c.hyperlink]
    first = book.worksheets[0]
    read = [[cell.value if cell.value is not None else "" for cell in row] for row in first.iter_rows(min_row=2)]
    assert rows_sha256(read) == written.sha256
    assert (len(read), written.count) == (len(given), len(given))
    check = {row[0].value: row[1].value for row in book.worksheets[-1].iter_rows()}
    assert written.sha256 in check.values()
    written.path.unlink()


@tries(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given=rows)
def test_no_cell_of_a_csv_begins_like_a_formula(given: list[tuple[str | int, ...]]) -> None:
    written = write_table(table(given), FileKind.CSV)
    assert written.path.read_bytes().startswith(b"\xef\xbb\xbf")
    with written.path.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.reader(file))
    assert len(lines) == len(given) + 2
    cells = [cell for line in lines for cell in line]
    assert [cell for cell in cells if cell.strip()[:1] in tuple("=+-@＝＋－＠")] == []
    assert [cell for cell in cells if any(ord(one) < 32 for one in cell)] == []
    assert rows_sha256(lines[1:-1]) == written.sha256
    assert written.sha256 in lines[-1]
    written.path.unlink()


@pytest.mark.parametrize("kind", FileKind)
def test_harmless_text_stays_as_it_is(kind: FileKind) -> None:
    written = write_table(table([("Nguyễn Thị Lan", "Chợ Hương Vân – cổng 2", 12)]), kind)
    assert [[str(cell) for cell in row] for row in rows_of(written.path)] == [
        ["Nguyễn Thị Lan", "Chợ Hương Vân – cổng 2", "12"]
    ]


@pytest.mark.parametrize("kind", FileKind)
def test_the_file_is_for_this_user_alone(kind: FileKind, own_var_dir: Path) -> None:
    path = write_table(table([("a", "b", 1)]), kind).path
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent == own_var_dir / "exports"
    assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("kind", FileKind)
def test_a_file_with_fewer_rows_than_were_found_is_not_kept(kind: FileKind, own_var_dir: Path) -> None:
    before = set((own_var_dir / "exports").iterdir())
    with pytest.raises(ExportMismatch):
        write_table(table([("a", "b", 1)], found=2), kind)
    assert set((own_var_dir / "exports").iterdir()) == before


def test_a_list_longer_than_a_sheet_is_refused() -> None:
    with pytest.raises(ExportTooLong):
        write_table(table([], found=exporting.MOST_ROWS + 1), FileKind.XLSX)


def test_a_changed_row_changes_the_hash() -> None:
    assert rows_sha256([("a", "b")]) != rows_sha256([("ab", "")])
    assert rows_sha256([("a",), ("b",)]) != rows_sha256([("b",), ("a",)])
    assert rows_sha256([("12",)]) == rows_sha256([(12,)])
