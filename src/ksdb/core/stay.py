"""Stays inferred from scans: the meaning that both tracing engines must have. Times are integers of one unit.

A scan opens a segment at its point. The segment ends with the resident's next scan, wherever that is, or after the
point's usual stay, whichever is first; if the next scan is an exit at the same point within LONGEST_STAY, the exit
ends it, and the end is observed. Segments at one point that touch are one stay, unless an exit ended the earlier.
A segment without length is none. A scan whose dispute was accepted is none either: whoever hands over scans leaves it
out.

Scans of one instant are in the order in which devices counted them: a resident's scans are ordered by (scanned_at,
sequence, device_id), here and in SQL.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise, zip_longest

LONGEST_STAY = timedelta(hours=16)
"""An exit later than this after the entry belongs to another entry that was never scanned."""


@dataclass(frozen=True, slots=True)
class Scan:
    """One visit of one resident. It has no order of its own: scans are handed over in theirs (see above)."""

    at: int
    point: int
    is_exit: bool = False


@dataclass(frozen=True, slots=True)
class Stay:
    """`[arrived, departed)` at a point; `is_observed` says that an exit was scanned."""

    point: int
    arrived: int
    departed: int
    is_observed: bool = False


def stays_of(scans: Sequence[Scan], usual: Callable[[int], int], longest: int) -> list[Stay]:
    """The stays of one resident, by arrival. `scans` are in their order; `usual(point)` and `longest` in its unit."""
    return list(_merged(_segments(scans, usual, longest)))


def windows_of(scans: Sequence[Scan], window: Callable[[int], int]) -> list[Stay]:
    """Each scan, an exit too, stands for `[at, at + window(point))` there; what touches is one. In order of arrival.

    Two of these overlap exactly where two scans lie less than the window apart. Nothing of it is observed.
    """
    open_at: dict[int, Stay] = {}
    done: list[Stay] = []
    for scan in scans:
        before, ends = open_at.get(scan.point), scan.at + window(scan.point)
        if before and scan.at <= before.departed:
            open_at[scan.point] = replace(before, departed=ends)
            continue
        done += [before] if before else []
        open_at[scan.point] = Stay(scan.point, scan.at, ends)
    return sorted([*done, *open_at.values()], key=lambda stay: (stay.arrived, stay.point))


def _segments(scans: Sequence[Scan], usual: Callable[[int], int], longest: int) -> Iterator[Stay]:
    for scan, after in zip_longest(scans, scans[1:]):
        if scan.is_exit:
            continue
        stay = _segment(scan, after, usual(scan.point), longest)
        if stay.arrived < stay.departed:
            yield stay


def _segment(scan: Scan, after: Scan | None, usual: int, longest: int) -> Stay:
    expected = scan.at + usual
    if after is None:
        return Stay(scan.point, scan.at, expected)
    if after.is_exit and after.point == scan.point and after.at - scan.at <= longest:
        return Stay(scan.point, scan.at, after.at, is_observed=True)
    return Stay(scan.point, scan.at, min(expected, after.at))


def _merged(segments: Iterable[Stay]) -> Iterator[Stay]:
    segments = list(segments)
    if not segments:
        return
    open_stay = segments[0]
    for before, segment in pairwise(segments):
        if before.departed == segment.arrived and before.point == segment.point and not before.is_observed:
            open_stay = replace(open_stay, departed=segment.departed, is_observed=segment.is_observed)
        else:
            yield open_stay
            open_stay = segment
    yield open_stay
