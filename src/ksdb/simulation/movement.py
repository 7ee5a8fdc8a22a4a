"""Sends residents through their days: entry and exit scans at scan points, one array per day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from ksdb.simulation.routines import URN, WEEKDAY, WEEKEND, WINDOWS, WORK_WINDOWS, Routines

Indices = NDArray[np.int32]
Times = NDArray[np.int64]
Flags = NDArray[np.bool_]

VISIT = np.dtype([("resident", np.int32), ("point", np.int32), ("scanned_at", np.int64), ("is_exit", np.bool_)])
"""`resident` and `point` are rows of the population and of the points; `scanned_at` is epoch milliseconds, UTC."""

PRESENCE = np.dtype(
    [
        ("resident", np.int32),
        ("point", np.int32),
        ("arrived", np.int64),
        ("departed", np.int64),
        ("is_exit_scanned", np.bool_),
    ]
)
"""Where somebody truly was, and until when: of most the scanners see the arrival alone. Rows and times as in VISIT."""

DAY_STREAM = 4
LEAVING_STREAM = 5
MINUTE = 60_000
LOCAL_OFFSET = 7 * 60 * MINUTE
RESIDENT_BITS, POINT_BITS = 21, 15

AT_ANCHOR = 0.94
AT_FAVOURITE = 0.6
EXIT_SCANS = 0.18
SHORTEST_STAY = 4 * MINUTE
TRAVEL_MINIMUM = 5 * MINUTE
TRAVEL_PER_KM = 2 * MINUTE
"""Thirty kilometres an hour as the crow flies: a motorbike in a hurry."""

AWAY = 0.97
LEVEL_SAMPLE = 60_000


@dataclass
class _Day:
    """What has happened to each resident so far today, and the visits made, window by window."""

    routines: Routines
    rng: np.random.Generator
    is_weekend: bool
    last_time: Indices
    last_point: Indices
    last_row: Indices
    leave_by: Indices
    rows: int
    made: list[tuple[Indices, Indices, Indices]]


def visits(routines: Routines, days: int, *, visits_per_person_day: float) -> Iterator[NDArray[np.void]]:
    """The days from the first on, one array each."""
    for day in range(days):
        yield visits_of_day(routines, day, visits_per_person_day=visits_per_person_day)


def visits_of_day(routines: Routines, day: int, *, visits_per_person_day: float) -> NDArray[np.void]:
    """The scans of one day, sorted by time; any day can be made alone. Exit scans come on top of the visits wanted."""
    state = _lived(routines, day, visits_per_person_day)
    return _sorted_scans(state, _midnight(routines, day))


def presences_of_day(routines: Routines, day: int, *, visits_per_person_day: float) -> NDArray[np.void]:
    """The true stays of that same day, by point and arrival; scanned departures are those of `visits_of_day`."""
    state = _lived(routines, day, visits_per_person_day)
    resident, point, arrives = (np.concatenate(column) for column in zip(*state.made, strict=True))
    leaving, departs = _exits(state, point, arrives)
    unseen = np.random.Generator(
        np.random.PCG64(np.random.SeedSequence(routines.seed, spawn_key=(LEAVING_STREAM, day)))
    )
    stays = np.empty(resident.size, PRESENCE)
    stays["resident"], stays["point"] = resident, point
    stays["arrived"] = arrives
    stays["departed"] = _departures(state, unseen, (point, arrives), np.arange(point.size))
    stays["departed"][leaving] = departs
    stays["is_exit_scanned"] = False
    stays["is_exit_scanned"][leaving] = True
    stays["arrived"] += _midnight(routines, day)
    stays["departed"] += _midnight(routines, day)
    return stays[np.lexsort((stays["resident"], stays["arrived"], stays["point"]))]


def _lived(routines: Routines, day: int, wanted: float) -> _Day:
    """Everything that residents did on the day."""
    stream = np.random.SeedSequence(routines.seed, spawn_key=(DAY_STREAM, day))
    rng = np.random.Generator(np.random.PCG64(stream))
    is_weekend = (routines.first_on + timedelta(days=day)).weekday() >= 5
    level = _level(routines, is_weekend=is_weekend, wanted=wanted)
    going = [_going(routines, rng, level[:, window]) for window in range(len(WINDOWS))]
    state = _morning(routines, rng, sum(map(len, going)), is_weekend=is_weekend)
    for window, residents in enumerate(going):
        _go(state, window, residents)
    return state


def _midnight(routines: Routines, day: int) -> int:
    return ((routines.first_on + timedelta(days=day)).toordinal() - 719_163) * 24 * 60 * MINUTE - LOCAL_OFFSET


def _level(routines: Routines, *, is_weekend: bool, wanted: float) -> NDArray[np.float32]:
    """Groups × windows: what to multiply the activity by so that people make as many visits as wanted."""
    pattern = WEEKEND if is_weekend else WEEKDAY
    some = slice(None, None, max(1, routines.activity.size // LEVEL_SAMPLE))
    share = pattern[routines.group[some]] * routines.activity[some, None]
    low, high = 0.0, 1000.0
    for _ in range(40):
        middle = (low + high) / 2
        too_few = np.minimum(share * middle, AWAY).sum(axis=1).mean() < wanted
        low, high = (middle, high) if too_few else (low, middle)
    level: NDArray[np.float32] = (pattern * high).astype(np.float32)
    return level


def _going(routines: Routines, rng: np.random.Generator, level: NDArray[np.float32]) -> Indices:
    chance = np.minimum(routines.activity * level[routines.group], np.float32(AWAY))
    return np.flatnonzero(rng.random(chance.size, dtype=np.float32) < chance).astype(np.int32)


def _morning(routines: Routines, rng: np.random.Generator, capacity: int, *, is_weekend: bool) -> _Day:
    people = routines.activity.size
    nobody = np.full(people, -1, dtype=np.int32)
    endless = np.full(capacity, 24 * 60 * MINUTE, dtype=np.int32)
    return _Day(routines, rng, is_weekend, nobody, nobody.copy(), nobody.copy(), endless, 0, [])


def _go(state: _Day, window: int, residents: Indices) -> None:
    """Everybody who goes out in this window arrives somewhere, unless it is too far from where they just were."""
    point = _destinations(state, window, residents)
    arrives, latest = _arrivals(state, window, point)
    previous = state.last_row[residents]
    leaves = _travel(state, residents, point)
    earliest = state.last_time[residents] + SHORTEST_STAY + leaves
    arrives = np.where(previous >= 0, np.maximum(arrives, earliest), arrives)
    fits = np.flatnonzero((arrives < latest) & (point >= 0))
    _record(state, residents[fits], point[fits], arrives[fits])
    moved = fits[previous[fits] >= 0]
    state.leave_by[previous[moved]] = arrives[moved] - leaves[moved]


def _destinations(state: _Day, window: int, residents: Indices) -> Indices:
    """The anchor in working hours, else the favourite, else a draw from the urn of the home commune."""
    routines, chance = state.routines, state.rng.random(residents.size, dtype=np.float32)
    point: Indices = routines.favourite[window][residents]
    curious = np.flatnonzero(chance >= AT_FAVOURITE)
    home = routines.home[residents[curious]]
    point[curious] = routines.urn[home, window, state.rng.integers(0, URN, curious.size, dtype=np.int32)]
    if window in WORK_WINDOWS:
        _to_work(state, window, residents, point)
    return point


def _to_work(state: _Day, window: int, residents: Indices, point: Indices) -> None:
    anchor = state.routines.anchor[residents]
    share = AT_ANCHOR * (0.4 if state.is_weekend else 1.0)
    works = (anchor >= 0) & (state.rng.random(residents.size, dtype=np.float32) < share)
    works &= state.routines.closes[anchor, window] > state.routines.opens[anchor, window]
    if state.is_weekend:
        works &= state.routines.group[residents] != 1
    np.copyto(point, anchor, where=works)


def _arrivals(state: _Day, window: int, point: Indices) -> tuple[Indices, Indices]:
    """A time while the place is open, more often near the middle of the window; and the end of that time."""
    opens = state.routines.opens[:, window].astype(np.int32)[point] * MINUTE
    closes = state.routines.closes[:, window].astype(np.int32)[point] * MINUTE
    middle = state.rng.random((2, point.size), dtype=np.float32).mean(axis=0)
    arrives: Indices = opens + (middle * (closes - opens)).astype(np.int32)
    return arrives, closes


def _travel(state: _Day, residents: Indices, point: Indices) -> Indices:
    """Milliseconds from where each was last."""
    origin, x, y = state.last_point[residents], state.routines.x, state.routines.y
    km = np.hypot(x[point] - x[origin], y[point] - y[origin])
    travel: Indices = (km * TRAVEL_PER_KM + TRAVEL_MINIMUM).astype(np.int32)
    return travel


def _record(state: _Day, residents: Indices, point: Indices, arrives: Indices) -> None:
    state.made.append((residents, point, arrives))
    state.last_time[residents] = arrives
    state.last_point[residents] = point
    state.last_row[residents] = np.arange(state.rows, state.rows + residents.size, dtype=np.int32)
    state.rows += residents.size


def _sorted_scans(state: _Day, midnight: int) -> NDArray[np.void]:
    resident, point, arrives = (np.concatenate(column) for column in zip(*state.made, strict=True))
    leaving, departs = _exits(state, point, arrives)
    entries = _packed(arrives, resident, point, is_exit=False)
    exits = _packed(departs, resident[leaving], point[leaving], is_exit=True)
    keys = np.concatenate([entries, exits])
    keys.sort()
    return _unpacked(keys, midnight)


def _exits(state: _Day, point: Indices, arrives: Indices) -> tuple[NDArray[np.intp], Indices]:
    """Which visits end with an exit scan, and when: before closing time, and in time for the next place."""
    leaving = np.flatnonzero(state.rng.random(point.size, dtype=np.float32) < EXIT_SCANS)
    departs = _departures(state, state.rng, (point, arrives), leaving)
    long_enough = np.flatnonzero(departs >= arrives[leaving] + SHORTEST_STAY // 2)
    return leaving[long_enough], departs[long_enough]


def _departures(
    state: _Day, rng: np.random.Generator, visits: tuple[Indices, Indices], rows: NDArray[np.intp]
) -> Indices:
    """When those of the rows leave: about after the usual stay, before closing time, in time for the next place."""
    places, point, arrives = state.routines.points, visits[0][rows], visits[1][rows]
    usual = places.stay[point] * np.exp(rng.normal(0.0, 0.4, rows.size))
    closing = places.closes[point].astype(np.int32) * MINUTE - 1
    departs: Indices = arrives + (usual * MINUTE).astype(np.int32)
    return np.minimum(np.minimum(departs, closing), state.leave_by[rows])


def _packed(time: Indices, resident: Indices, point: Indices, *, is_exit: bool) -> NDArray[np.uint64]:
    """Time, resident, point and direction in one number, so that one plain sort puts all in order."""
    keys = time.astype(np.uint64) << np.uint64(RESIDENT_BITS + POINT_BITS + 1)
    keys |= resident.astype(np.uint64) << np.uint64(POINT_BITS + 1)
    keys |= point.astype(np.uint64) << np.uint64(1)
    keys |= np.uint64(is_exit)
    return keys


def _unpacked(keys: NDArray[np.uint64], midnight: int) -> NDArray[np.void]:
    scans = np.empty(keys.size, dtype=VISIT)
    scans["is_exit"] = keys & np.uint64(1)
    scans["point"] = (keys >> np.uint64(1)) & np.uint64((1 << POINT_BITS) - 1)
    scans["resident"] = (keys >> np.uint64(POINT_BITS + 1)) & np.uint64((1 << RESIDENT_BITS) - 1)
    scans["scanned_at"] = (keys >> np.uint64(RESIDENT_BITS + POINT_BITS + 1)).astype(np.int64) + midnight
    return scans
