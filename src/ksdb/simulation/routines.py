"""What residents are used to: how much they go out, where they work or learn, which places they favour."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from ksdb.simulation.points import KIND_INDEX, KINDS, Points, outlines
from ksdb.simulation.population import AS_OF, Population
from ksdb.simulation.sources import Commune

Chances = NDArray[np.float64]
Indices = NDArray[np.int32]

ROUTINE_STREAM = 3
URN = 8192
ANCHOR_URN = 2048
KM_PER_DEGREE = 111.2
NEAR_KM = 6.0

WINDOWS = ((300, 425), (425, 510), (515, 660), (665, 780), (785, 915), (920, 1110), (1115, 1290))
"""Seven parts of the day, in minutes, in which somebody may go somewhere: early … evening."""

WORK_WINDOWS = (1, 4)
NEEDED = 10
"""A place must be open for so many minutes of a window to be visited in it."""

DEMAND = {
    "market": (6, 3, 3, 0.3, 0.5, 2.0, 0.0),
    "supermarket": (0, 0.2, 1, 0.5, 1, 2, 2),
    "shop": (0.5, 0.7, 1, 0.8, 1, 1.2, 1),
    "restaurant": (2.5, 2.5, 0.4, 3, 0.5, 1.2, 2.0),
    "cafe": (2.5, 2.5, 1.2, 1.5, 1.2, 1, 2.5),
    "school": (0, 0.02, 0, 0, 0.02, 0.02, 0),
    "hospital": (0.2, 1.2, 1, 0.3, 1, 0.3, 0.2),
    "clinic": (0, 1, 1, 0.2, 1, 0.7, 0.4),
    "pharmacy": (0, 0.7, 1, 0.6, 0.8, 1, 0.8),
    "office": (0, 1.2, 1.2, 0, 1.2, 0.1, 0),
    "workplace": (0.1, 0.3, 0.3, 0.1, 0.3, 0.1, 0),
    "factory": (0.1, 0.05, 0.02, 0.02, 0.05, 0.05, 0.05),
    "pagoda": (1, 0.6, 0.6, 0.2, 0.3, 0.8, 0.8),
    "bus_station": (1, 0.7, 0.4, 0.4, 0.5, 0.6, 0.2),
    "hotel": (0, 0.1, 0.2, 0.3, 0.6, 0.6, 0.6),
    "bank": (0, 0.8, 1.2, 0, 1.2, 0.1, 0),
}
"""How much each kind of place is wanted in each window, by those who are not at work."""

JOBS = {
    "factory": 6.0, "workplace": 4.0, "school": 0.5, "hospital": 1.5, "market": 0.5, "shop": 0.6, "office": 1.5,
    "restaurant": 0.7, "cafe": 0.5, "clinic": 1.0, "pharmacy": 0.5, "bank": 1.5, "hotel": 2.0, "supermarket": 0.8,
}  # fmt: skip
"""Work to be had in a kind of place, next to how much it is visited."""

LEVELS = (("Mầm non", 3, 5), ("Tiểu học", 6, 10), ("THCS", 11, 14), ("THPT", 15, 17))
"""Schools by the word in their name, and the ages that go there."""

GROUPS = ("infant", "pupil", "worker", "at_home", "elder", "old")
WEEKDAY = np.array([
    [0.1, 0.1, 0.2, 0.1, 0.1, 0.3, 0.2],
    [0.3, 3.0, 0.1, 0.3, 2.2, 0.7, 0.4],
    [0.8, 2.6, 0.2, 0.7, 2.2, 1.0, 0.9],
    [1.3, 0.9, 1.2, 0.4, 0.7, 1.1, 0.7],
    [1.1, 0.6, 0.6, 0.1, 0.3, 0.5, 0.2],
    [0.4, 0.2, 0.2, 0.05, 0.1, 0.2, 0.05],
])  # fmt: skip
WEEKEND = np.array([
    [0.2, 0.2, 0.4, 0.2, 0.2, 0.6, 0.5],
    [0.4, 0.5, 0.7, 0.4, 0.5, 0.9, 1.0],
    [1.0, 1.3, 0.9, 0.9, 1.0, 1.2, 1.5],
    [1.3, 1.0, 1.1, 0.6, 0.7, 1.2, 1.0],
    [1.2, 0.7, 0.7, 0.2, 0.3, 0.6, 0.3],
    [0.5, 0.3, 0.3, 0.1, 0.1, 0.2, 0.1],
])  # fmt: skip
"""How likely each group of residents is to go out in each window, before the level is set."""

WORKERS = 0.72
"""Share of those from 18 to 60 who have a place of work with a scanner."""


@dataclass(frozen=True)
class Routines:
    """Arrays per resident (activity, group, home, anchor, favourite by window) and urns of points per home.

    An urn holds each point as often as people of that home go there: a draw is one look-up. `opens` and `closes`
    are minutes of the day by point and window; `x` and `y` kilometres. Anchor -1 means no work or school.
    """

    seed: int
    first_on: date
    activity: NDArray[np.float32]
    group: NDArray[np.int8]
    home: NDArray[np.int16]
    anchor: Indices
    favourite: Indices
    urn: Indices
    opens: NDArray[np.int16]
    closes: NDArray[np.int16]
    points: Points
    x: NDArray[np.float32]
    y: NDArray[np.float32]


def routines_of(population: Population, points: Points, *, seed: int, first_on: date = AS_OF) -> Routines:
    """The habits of all residents; day 0 is `first_on`."""
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(ROUTINE_STREAM,))))
    opens, closes = open_windows(points)
    home = population.commune
    group = _groups(rng, population.age)
    urn = _urns(rng, population.communes, points, closes - opens >= NEEDED)
    middle = points.lat.mean()
    return Routines(
        seed=seed,
        first_on=first_on,
        activity=_activity(rng, group),
        group=group,
        home=home,
        anchor=_anchors(rng, population, points, group),
        favourite=_favourites(rng, urn, home),
        urn=urn,
        opens=opens,
        closes=closes,
        points=points,
        x=(points.lon * KM_PER_DEGREE * np.cos(np.radians(middle))).astype(np.float32),
        y=(points.lat * KM_PER_DEGREE).astype(np.float32),
    )


def open_windows(points: Points) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """When each point is open for arrivals within each window: points × windows, in minutes."""
    starts, ends = np.array(WINDOWS).T
    opens = np.maximum(points.opens[:, None], starts)
    closes = np.minimum(points.closes[:, None] - NEEDED, ends)
    return opens.astype(np.int16), np.maximum(closes, opens).astype(np.int16)


def _groups(rng: np.random.Generator, age: NDArray[np.int16]) -> NDArray[np.int8]:
    group = np.searchsorted((3, 18, 60, 65, 80), age, side="right")
    works = (group == 2) & (rng.random(age.size) < WORKERS)
    table = np.array([0, 1, 3, 3, 4, 5], dtype=np.int8)
    return np.where(works, 2, table[group]).astype(np.int8)


def _activity(rng: np.random.Generator, group: NDArray[np.int8]) -> NDArray[np.float32]:
    return rng.gamma(1.8, 1 / 1.8, group.size).astype(np.float32) + np.float32(0.02)


def _shares(communes: Sequence[Commune], points: Points, near: float) -> tuple[NDArray[np.bool_], Chances]:
    """For each home: which points are in it, and how willingly people go to those outside, by distance."""
    homes = np.array([outlines()[commune.code][2] for commune in communes])
    places = np.array([outlines()[commune.code][2] for commune in points.communes])
    apart = (homes[:, None] - places) * KM_PER_DEGREE * [0.96, 1.0]
    km = np.sqrt((apart**2).sum(axis=2))
    same = np.array([[home.code == place.code for place in points.communes] for home in communes])
    return same[:, points.commune], np.exp(-km / near)[:, points.commune]


def _filled_urn(rng: np.random.Generator, weights: Chances, size: int) -> Indices:
    """Points in random order, each about as often as its weight says; -1 throughout when none is open."""
    total = weights.sum()
    if total <= 0:
        return np.full(size, -1, dtype=np.int32)
    spots = (np.arange(size) + rng.random()) * (total / size)
    found = np.minimum(np.searchsorted(np.cumsum(weights), spots), weights.size - 1).astype(np.int32)
    return rng.permutation(found)


def _mixed(wanted: Chances, own: NDArray[np.bool_], pull: Chances, shares: tuple[float, float, float]) -> Chances:
    """Trips within the commune, to the neighbours and far away, in these shares."""
    parts = (wanted * own, wanted * pull * ~own, wanted * ~own)
    mixed = np.zeros(wanted.size)
    for part, share in zip(parts, shares, strict=True):
        mixed += part * (share / max(part.sum(), 1e-9))
    return mixed


def _urns(rng: np.random.Generator, communes: Sequence[Commune], points: Points, is_open: NDArray[np.bool_]) -> Indices:
    own, pull = _shares(communes, points, NEAR_KM)
    demand = np.array([DEMAND[kind.code] for kind in KINDS])[points.kind]
    wanted = (demand * is_open * points.popularity[:, None]).T
    urns = [
        _filled_urn(rng, _mixed(of_window, own[home], pull[home], (0.70, 0.25, 0.05)), URN)
        for home in range(len(communes))
        for of_window in wanted
    ]
    return np.stack(urns).reshape(len(communes), len(WINDOWS), URN)


def _favourites(rng: np.random.Generator, urn: Indices, home: NDArray[np.int16]) -> Indices:
    spots = rng.integers(0, URN, (len(WINDOWS), home.size), dtype=np.int32)
    return np.stack([urn[home, window, spots[window]] for window in range(len(WINDOWS))])


def _anchors(rng: np.random.Generator, population: Population, points: Points, group: NDArray[np.int8]) -> Indices:
    """The place of work or the school of each resident, or -1."""
    own, pull = _shares(population.communes, points, NEAR_KM)
    anchor = np.full(len(population), -1, dtype=np.int32)
    home = population.commune
    for weights, chosen, shares in _callings(points, population.age, group):
        urns = [
            _filled_urn(rng, _mixed(weights, own[place], pull[place], shares), ANCHOR_URN)
            for place in range(len(population.communes))
        ]
        people = np.flatnonzero(chosen)
        anchor[people] = np.stack(urns)[home[people], rng.integers(0, ANCHOR_URN, people.size)]
    return anchor


Calling = tuple[Chances, NDArray[np.bool_], tuple[float, float, float]]


def _callings(points: Points, age: NDArray[np.int16], group: NDArray[np.int8]) -> list[Calling]:
    """What there is to go to daily: weights by point, who goes, and the shares of home, near and far."""
    popularity = points.popularity.astype(np.float64)
    jobs = np.array([JOBS.get(kind.code, 0.0) for kind in KINDS])[points.kind]
    callings: list[Calling] = [(jobs * popularity, group == 2, (0.45, 0.45, 0.10))]
    is_school = points.kind == KIND_INDEX["school"]
    for word, youngest, oldest in LEVELS:
        fits = np.array([word in name for name in points.name]) & is_school
        callings.append((popularity * fits, (age >= youngest) & (age <= oldest), (0.93, 0.069, 0.001)))
    return callings
