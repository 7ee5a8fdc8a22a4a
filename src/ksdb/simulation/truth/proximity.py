"""True proximity in an invented town: who was within reach of whom inside the places, day by day.

A point is not one room: it has spots (a table, a queue, a part of a classroom). Regulars have their own, others take
any. Who is at the same spot at the same time is near. Scanners know of points alone, as real ones do.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ksdb.simulation.movement import MINUTE, presences_of_day
from ksdb.simulation.points import KINDS
from ksdb.simulation.population import Population
from ksdb.simulation.routines import Routines
from ksdb.tracing.presence.compiled import compiled

Indices = NDArray[np.int32]

SPOT_STREAM = 6
AT_A_SPOT = {
    "market": 3, "supermarket": 2, "shop": 2, "restaurant": 3, "cafe": 3, "school": 6, "hospital": 3, "clinic": 3,
    "pharmacy": 2, "office": 3, "workplace": 3, "factory": 4, "pagoda": 3, "bus_station": 3, "hotel": 1, "bank": 2,
}  # fmt: skip
"""How many people are near one another on an average moment, by kind of place. Ours: nobody has measured it in Huế."""
SHORTEST = MINUTE
AT_HOME = 6
"""With so many others of his household somebody is near at home, at most: dormitories hold sixty."""


@dataclass(frozen=True)
class Town:
    """Residents with their habits and homes, how much they go out, and the spots of each point."""

    routines: Routines
    household: Indices
    visits_per_person_day: float
    first_spot: Indices
    seat: Indices


@dataclass(frozen=True)
class Lived:
    """A day: the true stays, and each pair that was near outside of home, low number first, with its minutes."""

    stays: NDArray[np.void]
    low: Indices
    high: Indices
    minutes: NDArray[np.float32]


def town_of(population: Population, routines: Routines, visits_per_person_day: float) -> Town:
    """The town, its spots as many as the first day's visitors need."""
    stays = presences_of_day(routines, 0, visits_per_person_day=visits_per_person_day)
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence(routines.seed, spawn_key=(SPOT_STREAM,))))
    spots = np.cumsum(np.append(0, _spots(stays, routines)))
    seat = rng.integers(0, 1 << 30, routines.activity.size, dtype=np.int32)
    return Town(routines, population.household, visits_per_person_day, spots.astype(np.int32), seat)


def _spots(stays: NDArray[np.void], routines: Routines) -> NDArray[np.int64]:
    """Of each point: people present on average while anybody is, by how many share a spot in that kind of place."""
    points = len(routines.points)
    begins, ends = np.full(points, np.iinfo(np.int64).max), np.zeros(points, np.int64)
    np.minimum.at(begins, stays["point"], stays["arrived"])
    np.maximum.at(ends, stays["point"], stays["departed"])
    spent = np.bincount(stays["point"], stays["departed"] - stays["arrived"], points)
    share = np.array([AT_A_SPOT[kind.code] for kind in KINDS])[routines.points.kind]
    present = spent / np.maximum(ends - begins, 1)
    return np.maximum(1, np.round(present / share)).astype(np.int64)


def lived(town: Town, day: int) -> Lived:
    """What truly happened on a day; the same whenever it is asked for."""
    stays = presences_of_day(town.routines, day, visits_per_person_day=town.visits_per_person_day)
    stream = np.random.SeedSequence(town.routines.seed, spawn_key=(SPOT_STREAM, day))
    rng = np.random.Generator(np.random.PCG64(stream))
    spot = _spot(town, stays, rng)
    order = np.lexsort((stays["arrived"], spot))
    came, left = stays["arrived"][order], stays["departed"][order]
    pairs, minutes = _near(spot[order], stays["resident"][order], came, left)
    pair, place = np.unique(pairs, return_inverse=True)
    together = np.bincount(place, minutes, pair.size).astype(np.float32)
    return Lived(stays, (pair >> 32).astype(np.int32), (pair & 0xFFFFFFFF).astype(np.int32), together)


def _spot(town: Town, stays: NDArray[np.void], rng: np.random.Generator) -> Indices:
    """Regulars sit where they always sit."""
    point, resident = stays["point"], stays["resident"]
    first, count = town.first_spot[point], np.diff(town.first_spot)[point]
    any_spot = rng.integers(0, 1 << 30, stays.size, dtype=np.int32)
    is_regular = town.routines.anchor[resident] == point
    spots: Indices = first + np.where(is_regular, town.seat[resident], any_spot) % count
    return spots


def homes(town: Town) -> tuple[Indices, Indices]:
    """Pairs of one household; residents stand by household."""
    low, high, people = [], [], town.household.size
    for step in range(1, AT_HOME + 1):
        first = np.flatnonzero(town.household[: people - step] == town.household[step:])
        low.append(first)
        high.append(first + step)
    return np.concatenate(low).astype(np.int32), np.concatenate(high).astype(np.int32)


@compiled
def _near(
    spot: Indices, who: Indices, came: NDArray[np.int64], left: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:  # pragma: no cover
    """Each overlap at one spot: the two in one number, and minutes. Stays are in order of spot and arrival."""
    room, found = 1024, 0
    pairs, minutes = np.empty(room, np.int64), np.empty(room, np.float64)
    for one in range(spot.size):
        other = one + 1
        while other < spot.size and spot[other] == spot[one] and came[other] < left[one]:
            overlap = min(left[one], left[other]) - came[other]
            if overlap >= SHORTEST and who[one] != who[other]:
                if found == room:
                    room *= 2
                    pairs, minutes = _wider(pairs, minutes, room)
                low, high = min(who[one], who[other]), max(who[one], who[other])
                pairs[found], minutes[found] = (np.int64(low) << 32) | high, overlap / MINUTE
                found += 1
            other += 1
    return pairs[:found], minutes[:found]


@compiled
def _wider(
    pairs: NDArray[np.int64], minutes: NDArray[np.float64], room: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:  # pragma: no cover
    more_pairs, more_minutes = np.empty(room, np.int64), np.empty(room, np.float64)
    more_pairs[: pairs.size], more_minutes[: minutes.size] = pairs, minutes
    return more_pairs, more_minutes
