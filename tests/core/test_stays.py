"""Stays and co-presence against a brute force that walks a grid of minutes."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ksdb.core.copresence import OverlapRule, copresences
from ksdb.core.stay import Scan, Stay, stays_of

LONGEST = 60
USUAL = {1: 20, 2: 7, 3: 45}

scan_lists = st.lists(
    st.tuples(st.integers(0, 200), st.integers(1, 3), st.booleans()), max_size=12, unique_by=lambda scan: scan[0]
).map(lambda rows: [Scan(*row) for row in sorted(rows)])


def minutes_of(stays: list[Stay]) -> set[tuple[int, int]]:
    return {(stay.point, minute) for stay in stays for minute in range(stay.arrived, stay.departed)}


def minutes_by_hand(scans: list[Scan]) -> set[tuple[int, int]]:
    """Minute by minute: the last scan before it says where the person is, unless it was an exit or is too long ago."""
    found = set()
    for minute in range(400):
        before = [scan for scan in scans if scan.at <= minute]
        if not before or before[-1].is_exit:
            continue
        last = before[-1]
        after = next((scan for scan in scans if scan.at > last.at), None)
        has_exit = after is not None and after.is_exit and after.point == last.point and after.at - last.at <= LONGEST
        if has_exit or minute < last.at + USUAL[last.point]:
            found.add((last.point, minute))
    return found


@given(scan_lists)
def test_stays_cover_the_minutes_a_person_was_there(scans: list[Scan]) -> None:
    assert minutes_of(stays_of(scans, USUAL.__getitem__, LONGEST)) == minutes_by_hand(scans)


@given(scan_lists)
def test_stays_are_in_order_and_never_overlap(scans: list[Scan]) -> None:
    stays = stays_of(scans, USUAL.__getitem__, LONGEST)
    assert all(stay.arrived < stay.departed for stay in stays)
    assert all(a.departed <= b.arrived for a, b in pairwise(stays))


@given(scan_lists)
def test_an_observed_stay_ends_at_an_exit_scan(scans: list[Scan]) -> None:
    exits = {(scan.point, scan.at) for scan in scans if scan.is_exit}
    for stay in stays_of(scans, USUAL.__getitem__, LONGEST):
        assert not stay.is_observed or (stay.point, stay.departed) in exits


def test_a_second_entry_prolongs_the_stay() -> None:
    scans = [Scan(0, 1), Scan(10, 1)]
    assert stays_of(scans, USUAL.__getitem__, LONGEST) == [Stay(1, 0, 30)]


def test_an_exit_and_a_new_entry_are_two_stays() -> None:
    scans = [Scan(0, 1), Scan(10, 1, is_exit=True), Scan(10, 1), Scan(15, 1, is_exit=True)]
    stays = stays_of(scans, USUAL.__getitem__, LONGEST)
    assert stays == [Stay(1, 0, 10, is_observed=True), Stay(1, 10, 15, is_observed=True)]


def test_an_exit_too_late_belongs_to_another_entry() -> None:
    assert stays_of([Scan(0, 1), Scan(61, 1, is_exit=True)], USUAL.__getitem__, LONGEST) == [Stay(1, 0, 20)]


stays = st.lists(
    st.builds(
        lambda point, arrived, length, seen: Stay(point, arrived, arrived + length, seen),
        st.integers(1, 2),
        st.integers(0, 100),
        st.integers(1, 40),
        st.booleans(),
    ),
    max_size=5,
)
rules = st.builds(OverlapRule, st.integers(0, 20), st.integers(0, 15))
periods = st.tuples(st.integers(0, 100), st.integers(0, 140))


@given(stays, stays, periods, rules)
def test_copresence_is_what_the_grid_says(
    case: list[Stay], other: list[Stay], infectious: tuple[int, int], rule: OverlapRule
) -> None:
    expected = set()
    for mine in case:
        there = [m for m in range(mine.arrived, mine.departed) if infectious[0] <= m < infectious[1]]
        aired = {m + late for m in there for late in range(rule.linger + 1)}
        for theirs in other:
            shared = aired & set(range(theirs.arrived, theirs.departed))
            if theirs.point == mine.point and shared and len(shared) >= rule.least:
                expected.add((mine.point, min(shared), max(shared) + 1, mine.is_observed and theirs.is_observed))
    found = copresences(case, other, infectious, rule)
    assert {(c.point, c.started, c.ended, c.is_observed) for c in found} == expected


@given(stays, stays, st.integers(0, 20))
def test_without_linger_it_is_mutual(case: list[Stay], other: list[Stay], least: int) -> None:
    always, rule = (0, 1000), OverlapRule(least)
    one = {(c.point, c.started, c.ended) for c in copresences(case, other, always, rule)}
    two = {(c.point, c.started, c.ended) for c in copresences(other, case, always, rule)}
    assert one == two


def test_touching_ends_do_not_meet() -> None:
    rule = OverlapRule(0)
    assert list(copresences([Stay(1, 0, 10)], [Stay(1, 10, 20)], (0, 99), rule)) == []
