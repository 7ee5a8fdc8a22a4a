"""Weighs the household sketches so that the people of a stratum come out as the census counted them."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ksdb.simulation.families import LARGEST, Sketches, sketches
from ksdb.simulation.sizes import sizes_of
from ksdb.simulation.sources import AGE_GROUPS, age_sex_table, communes

Array = NDArray[np.float64]

STEPS = 40
CLOSE = 2e-4
RIDGE = 1e-3
"""Keeps the solution finite where no sketch can supply an age the census has."""

COLLECTIVE_AGES = ((15, 0.04), (18, 0.72), (25, 0.12), (40, 0.08), (65, 0.04))
"""Ages in dormitories, pagodas and homes: from the age on, the share; the last span ends at 85."""


@dataclass(frozen=True)
class Raked:
    """For each household size, the cumulative odds of its sketches in one stratum."""

    odds: dict[int, Array]


def age_group(age: NDArray[np.int16]) -> NDArray[np.int16]:
    return np.minimum(age // 5, AGE_GROUPS - 1).astype(np.int16)


@cache
def _features(size: int) -> Array:
    """Sketches × 40: how many members fall in each age group and sex."""
    sketch = sketches(size)
    cell = age_group(sketch.age) * 2 + sketch.sex
    counts = np.zeros((cell.shape[0], AGE_GROUPS * 2))
    np.add.at(counts, (np.arange(cell.shape[0])[:, None], cell), 1.0)
    return counts


@cache
def raked(stratum: str) -> Raked:
    """Newton's method on the dual of the raking; always over all communes of the stratum, whatever is asked for."""
    households, collective = _households_of(stratum)
    target = _target(stratum, households, collective)
    slopes = np.zeros(AGE_GROUPS * 2)
    for _ in range(STEPS):
        step, miss = _newton_step(slopes, households, target)
        if miss < CLOSE:
            break
        slopes = slopes + step
    return Raked({size: np.cumsum(_weights(size, slopes)) for size in households})


def _households_of(stratum: str) -> tuple[dict[int, int], int]:
    """Ordinary households by size, and how many people live in collective ones."""
    plans = [sizes_of(commune) for commune in communes() if commune.stratum == stratum]
    ordinary = {size: sum(plan.ordinary[size] for plan in plans) for size in range(1, LARGEST + 1)}
    return ordinary, sum(sum(plan.collective) for plan in plans)


def _target(stratum: str, households: dict[int, int], collective: int) -> Array:
    table = age_sex_table()[stratum]
    people = sum(size * count for size, count in households.items())
    elsewhere = collective_ages()[:, None] * 0.5 * collective * table.sum() / (people + collective)
    left = np.maximum(table - elsewhere, table * 0.2).ravel()
    scaled: Array = left * (people / left.sum())
    return scaled


@cache
def collective_ages() -> Array:
    """Share of each age group among people in collective households."""
    shares = np.zeros(AGE_GROUPS * 5)
    ends = [start for start, _ in COLLECTIVE_AGES[1:]] + [85]
    for (start, share), end in zip(COLLECTIVE_AGES, ends, strict=True):
        shares[start:end] += share / (end - start)
    grouped: Array = shares.reshape(AGE_GROUPS, 5).sum(axis=1)
    return grouped


def _weights(size: int, slopes: Array) -> Array:
    score = _features(size) @ slopes
    weight = sketches(size).weight * np.exp(score - score.max())
    share: Array = weight / weight.sum()
    return share


def _newton_step(slopes: Array, households: dict[int, int], target: Array) -> tuple[Array, float]:
    expected = np.zeros(slopes.size)
    curve = np.zeros((slopes.size, slopes.size))
    for size, count in households.items():
        weight, features = _weights(size, slopes), _features(size)
        mean = weight @ features
        expected += count * mean
        curve += count * ((features * weight[:, None]).T @ features - np.outer(mean, mean))
    scale = target.sum()
    gradient = (target - expected) / scale - RIDGE * slopes / scale
    step = np.linalg.solve(curve / scale + 1e-7 * np.eye(slopes.size), gradient)
    return _bounded(step), float(np.abs(gradient).sum())


def _bounded(step: Array) -> Array:
    """Newton overshoots from far away; no slope moves by more than one at a time."""
    largest = float(np.abs(step).max())
    return step if largest <= 1 else step / largest


def drawn_sketches(rng: np.random.Generator, stratum: str, size: int, count: int) -> NDArray[np.intp]:
    """Indices of `count` sketches, drawn systematically so that a small commune is no stranger than a large one."""
    spots = (np.arange(count) + rng.random()) / max(count, 1)
    order = _by_age_of_head(size)
    odds = np.cumsum(np.diff(raked(stratum).odds[size], prepend=0.0)[order])
    found = np.searchsorted(odds, spots * odds[-1])
    chosen: NDArray[np.intp] = order[np.minimum(found, order.size - 1)]
    return chosen


@cache
def _by_age_of_head(size: int) -> NDArray[np.intp]:
    sketch: Sketches = sketches(size)
    return np.lexsort((sketch.age.sum(axis=1), sketch.age[:, 0]))
