"""Real check-ins (Foursquare, New York 2012): how much of what a trace says hangs on the usual stays it supposes.

Nobody knows who truly met whom among them. What can be seen is how often the next check-in cuts a stay short, and how
the number of co-presences moves when the usual stay is halved or doubled.
"""

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

from ksdb.core.copresence import OverlapRule, copresences
from ksdb.core.stay import LONGEST_STAY, Scan, Stay, stays_of

FILE = "foursquare_nyc193.csv.gz"
MINUTE, HOUR, DAY = 60, 3600, 86_400
USUAL_MINUTES = {
    "Residence": 480, "College & University": 240, "Professional & Other Places": 240, "Food": 45,
    "Nightlife Spot": 120, "Arts & Entertainment": 120, "Outdoors & Recreation": 60, "Shop & Service": 25,
    "Travel & Transport": 15,
}  # fmt: skip
"""Ours, by kind of place, as the types of scan points have them."""
OTHER_MINUTES = 45
FACTORS = (0.5, 1.0, 2.0)
EVER = (0, 1 << 40)


@dataclass(frozen=True)
class CheckIn:
    """Somebody's check-in at a venue; seconds of local time."""

    who: str
    venue: int
    at: int
    kind: str


@dataclass(frozen=True)
class Supposed:
    """With usual stays times a factor: stays, how many the next check-in cut, and pairs of people by rule."""

    factor: float
    stays: int
    cut: int
    overlap_15: int
    overlap_10: int


@dataclass(frozen=True)
class Seen:
    """The file as a whole: the size of it, pairs by rules that suppose no stay, and those that do."""

    check_ins: int
    people: int
    venues: int
    same_day: int
    within_hour: int
    supposed: tuple[Supposed, ...]


def check_ins(path: Path) -> list[CheckIn]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = [
            CheckIn(row["user"], int(row["venue"]), _seconds(row["date_time"]), row["category_root"])
            for row in csv.DictReader(file)
        ]
    return sorted(rows, key=lambda row: row.at)


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def seen(folder: Path) -> Seen | None:
    """None where the file is absent."""
    return seen_in(check_ins(folder / FILE)) if (folder / FILE).exists() else None


def seen_in(rows: Sequence[CheckIn]) -> Seen:
    return Seen(
        len(rows),
        len({row.who for row in rows}),
        len({row.venue for row in rows}),
        len(set(_close(rows, DAY, by_day=True))),
        len(set(_close(rows, HOUR))),
        tuple(_supposed(rows, factor) for factor in FACTORS),
    )


def _close(rows: Sequence[CheckIn], within: int, *, by_day: bool = False) -> Iterator[tuple[str, str, int]]:
    """Pairs on a day that checked in at one venue so close in time."""
    by_venue: dict[int, list[CheckIn]] = defaultdict(list)
    for row in rows:
        by_venue[row.venue].append(row)
    for theirs in by_venue.values():
        for one, other in combinations(theirs, 2):
            near = one.at // DAY == other.at // DAY if by_day else other.at - one.at < within
            if near and one.who != other.who:
                first, second = sorted((one.who, other.who))
                yield first, second, one.at // DAY


def _supposed(rows: Sequence[CheckIn], factor: float) -> Supposed:
    usual = {row.venue: round(USUAL_MINUTES.get(row.kind, OTHER_MINUTES) * MINUTE * factor) for row in rows}
    scans: dict[str, list[Scan]] = defaultdict(list)
    for row in rows:
        scans[row.who].append(Scan(row.at, row.venue))
    longest = int(LONGEST_STAY.total_seconds())
    stays = {who: stays_of(theirs, usual.__getitem__, longest) for who, theirs in scans.items()}
    cut = sum(stay.departed - stay.arrived < usual[stay.point] for theirs in stays.values() for stay in theirs)
    pairs = [len(_met(stays, OverlapRule(least * MINUTE))) for least in (15, 10)]
    return Supposed(factor, sum(map(len, stays.values())), cut, *pairs)


def _met(stays: dict[str, list[Stay]], rule: OverlapRule) -> set[tuple[str, str, int]]:
    """Pairs on a day. Venue by venue, as most people never share one."""
    at_venue: dict[int, dict[str, list[Stay]]] = defaultdict(lambda: defaultdict(list))
    for who, theirs in stays.items():
        for stay in theirs:
            at_venue[stay.point][who].append(stay)
    return {
        (one, other, met.started // DAY)
        for people in at_venue.values()
        for one, other in combinations(sorted(people), 2)
        for met in copresences(people[one], people[other], EVER, rule)
    }
