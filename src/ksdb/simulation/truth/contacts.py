"""Measured face-to-face contacts (SocioPatterns): what scans at doors would have found of them.

The badges say who faced whom within a metre and a half, every 20 seconds; they say nothing of places. So we suppose
that somebody is there from his first contact of a spell to his last, that spells have gaps of an hour between them,
and that the door is that of the whole building or, in the school, of the classroom of one's own class.
"""

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np

from ksdb.core.copresence import OverlapRule, copresences
from ksdb.core.stay import LONGEST_STAY, Scan, Stay, stays_of
from ksdb.simulation.truth.scoring import NEAR_MINUTES, SHARES

SECOND, MINUTE, DAY = 1, 60, 86_400
STEP = 20
SPELL_GAP = 60 * MINUTE
DRAWS = 20
EVER = (0, 1 << 40)
Pair = tuple[str, str, int]
"""Two people, in order, on a day."""


@dataclass(frozen=True)
class Setting:
    """A file of contacts: what was measured, the places one may scan at, and the usual stay in seconds."""

    file: str
    name: str
    doors: tuple[str, ...]
    usual: int


SETTINGS = (
    Setting("sp_hospital_LH10.csv.gz", "hospital ward, Lyon 2010", ("ward",), 75 * MINUTE),
    Setting("sp_highschool_2012.csv.gz", "high school, Marseilles 2012", ("school", "class"), 240 * MINUTE),
)


@dataclass(frozen=True)
class Facing:
    """One step of 20 seconds in which two people faced each other, and the classes they are of."""

    at: int
    one: str
    other: str
    classes: tuple[str, str]


@dataclass(frozen=True)
class Door:
    """How somebody comes and goes: through which door, and whether leaving is scanned as well."""

    place: str
    with_exits: bool


@dataclass(frozen=True)
class Found:
    """Of one setting, door, rule and share not scanned: pairs on a day, listed and true."""

    setting: Setting
    people: int
    door: Door
    rule: str
    share: float
    listed: int
    recall: float
    precision: float
    precision_any: float


RULES = (("overlap-15", OverlapRule(15 * MINUTE)), ("overlap-10", OverlapRule(10 * MINUTE)), ("same-day", None))


def facings(path: Path) -> list[Facing]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return [_facing(row) for row in csv.DictReader(file)]


def _facing(row: dict[str, str]) -> Facing:
    (one, first), (other, second) = sorted(((row["i"], row["ci"]), (row["j"], row["cj"])))
    return Facing(int(row["t"]), one, other, (first, second))


def scored(folder: Path) -> Iterator[Found]:
    """Everything that can be said of the files there are."""
    for setting in SETTINGS:
        path = folder / setting.file
        if path.exists():
            yield from _scored(setting, facings(path))


def _scored(setting: Setting, seen: Sequence[Facing]) -> Iterator[Found]:
    minutes = together(seen)
    close = {pair for pair, length in minutes.items() if length >= NEAR_MINUTES}
    people = sorted({one for pair in minutes for one in pair[:2]})
    for place in setting.doors:
        for with_exits in (False, True):
            door = Door(place, with_exits)
            stays = stays_through(door, seen, setting.usual)
            for name, rule in RULES:
                listed = pairs_by(stays, rule)
                for share in SHARES:
                    recall = _recall(listed & close, len(close), people, share)
                    precise = len(listed & close) / len(listed), len(listed & set(minutes)) / len(listed)
                    yield Found(setting, len(people), door, name, share, len(listed), recall, *precise)


def together(seen: Sequence[Facing]) -> dict[Pair, float]:
    """Minutes face to face of each pair on each day."""
    found: dict[Pair, float] = defaultdict(float)
    for facing in seen:
        found[facing.one, facing.other, facing.at // DAY] += STEP / MINUTE
    return dict(found)


def stays_through(door: Door, seen: Sequence[Facing], usual: int) -> dict[str, list[Stay]]:
    """By person, what core makes of the scans: one as a spell begins, and one as it ends where leaving is scanned."""
    times: dict[str, set[int]] = defaultdict(set)
    home: dict[str, str] = {}
    for facing in seen:
        for who, group in zip((facing.one, facing.other), facing.classes, strict=True):
            times[who].add(facing.at)
            home[who] = group if door.place == "class" else door.place
    places = {name: number for number, name in enumerate(sorted(set(home.values())))}
    return {
        who: stays_of(
            list(_scans(sorted(at), places[home[who]], door.with_exits)),
            lambda _: usual,
            int(LONGEST_STAY.total_seconds()),
        )
        for who, at in times.items()
    }


def _scans(times: Sequence[int], place: int, with_exits: bool) -> Iterator[Scan]:
    begins = [0, *(n for n in range(1, len(times)) if times[n] - times[n - 1] > SPELL_GAP), len(times)]
    for first, end in pairwise(begins):
        yield Scan(times[first], place)
        if with_exits:
            yield Scan(times[end - 1] + STEP, place, is_exit=True)


def pairs_by(stays: dict[str, list[Stay]], rule: OverlapRule | None) -> set[Pair]:
    """Pairs on a day by the rule; without one, whoever was scanned at one place on one day."""
    if rule is None:
        return set(_same_day(stays))
    return {
        (one, other, day)
        for one, other in combinations(sorted(stays), 2)
        for met in copresences(stays[one], stays[other], EVER, rule)
        for day in _days(met.started, met.ended)
    }


def _same_day(stays: dict[str, list[Stay]]) -> Iterator[Pair]:
    present: dict[tuple[int, int], set[str]] = defaultdict(set)
    for who, theirs in stays.items():
        for stay in theirs:
            for day in _days(stay.arrived, stay.departed):
                present[stay.point, day].add(who)
    for (_, day), people in present.items():
        for one, other in combinations(sorted(people), 2):
            yield one, other, day


def _days(begin: int, end: int) -> range:
    """Night shifts are of two days."""
    return range(begin // DAY, (end - 1) // DAY + 1)


def _recall(found: set[Pair], close: int, people: Sequence[str], share: float) -> float:
    """Both must be scanned: the mean of some draws of who never is."""
    rng = np.random.default_rng(int(share * 100))
    recalls = []
    for _ in range(DRAWS if share else 1):
        scanned = {who for who, lot in zip(people, rng.random(len(people)), strict=True) if lot >= share}
        recalls.append(sum(one in scanned and other in scanned for one, other, _ in found) / close)
    return float(np.mean(recalls))
