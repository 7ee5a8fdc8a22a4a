"""Lays the households of a commune out in walking order: residential groups, streets, alleys, house numbers."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from ksdb.simulation.sources import Commune

Small = NDArray[np.int16]

PER_GROUP = 120
SEGMENTS = 3
"""Streets (in a phường) or hamlets (in a xã) within one residential group."""


@cache
def streets() -> tuple[str, ...]:
    """Street names that any town of the region has."""
    listed = files("ksdb.simulation").joinpath("reference", "streets.txt")
    return tuple(listed.read_text(encoding="utf-8").split("\n")[:-1])


@dataclass(frozen=True)
class Households:
    """One element per household, in walking order within its commune.

    `commune` indexes the population's communes, `number` starts at 1 in each commune, `street` indexes `streets()`,
    `alley` 0 means none, `first` is the row of the head; the members follow it.
    """

    commune: Small
    number: NDArray[np.int32]
    group: Small
    segment: Small
    street: Small
    alley: Small
    house: Small
    first: NDArray[np.int32]

    def __len__(self) -> int:
        return int(self.number.size)


def laid_out(rng: np.random.Generator, first: NDArray[np.int32]) -> Households:
    """The addresses of the households of one commune."""
    count = first.size
    group, segment = _groups(rng, count)
    block = group.astype(np.int64) * SEGMENTS + segment
    order = rng.permutation(len(streets())).astype(np.int16)
    step = rng.integers(1, 4, count)
    alley = _alleys(rng, count, block)
    return Households(
        commune=np.zeros(count, dtype=np.int16),
        number=np.arange(1, count + 1, dtype=np.int32),
        group=(group + 1).astype(np.int16),
        segment=(segment + 1).astype(np.int16),
        street=order[block // 2 % order.size],
        alley=alley,
        house=_house_numbers(step, block * 1000 + alley),
        first=first,
    )


def _groups(rng: np.random.Generator, count: int) -> tuple[Small, Small]:
    """Groups of about 96 to 144 households, from 0, and the segment of each household in its group."""
    groups = max(1, round(count / PER_GROUP))
    edges = (np.arange(1, groups) + rng.uniform(-0.1, 0.1, groups - 1)) * count / groups
    group = np.searchsorted(edges, np.arange(count), side="right").astype(np.int16)
    starts = np.r_[0, np.ceil(edges).astype(np.int64)]
    lengths = np.bincount(group, minlength=groups)
    within = (np.arange(count) - starts[group]) * SEGMENTS // np.maximum(lengths[group], 1)
    return group, np.clip(within, 0, SEGMENTS - 1).astype(np.int16)


def _alleys(rng: np.random.Generator, count: int, block: NDArray[np.int64]) -> Small:
    """Runs of about ten houses on the street (0) and in a kiệt, whose number grows along the street."""
    run = np.arange(count) // 10
    in_alley = (rng.random(run[-1] + 1) < 0.4)[run]
    along = (run - run[np.searchsorted(block, block)]) * 7 + 5
    return np.where(in_alley, along, 0).astype(np.int16)


def _house_numbers(step: NDArray[np.int64], street: NDArray[np.int64]) -> Small:
    """Numbers that grow, with gaps, along each street and alley."""
    order = np.argsort(street, kind="stable")
    walked = np.cumsum(step[order])
    starts = np.r_[True, street[order][1:] != street[order][:-1]]
    base = np.maximum.accumulate(np.where(starts, walked - step[order], 0))
    house = np.empty(step.size, dtype=np.int16)
    house[order] = walked - base
    return house


def address_text(commune: Commune, households: Households, row: int) -> str:
    """The house as people write it; the group and the commune stand in columns of their own."""
    house, alley = int(households.house[row]), int(households.alley[row])
    if not commune.is_urban:
        return f"Nhà số {house}, xóm {households.segment[row]}"
    street = streets()[households.street[row]]
    return f"{house} kiệt {alley} {street}" if alley else f"{house} {street}"


def group_text(commune: Commune, number: int) -> str:
    return f"Tổ dân phố {number}" if commune.is_urban else f"Thôn {number}"
