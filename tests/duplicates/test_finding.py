"""The search stays bounded, finds what is planted, and looks at fresh records only when asked to."""

from datetime import date
from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.duplicates.test_scoring import crowd, people, row

from ksdb.duplicates.blocks import LARGEST, LARGEST_BIRTHDAY, Blocks
from ksdb.duplicates.finding import MOST_OF_A_PERSON, find_pairs
from ksdb.duplicates.people import gathered
from ksdb.duplicates.scoring import SHOWN_FROM, Reason, Scored, Scorer

names = st.sampled_from(
    ["Nguyễn Thị Lan", "Nguyen Thi Lan", "Nguyễn Lan", "Nguyễn Thị Lnan", "Trần Văn Hòa", "Hoà Trần Văn"]
)
births = st.sampled_from([date(1956, 3, 8), date(1956, 8, 3), date(1957, 3, 8), date(1980, 1, 1), 1956, 1957])
records = st.lists(st.tuples(names, births, st.integers(0, 2), st.integers(0, 2)), min_size=2, max_size=12)


def has_one_error(scored: Scored) -> bool:
    whole = {Reason.SAME_NAME, Reason.NO_MARKS, Reason.TONE_PLACEMENT, Reason.WORD_ORDER}
    return bool(whole & set(scored.reasons)) or Reason.SAME_BIRTH in scored.reasons


@settings(max_examples=60, deadline=None)
@given(records)
def test_blocks_lose_nothing_that_comparing_everybody_finds(found: list[tuple[str, object, int, int]]) -> None:
    """Of pairs with one error: where both name and birth differ, a phone or a household has to bring them together."""
    rows = [
        row(i + 1, name, born, household=home, phone=phone, commune=1)
        for i, (name, born, home, phone) in enumerate(found)
    ]
    searched = people(*rows)
    scorer = Scorer(searched)
    best = {
        pair for pair in combinations(range(len(rows)), 2)
        if (scored := scorer.scored(*pair)) and scored.score >= SHOWN_FROM and has_one_error(scored)
    }  # fmt: skip
    candidates = {tuple(pair) for pair in Blocks(searched, np.ones(len(searched), bool)).pairs().tolist()}
    assert best <= candidates


def test_only_pairs_with_somebody_fresh_are_told() -> None:
    searched = people(*(row(i, "Tôn Nữ Quỳnh Dao") for i in (1, 2, 3)))
    assert len(find_pairs(searched, searched.id <= 3).pairs) == 3
    pairs = find_pairs(searched, searched.id == 3).pairs
    assert [(pair.first, pair.second) for pair in pairs] == [(0, 2), (1, 2)]
    assert find_pairs(searched, np.zeros(len(searched), bool)).pairs == []


def test_a_common_name_does_not_explode() -> None:
    """Ten thousand of one name, of every day of some years: the pairs stay few for each of them."""
    rows = [row(i + 1, "Nguyễn Văn Anh", date(1960 + i % 40, 1 + i % 12, 1 + i % 28)) for i in range(10_000)]
    result = find_pairs(gathered([rows]), np.ones(len(rows), bool))
    assert result.compared < 10_000 * 2 * LARGEST
    assert len(result.pairs) <= 10_000 * MOST_OF_A_PERSON


def test_twenty_eight_people_of_one_name_are_twenty_eight() -> None:
    """As in the province's list: of one ward, each with a birthday of his own. One of them twice is found."""
    rows = [row(i, "Nguyễn Văn Anh", date(1930 + 3 * i, 1 + i % 12, i), commune=1) for i in range(1, 29)]
    assert find_pairs(people(*rows), people(*rows).id < 99).pairs == []
    searched = people(*rows, row(99, "Nguyen Van Anh", date(1930 + 3 * 7, 8, 7), commune=1))
    found = find_pairs(searched, searched.id <= 99).pairs
    assert [(int(searched.id[one.first]), int(searched.id[one.second])) for one in found] == [(7, 99)]


def test_the_first_of_january_does_not_explode_and_still_finds() -> None:
    day = date(1960, 1, 1)
    given_names = [f"{a}{b}{c}" for a in "bcdghklmn" for b in "aeiou" for c in "cmnpt"]
    rows = [
        row(i + 1, f"Lê {given_names[i % 225]} {given_names[i * 7 % 223]}", day) for i in range(5 * LARGEST_BIRTHDAY)
    ]
    rows += [row(9001, "Tôn Nữ Quỳnh Dao", day), row(9002, "Ton Nu Quynh Dao", day)]
    searched = gathered([[*rows, *crowd()]])
    result = find_pairs(searched, np.ones(len(searched), bool))
    assert {(9001, 9002)} <= {(int(searched.id[p.first]), int(searched.id[p.second])) for p in result.pairs}
    assert result.compared < len(rows) ** 2 / 20


def test_nobody_to_compare() -> None:
    assert find_pairs(gathered([]), np.zeros(0, bool)).pairs == []
