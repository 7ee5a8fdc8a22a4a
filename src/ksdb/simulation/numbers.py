"""Gives people identity and telephone numbers of the right form, each at most once in the province."""

import numpy as np
from numpy.typing import NDArray

from ksdb.simulation.sources import Commune

Integers = NDArray[np.int64]
Text = NDArray[np.bytes_]

HUE = 46
OTHER_PROVINCES = (45, 44, 48, 49, 42, 40, 38, 1, 79, 51)
"""Where people born elsewhere have their number from: the neighbours first."""

BORN_ELSEWHERE = 0.07
PER_BUCKET, PER_CMND, PER_PHONE = 7_000, 21_000, 70_000
"""How many numbers of a kind one commune may use; 141 times this stays below the range."""

MOBILE_PREFIXES = tuple(
    f"0{prefix}"
    for prefix in (*range(32, 40), 52, 56, 58, 59, 70, *range(76, 80), *range(81, 87), 88, 89, 90, 91, *range(92, 100))
)
COMMON = frozenset({"096", "097", "098", "090", "091", "093", "094", "035", "036", "037", "038", "033"})


def written(numbers: Integers, width: int) -> Text:
    """The numbers with leading zeros as ASCII digits."""
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    digits = (numbers[:, None] // powers % 10 + 48).astype(np.uint8)
    return np.ascontiguousarray(digits).view(f"S{width}").ravel()


def rank_within(bucket: Integers) -> Integers:
    """For each element, how many equal ones stand before it."""
    order = np.argsort(bucket, kind="stable")
    arranged = bucket[order]
    starts = np.flatnonzero(np.r_[True, arranged[1:] != arranged[:-1]])
    lengths = np.diff(np.r_[starts, bucket.size])
    ranks = np.empty(bucket.size, dtype=np.int64)
    ranks[order] = np.arange(bucket.size) - np.repeat(starts, lengths)
    return ranks


def id_numbers(
    rng: np.random.Generator, commune: Commune, sex: NDArray[np.int8], born: Integers, age: NDArray[np.int16]
) -> Text:
    """Twelve digits, nine for some of the old, empty for most children; `born` is the year."""
    chance = rng.random(sex.size)
    has_cmnd = chance < _cmnd_share(age)
    has_cccd = ~has_cmnd & (chance < np.where(age < 14, 0.06, np.where(age < 75, 0.97, 0.95)))
    numbers = np.zeros(sex.size, dtype="S12")
    numbers[has_cccd] = _cccd(rng, commune, sex, born)[has_cccd]
    numbers[has_cmnd] = _cmnd(commune, int(has_cmnd.sum()))
    return numbers


def _cmnd_share(age: NDArray[np.int16]) -> NDArray[np.float64]:
    return np.select([age >= 75, age >= 60, age >= 40], [0.45, 0.25, 0.08], 0.0)


def _cccd(rng: np.random.Generator, commune: Commune, sex: NDArray[np.int8], born: Integers) -> Text:
    """Province, century and sex, year of birth, six digits: the rule of Decree 137/2015."""
    elsewhere = rng.random(sex.size) < BORN_ELSEWHERE
    near = np.minimum(rng.geometric(0.3, sex.size) - 1, len(OTHER_PROVINCES) - 1)
    province = np.where(elsewhere, np.array(OTHER_PROVINCES)[near], HUE)
    bucket = (sex + 2 * (born >= 2000)) * 100 + born % 100
    serial = _scattered(commune.index * PER_BUCKET + rank_within(bucket) + bucket * 31_337, 387_421, 1_000_000)
    return written(province * 10**9 + bucket * 10**6 + serial, 12)


def _scattered(slot: Integers, factor: int, size: int) -> Integers:
    """One to one within the range, and looking random."""
    return (slot * factor + 314_159) % size


def _cmnd(commune: Commune, count: int) -> Text:
    """Nine digits from 190 to 192, the old numbers of the province."""
    slot = commune.index * PER_CMND + np.arange(count, dtype=np.int64)
    return written(190_000_000 + _scattered(slot, 1_234_567, 3_000_000), 9)


def phones(rng: np.random.Generator, commune: Commune, age: NDArray[np.int16], head: Integers) -> Text:
    """Ten digits or empty; a few share the telephone of the head of the household, whose row `head` gives."""
    share = np.select([age < 10, age < 15, age < 65, age < 75], [0.0, 0.1, 0.75, 0.45], 0.2)
    chance = rng.random(age.size)
    weights = np.array([3.0 if prefix in COMMON else 1.0 for prefix in MOBILE_PREFIXES])
    prefix = rng.choice(np.array([int(each) for each in MOBILE_PREFIXES]), age.size, p=weights / weights.sum())
    slot = commune.index * PER_PHONE + np.arange(age.size, dtype=np.int64)
    numbers = written(prefix * 10**7 + _scattered(slot, 2_718_281, 10**7), 10)
    shared = np.flatnonzero((chance < 0.02) & (age >= 10))
    numbers[chance >= share] = b""
    numbers[shared] = numbers[head[shared]]
    return numbers
