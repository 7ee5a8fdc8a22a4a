"""Rules that make contacts of scans, over the presence index: those of the trace, and cruder ones to compare with."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ksdb.simulation.movement import LOCAL_OFFSET, MINUTE
from ksdb.simulation.truth.proximity import Lived
from ksdb.tracing.presence.index import Index, Rule, in_order
from ksdb.tracing.presence.segment import (
    DAY_MS,
    Ints,
    Neighbours,
    Rows,
    Scans,
    Segment,
    Stays,
    by_point,
    empty_scans,
    scans_of_rows,
    stays_of_scans,
)
from ksdb.tracing.presence.walk import Stayed, gather

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Counting:
    """What counts as a contact. With a `window` each scan stands for so many milliseconds, or for its day."""

    name: str
    meaning: str
    least: int = 0
    window: int = 0

    @property
    def rule(self) -> Rule:
        return Rule(self.least)


COUNTINGS = (
    Counting("overlap-15", "stays overlap 15 minutes or more", 15 * MINUTE),
    Counting("overlap-10", "stays overlap 10 minutes or more", 10 * MINUTE),
    Counting("national-2022", "both scanned less than an hour apart", window=60 * MINUTE),
    Counting("same-day", "both scanned there on that day", window=DAY_MS),
)


class Windows(Index):
    """An index in which each scan stands for a window of time, whatever came after it."""

    window: int = 0

    def stays(self, residents: Ints) -> Stayed:
        gathered = in_order([gather(segment.scans, residents, self.replaced) for segment in self.days])
        arrived, departed = _window(gathered.at, self.window)
        none = np.zeros(gathered.at.size, np.bool_)
        return Stayed(gathered.owner, gathered.what >> 1, arrived, departed, none, none)


def index_of(days: Sequence[Lived], usual: Ints, scanned: Flags, counting: Counting) -> Index:
    """What the scanners saw of the days: of those scanned each arrival, and some departures. Points count from 0."""
    bases = [_midnight(day) for day in days]
    scans = [scans_of_rows(_rows(day, scanned), base) for day, base in zip(days, bases, strict=True)]
    if counting.window:
        found = Windows([Segment(one, _windows(one, usual.size, counting.window)) for one in scans], usual)
        found.window = counting.window
        return found
    around = [empty_scans(bases[0] - DAY_MS), *scans, empty_scans(bases[-1] + DAY_MS)]
    near = [Neighbours(around[n], own, around[n + 2], 0, DAY_MS) for n, own in enumerate(scans)]
    return Index([Segment(one.own, stays_of_scans(one, usual)) for one in near], usual)


def _midnight(day: Lived) -> int:
    local = int(day.stays["arrived"].min()) + LOCAL_OFFSET
    return local - local % DAY_MS - LOCAL_OFFSET


def _rows(day: Lived, scanned: Flags) -> Rows:
    seen = day.stays[scanned[day.stays["resident"]]]
    out = seen[seen["is_exit_scanned"]]
    at = np.concatenate([seen["arrived"], out["departed"]])
    order = np.argsort(at, kind="stable")
    both = np.concatenate([seen, out])[order]
    is_exit = (np.arange(at.size) >= seen.size)[order]
    who, point = both["resident"].copy(), both["point"].copy()
    return Rows(who, at[order], point, is_exit, np.arange(at.size), point)


def _window(at: NDArray[np.int64], window: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """An hour from the scan on, say; a window of a day is the day of the province."""
    if window < DAY_MS:
        return at, at + window
    begins = at - (at + LOCAL_OFFSET) % DAY_MS
    return begins, begins + DAY_MS


def _windows(scans: Scans, points: int, window: int) -> Stays:
    who = np.repeat(np.arange(scans.offsets.size - 1, dtype=np.int32), np.diff(scans.offsets))
    arrived, departed = (
        (side - scans.base).astype(np.int32) for side in _window(scans.at.astype(np.int64) + scans.base, window)
    )
    return by_point((scans.what >> 1, arrived, departed, who << 2), (scans.base, 0, DAY_MS), points)
