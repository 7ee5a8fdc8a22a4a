"""One segment of the index: scans by resident, stays by point, as arrays of 32-bit integers.

Times are milliseconds from the segment's base. Segments are made in two steps: the scans of a day from that day's rows
alone; then the stays, which may depend on scans of the days beside it, as far as a stay can reach.

A stay lies in the segment of the day in which it begins. Scans that touch are one stay (core.stay); where such a chain
goes on over midnight, its parts lie in the segments of both days, each marked as part, and a trace puts them together.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ksdb.tracing.presence.compiled import compiled

Ints = NDArray[np.int32]
DAY_MS = 86_400_000
LONGEST_MS = 16 * 3_600_000
REACH_MS = DAY_MS
"""No stay depends on scans farther away than this; a usual stay may not be longer."""
MOST_RESIDENTS = 1 << 29
PART, OBSERVED = 1, 2
WHO_SHIFT = 2
"""`who` is a resident's number shifted by this, with OBSERVED and PART below it."""


class Rows(NamedTuple):
    """Visits as they come, of known residents, in any order; `at` in milliseconds of the epoch."""

    who: Ints
    at: NDArray[np.int64]
    point: Ints
    is_exit: NDArray[np.bool_]
    sequence: NDArray[np.int64]
    device: Ints


class Scans(NamedTuple):
    """Scans by resident in the order of core.stay; `what` is the point shifted by one, with 1 for an exit."""

    base: int
    offsets: Ints
    at: Ints
    what: Ints


class Stays(NamedTuple):
    """Stays by point and arrival, which lie in `[first, until)`; `longest` is the longest stay of each point."""

    base: int
    first: int
    until: int
    offsets: Ints
    longest: Ints
    arrived: Ints
    departed: Ints
    who: Ints


class Segment(NamedTuple):
    """Both sides of one segment."""

    scans: Scans
    stays: Stays

    @property
    def byte_count(self) -> int:
        return sum(array.nbytes for array in (*self.scans[1:], *self.stays[3:]))


class Neighbours(NamedTuple):
    """The scans of a day between those of the days beside it, and `[first, until)`, the arrivals that are its own."""

    before: Scans
    own: Scans
    after: Scans
    first: int
    until: int


def empty_scans(base: int) -> Scans:
    return Scans(base, _frozen(np.zeros(1, np.int32)), *(_frozen(np.zeros(0, np.int32)) for _ in range(2)))


def scans_of_rows(rows: Rows, base: int) -> Scans:
    """The rows by resident. A resident's number beyond 2^29 is refused with a ValueError."""
    if not rows.who.size:
        return empty_scans(base)
    if int(rows.who.max()) >= MOST_RESIDENTS:
        raise ValueError("a resident's number is too large for the index")
    offsets, order = _order(rows.who, rows.at, rows.sequence, rows.device)
    at, what = _picked(rows.at, rows.point, rows.is_exit, (order, base))
    return Scans(base, _frozen(offsets), _frozen(at), _frozen(what))


def stays_of_scans(near: Neighbours, usual_ms: Ints) -> Stays:
    """The stays that begin in the segment. `usual_ms` is indexed by point."""
    usual_ms = reaching(usual_ms, near.before.what, near.own.what, near.after.what)
    return by_point(_stays(near, usual_ms), (near.own.base, near.first, near.until), usual_ms.size)


def by_point(found: tuple[Ints, Ints, Ints, Ints], span: tuple[int, int, int], points: int) -> Stays:
    """Stays, given as point, arrival, departure and who, in their order; the span is base, first and until."""
    point, arrived, departed, who = found
    offsets, longest, order = _by_point(point, arrived, departed, points)
    parts = (offsets, longest, arrived[order], departed[order], who[order])
    return Stays(*span, *(_frozen(part) for part in parts))


def reaching(usual_ms: Ints, *whats: Ints) -> Ints:
    """The usual stays, with nothing for points beyond them: a scan at a point nobody registered is no stay."""
    most = max((int(what.max()) >> 1 for what in whats if what.size), default=0)
    return usual_ms if most < usual_ms.size else _frozen(np.pad(usual_ms, (0, most + 1 - usual_ms.size)))


def _frozen(array: NDArray[Any]) -> Ints:
    """Arrays of files cannot be written to; others are made alike, so that machine code is made for one kind."""
    array.flags.writeable = False
    return array


@compiled
def _order(
    who: Ints, at: NDArray[np.int64], sequence: NDArray[np.int64], device: Ints
) -> tuple[Ints, Ints]:  # pragma: no cover
    """Offsets by resident, and the rows in the order of resident, instant, sequence and device."""
    offsets = np.zeros(who.max() + 2, np.int32)
    for row in range(who.size):
        offsets[who[row] + 1] += 1
    for number in range(1, offsets.size):
        offsets[number] += offsets[number - 1]
    filled = offsets[:-1].copy()
    order = np.empty(who.size, np.int32)
    for row in range(who.size):
        resident = who[row]
        place = filled[resident]
        filled[resident] = place + 1
        # Rows come nearly in the order of time, so that this looks at few of a resident's others.
        while place > offsets[resident]:
            other = order[place - 1]
            is_later = at[other] > at[row] or (
                at[other] == at[row]
                and (
                    sequence[other] > sequence[row]
                    or (sequence[other] == sequence[row] and device[other] > device[row])
                )
            )
            if not is_later:
                break
            order[place] = other
            place -= 1
        order[place] = row
    return offsets, order


