from datetime import date, datetime

import pytest

from ksdb.registry.births import Birth, read_birth
from ksdb.registry.headings import Cell
from ksdb.registry.problems import Code

TODAY = date(2026, 1, 15)


@pytest.mark.parametrize(
    ("cell", "birth"),
    [
        ("05/09/1956", Birth(1956, date(1956, 9, 5))),
        (" 5-9-1956 ", Birth(1956, date(1956, 9, 5))),
        ("5.9.1956", Birth(1956, date(1956, 9, 5))),
        ("1956-09-05", Birth(1956, date(1956, 9, 5))),
        ("1956-09-05 00:00:00", Birth(1956, date(1956, 9, 5))),
        ("1956", Birth(1956)),
        (1956.0, Birth(1956)),
        ("09/1956", Birth(1956)),
        ("00/00/1956", Birth(1956)),
        (date(1956, 9, 5), Birth(1956, date(1956, 9, 5))),
        (datetime(1956, 9, 5), Birth(1956, date(1956, 9, 5))),  # noqa: DTZ001 - a spreadsheet's cell has no zone
        ("15/01/2026", Birth(2026, TODAY)),
        ("1906", Birth(1906)),
    ],
)
def test_dates_as_wards_write_them(cell: Cell, birth: Birth) -> None:
    assert read_birth(cell, TODAY) == birth


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("", Code.BIRTH_MISSING),
        ("  ", Code.BIRTH_MISSING),
        ("09/13/1956", Code.BIRTH_SWAPPED),
        ("13/13/1956", Code.BIRTH_IMPOSSIBLE),
        ("29/02/1957", Code.BIRTH_IMPOSSIBLE),
        ("32/01/1957", Code.BIRTH_IMPOSSIBLE),
        ("0000", Code.BIRTH_IMPOSSIBLE),
        ("16/01/2026", Code.BIRTH_FUTURE),
        ("2027", Code.BIRTH_FUTURE),
        ("1905", Code.BIRTH_TOO_EARLY),
        ("5/9/56", Code.BIRTH_UNREADABLE),
        ("#N/A", Code.BIRTH_UNREADABLE),
        (20546.0, Code.BIRTH_UNREADABLE),
        (1956.5, Code.BIRTH_UNREADABLE),
        (True, Code.BIRTH_UNREADABLE),
    ],
)
def test_what_is_no_date_of_birth_has_its_own_code(cell: Cell, code: Code) -> None:
    assert read_birth(cell, TODAY) is code
