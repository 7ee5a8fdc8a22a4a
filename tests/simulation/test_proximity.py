"""True proximity in the invented town, and the stays it comes from, beside the scans of the same day."""

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from ksdb.simulation.movement import MINUTE, presences_of_day, visits_of_day
from ksdb.simulation.population import Population
from ksdb.simulation.routines import Routines
from ksdb.simulation.truth.proximity import AT_HOME, Town, _near, homes, lived, town_of

BUSY = 2.5


@pytest.fixture(scope="module")
def town(huong_tra: Population, routines: Routines) -> Town:
    return town_of(huong_tra, routines, BUSY)


@pytest.fixture(scope="module")
def monday(routines: Routines) -> NDArray[np.void]:
    return presences_of_day(routines, 0, visits_per_person_day=BUSY)


def test_scanners_see_the_arrivals_and_some_departures_of_the_true_stays(
    routines: Routines, monday: NDArray[np.void]
) -> None:
    scans = visits_of_day(routines, 0, visits_per_person_day=BUSY)
    entries, exits = scans[~scans["is_exit"]], scans[scans["is_exit"]]
    left = monday[monday["is_exit_scanned"]]
    for seen, stays, at in ((entries, monday, "arrived"), (exits, left, "departed")):
        theirs = {(s["resident"], s["point"], s["scanned_at"]) for s in seen}
        assert theirs == {(s["resident"], s["point"], s[at]) for s in stays}
    assert 0.1 < left.size / monday.size < 0.25


def test_nobody_is_in_two_places(monday: NDArray[np.void]) -> None:
    stays = monday[np.lexsort((monday["arrived"], monday["resident"]))]
    assert (stays["departed"] > stays["arrived"]).all()
    same = stays["resident"][1:] == stays["resident"][:-1]
    assert (stays["arrived"][1:][same] >= stays["departed"][:-1][same]).all()


def test_near_are_all_who_overlap_at_one_spot() -> None:
    rng = np.random.default_rng(5)
    spot, came = rng.integers(0, 4, 60), rng.integers(0, 200, 60) * MINUTE
    left, who = came + rng.integers(1, 60, 60) * MINUTE, rng.permutation(60)
    order = np.lexsort((came, spot))
    sides = [side[order].astype(kind) for side, kind in ((spot, "i4"), (who, "i4"), (came, "i8"), (left, "i8"))]
    pairs, minutes = _near(*sides)
    expected = {
        (min(who[a], who[b]), max(who[a], who[b])): (min(left[a], left[b]) - max(came[a], came[b])) / MINUTE
        for a, b in combinations(range(60), 2)
        if spot[a] == spot[b] and min(left[a], left[b]) > max(came[a], came[b])
    }
    found = {(pair >> 32, pair & 0xFFFFFFFF): m for pair, m in zip(pairs.tolist(), minutes.tolist(), strict=True)}
    assert found == expected


def test_a_day_is_the_same_whenever_it_is_asked_for(town: Town) -> None:
    one, other = lived(town, 1), lived(town, 1)
    assert (one.low == other.low).all()
    assert (one.minutes == other.minutes).all()


def test_near_are_fewer_than_those_of_one_place(town: Town, monday: NDArray[np.void]) -> None:
    day = lived(town, 0)
    assert (day.low < day.high).all()
    some = np.random.default_rng(1).integers(0, day.low.size, 300)
    for low, high in zip(day.low[some].tolist(), day.high[some].tolist(), strict=True):
        places = [set(monday["point"][monday["resident"] == one].tolist()) for one in (low, high)]
        assert places[0] & places[1]
    per_person = 2 * day.low.size / town.household.size
    assert 5 < per_person < 40


def test_homes_are_of_one_household(town: Town) -> None:
    low, high = homes(town)
    assert (town.household[low] == town.household[high]).all()
    assert np.bincount(np.concatenate([low, high])).max() <= 2 * AT_HOME
    small = np.flatnonzero(np.bincount(town.household) == 4)[0]
    assert np.isin(town.household[low], small).sum() == 6
