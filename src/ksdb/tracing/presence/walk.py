"""Walks over segments as machine code: a resident's scans, their stays, and who else was there."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ksdb.tracing.presence.compiled import compiled
from ksdb.tracing.presence.segment import OBSERVED, PART, WHO_SHIFT, Ints, Scans, Stays, departure

Longs = NDArray[np.int64]
Flags = NDArray[np.bool_]
DAY_MS = 86_400_000
NOBODY: Flags = np.zeros(0, np.bool_)


class Gathered(NamedTuple):
    """Scans of several residents, in milliseconds of the epoch; `owner` is a place in the list asked for."""

    owner: Ints
    at: Longs
    what: Ints


class Stayed(NamedTuple):
    """Stays of several residents, by resident and arrival. `crosses` says that scans of two segments make it."""

    owner: Ints
    point: Ints
    arrived: Longs
    departed: Longs
    observed: Flags
    crosses: Flags


class Asked(NamedTuple):
    """Stays to be met: each with its resident, in milliseconds of the epoch, `until` with the rule's linger time.

    `least` is how long another has to be there too.
    """

    who: Ints
    point: Ints
    arrived: Longs
    until: Longs
    observed: Flags
    least: Longs


class Meetings(NamedTuple):
    """Co-presences: the place in Asked, the other resident, `[started, ended)`, and observed at both ends or not."""

    stay: Ints
    who: Ints
    started: Longs
    ended: Longs
    observed: Flags


SKIPPED = -1
"""Instead of time together: of this resident nothing is added up."""


def nothing_yet(residents: int, skipped: Ints) -> Longs:
    """Milliseconds together with anybody, by resident: none, or SKIPPED."""
    together = np.zeros(residents, np.int64)
    together[skipped] = SKIPPED
    return together


@compiled
def gather(scans: Scans, residents: Ints, skipped: Flags) -> Gathered:  # pragma: no cover
    """The scans of the residents in one segment; those marked in `skipped` are left out."""
    count, last = 0, scans.offsets.size - 1
    for resident in residents:
        if resident < last and not (resident < skipped.size and skipped[resident]):
            count += scans.offsets[resident + 1] - scans.offsets[resident]
    owner, at, what = np.empty(count, np.int32), np.empty(count, np.int64), np.empty(count, np.int32)
    count = 0
    for number, resident in enumerate(residents):
        if resident < last and not (resident < skipped.size and skipped[resident]):
            for place in range(scans.offsets[resident], scans.offsets[resident + 1]):
                owner[count], at[count], what[count] = number, scans.at[place] + scans.base, scans.what[place]
                count += 1
    return Gathered(owner, at, what)


@compiled
def infer(gathered: Gathered, usual: Ints, base: int) -> Stayed:  # pragma: no cover
    """The stays of scans that are in order of owner and of core.stay. Days are counted from `base`."""
    size, found = gathered.owner.size, 0
    owner, point = np.empty(size, np.int32), np.empty(size, np.int32)
    arrived, departed = np.empty(size, np.int64), np.empty(size, np.int64)
    observed, crosses = np.zeros(size, np.bool_), np.zeros(size, np.bool_)
    until = 0
    for scan in range(size):
        if scan >= until:
            until = scan + 1
            while until < size and gathered.owner[until] == gathered.owner[scan]:
                until += 1
        if gathered.what[scan] & 1:
            continue
        at = gathered.at[scan]
        ended, is_observed = departure(gathered.at, gathered.what, (scan, until), usual)
        if ended <= at:
            continue
        here, last = gathered.what[scan] >> 1, found - 1
        if (
            found
            and owner[last] == gathered.owner[scan]
            and point[last] == here
            and departed[last] == at
            and not observed[last]
        ):
            crosses[last] |= (arrived[last] - base) // DAY_MS != (at - base) // DAY_MS
            departed[last], observed[last] = ended, is_observed
            continue
        owner[found], point[found] = gathered.owner[scan], here
        arrived[found], departed[found], observed[found] = at, ended, is_observed
        found += 1
    return Stayed(owner[:found], point[:found], arrived[:found], departed[:found], observed[:found], crosses[:found])


@compiled
def span(stays: Stays, point: int, arrived: int, until: int) -> tuple[int, int]:  # pragma: no cover
    """Between which places of the segment those stand who may have been at the point in `[arrived, until)`."""
    if point + 1 >= stays.offsets.size or until <= stays.base + stays.first:
        return 0, 0
    low, high = stays.offsets[point], stays.offsets[point + 1]
    floor, ceiling = arrived - stays.base - stays.longest[point], until - stays.base
    end = high
    while low < high:
        middle = (low + high) >> 1
        if stays.arrived[middle] > floor:
            high = middle
        else:
            low = middle + 1
    begin, high = low, end
    while low < high:
        middle = (low + high) >> 1
        if stays.arrived[middle] < ceiling:
            low = middle + 1
        else:
            high = middle
    return begin, low


@compiled
def meet(stays: Stays, asked: Asked, skipped: Flags) -> tuple[Meetings, Ints, Ints]:  # pragma: no cover
    """Co-presences with the stays of a segment; and (place in Asked, resident) where stays go on over midnight."""
    room, found, odd = 256, 0, 0
    stay, who = np.empty(room, np.int32), np.empty(room, np.int32)
    started, ended, observed = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.bool_)
    odd_stay, odd_who = np.empty(room, np.int32), np.empty(room, np.int32)
    for number in range(asked.who.size):
        begin, end = span(stays, asked.point[number], asked.arrived[number], asked.until[number])
        while room < max(found, odd) + end - begin:
            room *= 2
        if room > stay.size:
            stay, who = widened(stay, room), widened(who, room)
            started, ended, observed = widened(started, room), widened(ended, room), widened(observed, room)
            odd_stay, odd_who = widened(odd_stay, room), widened(odd_who, room)
        came, left = asked.arrived[number] - stays.base, asked.until[number] - stays.base
        for place in range(begin, end):
            other = stays.who[place] >> WHO_SHIFT
            start = max(came, np.int64(stays.arrived[place]))
            stop = min(left, np.int64(stays.departed[place]))
            if start >= stop or other == asked.who[number] or (other < skipped.size and skipped[other]):
                continue
            if stays.who[place] & PART:
                odd_stay[odd], odd_who[odd] = number, other
                odd += 1
            elif stop - start >= asked.least[number]:
                stay[found], who[found] = number, other
                started[found], ended[found] = start + stays.base, stop + stays.base
                observed[found] = asked.observed[number] and (stays.who[place] & OBSERVED) != 0
                found += 1
    met = Meetings(stay[:found], who[:found], started[:found], ended[:found], observed[:found])
    return met, odd_stay[:odd], odd_who[:odd]


@compiled
def widened(array: NDArray[Any], room: int) -> NDArray[Any]:  # pragma: no cover
    wide = np.empty(room, array.dtype)
    wide[: array.size] = array
    return wide


@compiled
def add_up(stays: Stays, asked: Asked, together: Longs) -> tuple[int, Flags]:  # pragma: no cover
    """Adds up time together in a segment; says how many co-presences, and which stays asked for may meet a part of one.

    Nothing else is done in this loop, which goes over millions: collecting the parts in it made it half as fast.
    """
    pairs = 0
    parts = np.zeros(asked.who.size, np.bool_)
    for number in range(asked.who.size):
        mine, least = asked.who[number], max(asked.least[number], 1)
        begin, end = span(stays, asked.point[number], asked.arrived[number], asked.until[number])
        came, left = asked.arrived[number] - stays.base, asked.until[number] - stays.base
        for place in range(begin, end):
            met = min(left, np.int64(stays.departed[place])) - max(came, np.int64(stays.arrived[place]))
            packed = stays.who[place]
            if packed & PART:
                parts[number] = True
            elif met >= least:
                other = np.int64(packed >> WHO_SHIFT)
                before = together[other]
                if before != SKIPPED and other != mine:
                    together[other] = before + met
                    pairs += 1
    return pairs, parts
