"""A register's file as scans: every form it may have, every row that is wrong told by its number and never quoted."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ksdb.core.ids import card_number
from ksdb.gateway.intake import Scan
from ksdb.gateway.register_file import FIRST_HASHED, ReadRow, RegisterUnreadable, RowProblem, rows_of

NUMBER = card_number(12_345)  # 000001234582 or the like: a spreadsheet eats its zeros
AT = int(datetime(2026, 11, 24, 0, 31, 5, tzinfo=UTC).timestamp() * 1000)


def read(tmp_path: Path, text: str, name: str = "register.csv") -> list[ReadRow]:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return list(rows_of(path))


def scans(rows: list[ReadRow]) -> list[Scan]:
    assert [row.problem for row in rows if row.problem] == []
    return [row.scan for row in rows if row.scan]


@pytest.mark.parametrize(
    "when",
    [
        "2026-11-24 07:31:05",
        "2026-11-24T07:31:05+07:00",
        "2026-11-24T00:31:05Z",
        "24/11/2026 07:31:05",
        str(AT),
    ],
)
def test_a_time_is_the_provinces_unless_it_says_otherwise(tmp_path: Path, when: str) -> None:
    (scan,) = scans(read(tmp_path, f"scanned_at,number\n{when},{NUMBER}\n"))
    assert scan.scanned_at == AT


def test_midnight_belongs_to_the_day_that_begins(tmp_path: Path) -> None:
    first, last = scans(
        read(tmp_path, f"scanned_at,number\n2026-11-24 00:00:00,{NUMBER}\n2026-11-23 23:59:59,{NUMBER}\n")
    )
    assert first.scanned_at - last.scanned_at == 1000
    assert datetime.fromtimestamp(first.scanned_at / 1000, UTC) == datetime(2026, 11, 23, 17, tzinfo=UTC)


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_what_a_spreadsheet_does_to_a_file_is_undone(tmp_path: Path, mark: str) -> None:
    text = f"\ufeffClass{mark}Scanned_At{mark}number\r\n10A{mark}{AT}{mark}{NUMBER.lstrip('0')}\r\n{mark}{mark}\r\n"
    (scan,) = scans(read(tmp_path, text))
    assert scan.number == NUMBER


def test_json_says_the_same_as_csv(tmp_path: Path) -> None:
    rows = [
        {"scanned_at": AT, "number": NUMBER, "is_exit": True, "sequence": 7},
        {"scanned_at": AT, "foreign_kind": "vneid", "id_key": "ab" * 16, "sequence": 8},
    ]
    by_json = scans(read(tmp_path, json.dumps(rows), "register.json"))
    text = f"scanned_at,number,foreign_kind,id_key,is_exit,sequence\n{AT},{NUMBER},,,1,7\n{AT},,vneid,{'ab' * 16},0,8\n"
    assert by_json == scans(read(tmp_path, text))
    assert [scan.sequence for scan in by_json] == [7, 8]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (f",{NUMBER},,,,,", RowProblem.NO_TIME),
        (f"2026-11-24,{NUMBER},,,,,", RowProblem.BAD_TIME),
        (f"99/99/2026 07:31,{NUMBER},,,,,", RowProblem.BAD_TIME),
        (f"{AT},,,,,,", RowProblem.NO_CODE),
        (f"{AT},{NUMBER},132,,,,", RowProblem.TWO_CODES),
        (f"{AT},079201001234,,,,,", RowProblem.BAD_NUMBER),
        (f"{AT},,Nguyễn Thị Lan,,,,", RowProblem.STRANGE_CODE),
        (f"{AT},,{'1' * 801},,,,", RowProblem.STRANGE_CODE),
        (f"{AT},,,vneid,079201001234,,", RowProblem.BAD_FOREIGN),
        (f"{AT},,,passport,{'ab' * 16},,", RowProblem.BAD_FOREIGN),
        (f"{AT},{NUMBER},,,,maybe,", RowProblem.BAD_EXIT),
        (f"{AT},{NUMBER},,,,,0", RowProblem.BAD_SEQUENCE),
        (f"{AT},{NUMBER},,,,,{FIRST_HASHED}", RowProblem.BAD_SEQUENCE),
        (f"{AT},{NUMBER},,,,,1", RowProblem.SAME_SEQUENCE),
    ],
)
def test_a_wrong_row_is_told_by_its_number_and_leaves_the_others(tmp_path: Path, row: str, problem: str) -> None:
    heading = "scanned_at,number,token,foreign_kind,id_key,is_exit,sequence"
    rows = read(tmp_path, f"{heading}\n{AT},{NUMBER},,,,,1\n{row}\n{AT},{NUMBER},,,,,2\n")
    assert [(each.number, each.problem) for each in rows] == [(2, None), (3, problem), (4, None)]
    assert "Lan" not in problem
    assert "0792" not in problem


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", ""),
        ("a.csv", "name,phone\nLan,0905123456\n"),
        ("a.csv", "scanned_at,class\n1,2\n"),
        ("a.json", '{"scans": []}'),
        ("a.json", "[1, 2]"),
        ("a.json", '[{"name": "Lan"}]'),
        ("a.json", "[" * 100_000),
    ],
)
def test_what_is_no_register_is_not_sent(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(RegisterUnreadable) as raised:
        read(tmp_path, text, name)
    assert "Lan" not in str(raised.value)


def test_a_file_in_another_coding_is_not_guessed_at(tmp_path: Path) -> None:
    path = tmp_path / "register.csv"
    path.write_bytes("scanned_at,number,lớp".encode("cp1258", "replace") + b"\xff")
    with pytest.raises(RegisterUnreadable):
        list(rows_of(path))


class TestNumbersMadeOfContent:
    def test_a_row_keeps_its_number_wherever_it_stands(self, tmp_path: Path) -> None:
        rows = [f"{AT + n},{NUMBER}" for n in range(20)]
        today = {
            scan.scanned_at: scan.sequence for scan in scans(read(tmp_path, "\n".join(["scanned_at,number", *rows])))
        }
        more = ["scanned_at,number", f"{AT - 5},{NUMBER}", *reversed(rows)]
        tomorrow = {scan.scanned_at: scan.sequence for scan in scans(read(tmp_path, "\n".join(more)))}
        assert today.items() <= tomorrow.items()
        assert min(tomorrow.values()) >= FIRST_HASHED

    def test_a_twin_row_has_a_number_of_its_own_and_keeps_it(self, tmp_path: Path) -> None:
        text = f"scanned_at,number\n{AT},{NUMBER}\n{AT},{NUMBER}\n"
        once, again = (scans(read(tmp_path, text)) for _ in range(2))
        assert once == again
        assert once[0].sequence != once[1].sequence


cells = st.text(alphabet=st.characters(codec="utf-8"), max_size=40)


@given(rows=st.lists(st.lists(cells, min_size=7, max_size=7), max_size=5))
def test_whatever_stands_in_a_file_is_a_scan_or_a_problem(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    names = ["scanned_at", "number", "token", "foreign_kind", "id_key", "is_exit", "sequence"]
    path = tmp_path_factory.mktemp("any") / "register.json"
    path.write_text(json.dumps([dict(zip(names, row, strict=True)) for row in rows]))
    for row in rows_of(path):
        assert (row.scan is None) != (row.problem is None)