@compiled
def _picked(
    at: NDArray[np.int64], point: Ints, is_exit: NDArray[np.bool_], order_and_base: tuple[Ints, int]
) -> tuple[Ints, Ints]:  # pragma: no cover
    order, base = order_and_base
    times, what = np.empty(order.size, np.int32), np.empty(order.size, np.int32)
    for place in range(order.size):
        row = order[place]
        times[place] = at[row] - base
        what[place] = point[row] * 2 + is_exit[row]
    return times, what


@compiled
def _stays(near: Neighbours, usual: Ints) -> tuple[Ints, Ints, Ints, Ints]:  # noqa: C901 - one loop, compiled as one
    """Point, arrival, departure and who of each stay, resident by resident."""
    size = near.own.at.size
    point, arrived = np.empty(size, np.int32), np.empty(size, np.int32)
    departed, who = np.empty(size, np.int32), np.empty(size, np.int32)
    found = 0
    at, what = np.empty(64, np.int64), np.empty(64, np.int64)
    for resident in range(near.own.offsets.size - 1):
        own = near.own.offsets[resident + 1] - near.own.offsets[resident]
        if own == 0:
            continue
        count = own + _count(near.before, resident) + _count(near.after, resident)
        if count > at.size:
            at, what = np.empty(count * 2, np.int64), np.empty(count * 2, np.int64)
        count = _copied(near.before, resident, near.own.base, (at, what, 0))
        count = _copied(near.own, resident, near.own.base, (at, what, count))
        count = _copied(near.after, resident, near.own.base, (at, what, count))
        opened, last_departed, last_point = -1, np.int64(0), np.int64(-1)
        for scan in range(count):
            if what[scan] & 1:
                continue
            ended, is_observed = departure(at, what, (scan, count), usual)
            if ended <= at[scan]:
                continue
            here, is_own = what[scan] >> 1, near.first <= at[scan] < near.until
            goes_on = last_point == here and last_departed == at[scan]
            if not goes_on:
                opened = -1
            if is_own and opened < 0:
                point[found], arrived[found], departed[found] = here, at[scan], ended
                who[found] = (resident << WHO_SHIFT) | (PART if goes_on else 0) | (OBSERVED if is_observed else 0)
                opened = found
                found += 1
            elif is_own:
                departed[opened] = ended
                who[opened] |= OBSERVED if is_observed else 0
            elif opened >= 0:
                who[opened] |= PART
            last_departed, last_point = ended, np.int64(-1) if is_observed else here
    return point[:found], arrived[:found], departed[:found], who[:found]


@compiled
def departure(
    at: NDArray[np.int64], what: NDArray[np.int64], place: tuple[int, int], usual: Ints
) -> tuple[int, bool]:  # pragma: no cover
    """When the scan at the first place ends, and whether an exit says so; the second place is where scans end."""
    scan, until = place
    here = what[scan] >> 1
    expected = at[scan] + usual[here]
    if scan + 1 >= until:
        return expected, False
    after = at[scan + 1]
    if what[scan + 1] == here * 2 + 1 and after - at[scan] <= LONGEST_MS:
        return after, True
    return min(expected, after), False


@compiled
def _count(scans: Scans, resident: int) -> int:  # pragma: no cover
    if resident + 1 >= scans.offsets.size:
        return 0
    return scans.offsets[resident + 1] - scans.offsets[resident]


@compiled
def _copied(
    scans: Scans, resident: int, base: int, into: tuple[NDArray[np.int64], NDArray[np.int64], int]
) -> int:  # pragma: no cover
    at, what, count = into
    if resident + 1 >= scans.offsets.size:
        return count
    shift = scans.base - base
    for place in range(scans.offsets[resident], scans.offsets[resident + 1]):
        at[count] = scans.at[place] + shift
        what[count] = scans.what[place]
        count += 1
    return count


@compiled
def _by_point(point: Ints, arrived: Ints, departed: Ints, points: int) -> tuple[Ints, Ints, Ints]:  # pragma: no cover
    """Offsets and the longest stay by point, and the stays in the order of point and arrival."""
    offsets, longest = np.zeros(points + 1, np.int32), np.zeros(points, np.int32)
    for stay in range(point.size):
        offsets[point[stay] + 1] += 1
        longest[point[stay]] = max(longest[point[stay]], departed[stay] - arrived[stay])
    for number in range(1, points + 1):
        offsets[number] += offsets[number - 1]
    filled = offsets[:-1].copy()
    keys = np.empty(point.size, np.int64)
    for stay in range(point.size):
        keys[filled[point[stay]]] = (np.int64(arrived[stay]) << 32) | stay
        filled[point[stay]] += 1
    order = np.empty(point.size, np.int32)
    for number in range(points):
        for place, key in enumerate(np.sort(keys[offsets[number] : offsets[number + 1]])):
            order[offsets[number] + place] = key & 0xFFFFFFFF
    return offsets, longest, order
