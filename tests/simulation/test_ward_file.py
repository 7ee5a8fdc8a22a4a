"""The ward's file holds exactly what was made, whoever reads it."""

import csv
from datetime import date
from pathlib import Path

from python_calamine import CalamineWorkbook

from ksdb.simulation.population import Population, population_of
from ksdb.simulation.sources import communes
from ksdb.simulation.ward_file import HEADING, ward_rows, write_csv, write_xlsx

TITLE_LINES = 5


def binh_thanh() -> Population:
    return population_of([commune for commune in communes() if commune.name == "Xã Bình Thành"], seed=4)


def read(path: Path) -> list[list[object]]:
    return CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()


def test_the_spreadsheet_reads_back_as_it_was_made(tmp_path: Path) -> None:
    people, path = binh_thanh(), tmp_path / "nhan_khau.xlsx"
    assert write_xlsx(people, path, title_on=date(2021, 11, 1)) == len(people) == 3983
    rows = read(path)
    assert rows[0][0] == "ỦY BAN NHÂN DÂN XÃ BÌNH THÀNH"
    assert "3.983 nhân khẩu" in str(rows[3][0])
    assert rows[TITLE_LINES] == list(HEADING)
    assert [tuple(row) for row in rows[TITLE_LINES + 1 :]] == list(ward_rows(people))


def test_numbers_stay_text(tmp_path: Path) -> None:
    path = tmp_path / "nhan_khau.xlsx"
    write_xlsx(binh_thanh(), path)
    rows = read(path)
    assert rows[0] == list(HEADING)
    assert {type(row[4]) for row in rows[1:]} == {str}
    assert any(str(row[4]).startswith("046") for row in rows[1:])
    assert any(str(row[5]).startswith("0") for row in rows[1:])


def test_births_are_written_as_wards_write_them() -> None:
    people = binh_thanh()
    texts = [row[2] for row in ward_rows(people)]
    assert {len(text) for text in texts} == {4, 10}
    years = (people.born.astype("datetime64[Y]").astype(int) + 1970).tolist()
    assert [int(text[-4:]) for text in texts] == years
    assert [len(text) == 4 for text in texts] == people.is_year_only.tolist()


def test_the_csv_opens_in_a_spreadsheet_and_says_the_same(tmp_path: Path) -> None:
    people, path = binh_thanh(), tmp_path / "nhan_khau.csv"
    assert write_csv(people, path) == len(people)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows[0] == list(HEADING)
    assert rows[1:] == [[str(value) for value in row] for row in ward_rows(people)]


def test_no_cell_starts_a_formula() -> None:
    assert not any(str(value)[:1] in "=+-@\t" for row in ward_rows(binh_thanh()) for value in row if value)
