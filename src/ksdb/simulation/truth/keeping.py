"""Outbreaks in a file: the infections and of which town they are, which is made again from its seed when scored."""

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ksdb.core.errors import KsdbError
from ksdb.simulation.points import points_of
from ksdb.simulation.population import population_of
from ksdb.simulation.routines import routines_of
from ksdb.simulation.sources import Commune, communes, communes_of
from ksdb.simulation.town import DISTRICT
from ksdb.simulation.truth.outbreak import Infections, World
from ksdb.simulation.truth.proximity import Lived, Town, homes, lived, town_of

PEOPLE_A_POINT = 60
VISITS_PER_PERSON_DAY = 2.5


class OutbreaksStale(KsdbError):
    """The outbreaks in this file belong to another town than this release makes. Run `ksdb simulate outbreak` again."""

    code = "outbreaks_stale"


@dataclass(frozen=True)
class Asked:
    """What the outbreaks were made of: communes (none means the demo's town), days, how many, and the seed."""

    seed: int
    days: int
    count: int
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outbreaks:
    """What was asked for, and who infected whom."""

    asked: Asked
    infections: Infections
    town: str


def world_of(asked: Asked) -> tuple[World, NDArray[np.int32], Town]:
    """The town with its days, and the usual stay at each of its points in milliseconds."""
    chosen = _chosen(asked.codes)
    population = population_of(chosen, seed=asked.seed)
    points = points_of(chosen, seed=asked.seed, count=len(population) // PEOPLE_A_POINT)
    routines = routines_of(population, points, seed=asked.seed)
    town = town_of(population, routines, VISITS_PER_PERSON_DAY)
    days = [lived(town, day) for day in range(asked.days)]
    usual = points.stay.astype(np.int32) * 60_000
    usual.flags.writeable = False
    return World(len(population), days, homes(town)), usual, town


def _chosen(codes: tuple[str, ...]) -> list[Commune]:
    if not codes:
        return list(communes_of(DISTRICT))
    return [commune for commune in communes() if commune.code in codes]


def mark_of(world: World) -> str:
    """What tells this town from any other: a hash of where everybody was and who was near."""
    digest = hashlib.sha256()
    for day in world.days:
        for part in _columns(day):
            digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()


def _columns(day: Lived) -> list[NDArray[np.generic]]:
    return [*(day.stays[name] for name in day.stays.dtype.names or ()), day.low, day.high, day.minutes]


def keep(path: Path, made: Outbreaks) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    asked = asdict(made.asked) | {"codes": ",".join(made.asked.codes)}
    np.savez_compressed(path, infections=made.infections, town=np.array(made.town), **asked)


def kept(path: Path) -> Outbreaks:
    with np.load(path) as file:
        codes = tuple(code for code in str(file["codes"]).split(",") if code)
        asked = Asked(int(file["seed"]), int(file["days"]), int(file["count"]), codes)
        return Outbreaks(asked, file["infections"], str(file["town"]))
