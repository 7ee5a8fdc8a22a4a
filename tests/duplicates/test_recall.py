"""Planted errors among some thousands of invented people: how many of each kind are found, and by a peer's rule."""

from collections import Counter
from datetime import date, timedelta

import numpy as np
import pytest
from bench.duplicates import ERRORS, Person, Planted, peer_finds, plant, row

from ksdb.duplicates.finding import find_pairs
from ksdb.duplicates.people import gathered
from ksdb.simulation.names import draw_names, full_names, name_tables

PEOPLE, EACH = 20_000, 120
FLOORS = {
    "unaccented": 0.95,
    "typo": 0.85,
    "swapped day and month": 0.95,
    "year ±1": 0.95,
    "missing middle name": 0.90,
    "decomposed (NFD)": 0.98,
    "tone placement": 0.98,
    "wrong sex": 0.98,
}
BLIND_TO = {"unaccented", "swapped day and month", "year ±1"}
"""Kinds of which the peer's rule finds next to nothing."""


@pytest.fixture(scope="module")
def town() -> Planted:
    """Twenty thousand people with names as common as in the province, in forty communes, four in a household."""
    rng, tables = np.random.default_rng(7), name_tables()
    family = rng.choice(tables.family_weight.size, PEOPLE, p=tables.family_weight / tables.family_weight.sum())
    sex, year = rng.integers(0, 2, PEOPLE, np.int8), rng.integers(1930, 2021, PEOPLE, np.int32)
    home = np.arange(PEOPLE, dtype=np.int32) // 4
    names = full_names(draw_names(rng, family.astype(np.int32), sex, year, home), sex)
    days = rng.integers(0, 365, PEOPLE)
    people = [
        Person(str(name), date(y, 1, 1) + timedelta(days=d), y, 1 if s else 2)
        for name, y, d, s in zip(names, year.tolist(), days.tolist(), sex.tolist(), strict=True)
    ]
    rows = [
        row(at, one, (h + 1, h % 400 + 1, h % 40 + 1), (0, 0, 0))
        for at, (one, h) in enumerate(zip(people, home.tolist(), strict=True))
    ]
    return plant(people, rows, EACH)


@pytest.fixture(scope="module")
def shares(town: Planted) -> dict[str, float]:
    people = gathered([town.rows])
    pairs = find_pairs(people, np.ones(len(people), bool)).pairs
    hits = Counter(town.truth.get((pair.first, pair.second)) for pair in pairs)
    return {kind: hits[kind] / EACH for kind in ERRORS}


def test_every_kind_has_its_floor(shares: dict[str, float]) -> None:
    assert FLOORS.keys() == ERRORS.keys()
    assert {kind: share for kind, share in shares.items() if share < FLOORS[kind]} == {}


def test_the_peers_rule_is_beaten_in_every_kind(town: Planted, shares: dict[str, float]) -> None:
    found = Counter(kind for pair, kind in town.truth.items() if peer_finds(*(town.people[at] for at in pair)))
    peer = {kind: found[kind] / EACH for kind in ERRORS}
    assert {kind: peer[kind] for kind in ERRORS if shares[kind] < peer[kind]} == {}
    assert all(shares[kind] > peer[kind] + 0.5 for kind in BLIND_TO)
