"""What speaks for one person, on pairs a reader can judge."""

from datetime import date

import numpy as np
import pytest

from ksdb.core.names import search_key, stored_name
from ksdb.duplicates.finding import find_pairs
from ksdb.duplicates.people import DAY_ZERO, NO_DAY, People, gathered
from ksdb.duplicates.scoring import SHOWN_FROM, Reason, Scored, Scorer

BORN = date(1956, 3, 8)
CROWD = ("Trần Văn An", "Lê Thị Hoa", "Lê Thị Hà", "Phạm Văn Hùng", "Nguyễn Thị Lan", "Nguyễn Thị Lam")


def row(number: int, name: str, born: date | int = BORN, **said: int) -> tuple[object, ...]:
    """A record: its own commune and group unless they are said."""
    is_dated = isinstance(born, date)
    day = (born - DAY_ZERO.astype(object)).days if is_dated else NO_DAY
    given = {"sex": 2, "household": 0, "group": -number, "commune": -number, "id_digits": 0, "id_key": 0, "old": 0,
             "phone": 0, "claims": 0} | said  # fmt: skip
    year = born.year if is_dated else born
    return (number, search_key(name), stored_name(name), day, year, *given.values())


def crowd() -> list[tuple[object, ...]]:
    """Names that many bear, so that their words are known: none of them born in the years of the tests."""
    return [row(1000 + i, CROWD[i % len(CROWD)], date(1900, 1, 1 + i % 28)) for i in range(60)]


def people(*rows: tuple[object, ...]) -> People:
    return gathered([[*rows, *crowd()]])


def scored(one: tuple[object, ...], other: tuple[object, ...]) -> Scored:
    found = Scorer(people(one, other)).scored(0, 1)
    assert found is not None
    return found


def is_shown(one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    searched = people(one, other)
    result = find_pairs(searched, np.isin(searched.id, (1, 2)))
    return any({int(searched.id[pair.first]), int(searched.id[pair.second])} == {1, 2} for pair in result.pairs)


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ("Nguyễn Thị Lan", "nguyễn thị LAN", Reason.SAME_NAME),
        ("Trần Văn Hòa", "Trần Văn Hoà", Reason.TONE_PLACEMENT),
        ("Lê Thị Thủy", "Lê Thị Thuỷ", Reason.TONE_PLACEMENT),
        ("Lý Mỹ", "Lí Mĩ", Reason.TONE_PLACEMENT),
        ("Nguyễn Thị Lan", "Nguyen Thi Lan", Reason.NO_MARKS),
        ("Hương Vân", "Hương Văn", Reason.OTHER_MARKS),
        ("Nguyễn Thị Lan", "Thị Lan Nguyễn", Reason.WORD_ORDER),
        ("Nguyễn Thị Thu Hương", "Nguyễn Thị Hương", Reason.MISSING_WORD),
        ("Nguyễn Thị Thu Hương", "Nguyễn Hương", Reason.MISSING_WORD),
        ("Nguyễn Thị Lan", "Nguyễn Thị Lamn", Reason.TYPO),
        ("Nguyễn Thị Lan", "Nguyễn Thị Lna", Reason.TYPO),
        ("Nguyễn Thị Lan", "Nguyễn Thị Lam", Reason.SIMILAR_NAME),
    ],
)
def test_names(one: str, other: str, reason: Reason) -> None:
    assert scored(row(1, one), row(2, other)).reasons[0] == reason
    assert scored(row(1, other), row(2, one)).reasons[0] == reason


@pytest.mark.parametrize(
    ("born", "reason"),
    [
        (BORN, Reason.SAME_BIRTH),
        (date(1956, 8, 3), Reason.SWAPPED_BIRTH),
        (date(1957, 3, 8), Reason.YEAR_OFF),
        (date(1955, 3, 8), Reason.YEAR_OFF),
        (1956, Reason.YEAR_ONLY),
    ],
)
def test_births(born: date | int, reason: Reason) -> None:
    assert reason in scored(row(1, "Nguyễn Thị Lan"), row(2, "Nguyễn Thị Lan", born)).reasons


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (row(1, "Nguyễn Thị Lan"), row(2, "Nguyễn Thị Hoa")),
        (row(1, "Nguyễn Thị Lan"), row(2, "Nguyễn Thị Lan", date(1958, 3, 8))),
        (row(1, "Nguyễn Thị Lan"), row(2, "Nguyễn Thị Lan", date(1956, 3, 9))),
        (row(1, "Nguyễn Thị Lan"), row(2, "Trần Thị Lan")),
    ],
)
def test_what_is_of_two_persons(one: tuple[object, ...], other: tuple[object, ...]) -> None:
    assert Scorer(people(one, other)).scored(0, 1) is None
    assert not is_shown(one, other)


def test_two_known_names_one_letter_apart_need_more_than_a_birthday() -> None:
    lan, lam = row(1, "Nguyễn Thị Lan"), row(2, "Nguyễn Thị Lam")
    assert not is_shown(lan, lam)
    assert is_shown(row(1, "Nguyễn Thị Lan", household=7), row(2, "Nguyễn Thị Lam", household=7))


def test_two_numbers_of_one_kind_are_two_persons_unless_much_else_agrees() -> None:
    def lan(number: int, **said: int) -> tuple[object, ...]:
        return row(number, "Nguyễn Thị Lan", id_digits=12, id_key=number, **said)

    assert not is_shown(lan(1), lan(2))
    assert is_shown(lan(1, household=7, phone=5), lan(2, household=7, phone=5))
    reasons = scored(lan(1), lan(2)).reasons
    assert Reason.OTHER_NUMBER in reasons


def test_an_old_number_was_one_person_s() -> None:
    """Two records that name the same nine digits are found and shown, whatever else they say."""
    one = row(1, "Nguyễn Thị Lan", 1956, old=77)
    other = row(2, "Trần Lan", date(1970, 1, 1), id_digits=12, id_key=88, old=77)
    assert scored(one, other) == Scored(100, (Reason.SAME_OLD_NUMBER,))
    searched = people(one, other, row(3, "Trần Lan", date(1980, 1, 1), old=78))
    assert [(pair.first, pair.second) for pair in find_pairs(searched, searched.id <= 3).pairs] == [(0, 1)]


def test_the_old_number_of_a_chip_card_is_enough() -> None:
    old = row(1, "Nguyễn Thị Lan", 1956, id_digits=9, id_key=77)
    new = row(2, "Trần Lan", date(1970, 1, 1), id_digits=12, id_key=88, old=77)
    assert is_shown(old, new)
    assert scored(old, new) == Scored(100, (Reason.OLD_NUMBER,))


def test_the_points_stay_between_none_and_a_hundred() -> None:
    best = scored(row(1, "Tôn Nữ Quỳnh Dao", phone=5, household=7), row(2, "Tôn Nữ Quỳnh Dao", phone=5, household=7))
    assert best.score == 100
    assert best.score >= SHOWN_FROM
