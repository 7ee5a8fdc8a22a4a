"""Keeps the files of the presence index: built, refreshed by what is new, made anew where a day changed.

A refresh sees one snapshot. It takes in the visits of all transactions before the snapshot's horizon, the oldest
transaction that has not ended: whatever such a transaction stored is seen now or never. What a later transaction
stored is taken in by a later refresh, even if it is seen already. So none is missed and none is taken twice, however
long a transaction lasts and in whatever order transactions commit (decision 070).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from django.db import connection, transaction

from ksdb.config import settings
from ksdb.core.errors import KsdbError
from ksdb.tracing.presence.files import (
    IndexDamaged,
    Manifest,
    Stored,
    StoredDay,
    alone,
    mapped,
    read_manifest,
    store,
    write_manifest,
)
from ksdb.tracing.presence.reading import LogDay, LogState, arrivals, log_state, rows_of_day
from ksdb.tracing.presence.segment import (
    DAY_MS,
    Ints,
    Neighbours,
    Rows,
    Scans,
    empty_scans,
    scans_of_rows,
    stays_of_scans,
)

LATE_MS = 5 * 60_000
"""A visit's arrival is noted at most so long before its transaction stores it; the gateway's patience is 10 s."""


class StayTooLong(KsdbError):
    """A scan point has a usual stay of more than a day. Correct it on its page, then run `ksdb index rebuild`."""

    code = "stay_too_long"
    status = 422


class LogSpread(KsdbError):
    """The log is spread over several servers, where there is no presence index: SQL answers all traces."""

    code = "log_spread"
    status = 409


@dataclass(frozen=True)
class Refreshed:
    """What a refresh did: the manifest that counts now, days read from the log, and days whose stays were made anew."""

    manifest: Manifest
    read_days: tuple[int, ...]
    made_days: tuple[int, ...]


def index_folder() -> Path:
    return (settings().var_dir / "presence").resolve()


def refresh_files(*, anew: bool = False) -> Refreshed:
    """Brings the index up to now. Raises IndexBusy when another process does, StayTooLong, LogSpread."""
    folder = index_folder()
    with alone(folder), log_snapshot():
        state = log_state()
        if state.is_spread:
            raise LogSpread
        if not state.can_be_indexed:
            raise StayTooLong
        before = None if anew else usable_manifest(folder, state)
        return _Refresh(folder, state, before).run()


def usable_manifest(folder: Path, state: LogState) -> Manifest | None:
    """The manifest, unless it is damaged or tells of another database."""
    try:
        found = read_manifest(folder)
    except IndexDamaged:
        return None
    return found if found and found.database == state.database and found.horizon <= state.horizon else None


@contextmanager
def log_snapshot() -> Iterator[None]:
    """One state of the database for all that is read. Inside a running transaction, that one's isolation holds."""
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def same_usual(known: Ints, now: Ints) -> bool:
    """Whether each point that was known has the usual stay it had; points that are new change nothing."""
    both = min(known.size, now.size)
    return bool(((known[:both] == now[:both]) | (known[:both] == 0)).all()) and not known[both:].any()


class _Refresh:
    """One refresh; holds one day's rows in memory at a time."""

    def __init__(self, folder: Path, state: LogState, before: Manifest | None) -> None:
        self.folder, self.state, self.before = folder, state, before
        self.known: dict[int, StoredDay] = {day.day: day for day in before.days} if before else {}
        self.usual = state.usual

    def run(self) -> Refreshed:
        present = {day.day: day for day in self.state.days}
        touched = self._touched(present)
        scans = {number: self._scans(day, number in touched) for number, day in present.items()}
        changed = touched | (self.known.keys() - scans.keys())
        made = {number for number in scans if self._is_stale(present, number, changed)}
        days = tuple(self._day(present[number], scans, number in made) for number in sorted(scans))
        manifest = self._manifest(days)
        write_manifest(self.folder, manifest)
        return Refreshed(manifest, tuple(sorted(touched)), tuple(sorted(made)))

    def _touched(self, present: Mapping[int, LogDay]) -> set[int]:
        """The days whose rows have to be read: new ones, replaced ones, and those for which something arrived."""
        fresh = {n for n, day in present.items() if not self._is_known(day)}
        if self.before is None:
            return fresh
        if len(fresh) == len(present):
            return fresh
        rows = arrivals((self.before.horizon, self.state.horizon), self.before.floor)
        return fresh | {day.day for day in days_of(rows, list(present.values()))}

    def _is_known(self, day: LogDay) -> bool:
        known = self.known.get(day.day)
        return known is not None and (known.table_id, known.disputes) == (day.table_id, day.disputes)

    def _scans(self, day: LogDay, is_touched: bool) -> tuple[LogDay, Stored, int]:
        if not is_touched:
            known = self.known[day.day]
            return day, known.scans, known.visits
        rows = rows_of_day(day, self.state)
        made = scans_of_rows(rows, day.base)
        return day, store(self.folder, f"scans-{day.day}", made[1:]), int(rows.who.size)

    def _is_stale(self, present: Mapping[int, LogDay], number: int, changed: set[int]) -> bool:
        """Whether the day's stays have to be made anew: it or a day beside it changed, or a usual stay did."""
        if number not in self.known or self._has_other_stays():
            return True
        bases = {present[n].base if n in present else self.known[n].base for n in changed}
        return any(abs(base - present[number].base) <= DAY_MS for base in bases)

    def _has_other_stays(self) -> bool:
        if self.before is None:
            return True
        return not same_usual(mapped(self.folder, self.before.usual)[0], self.usual)

    def _day(self, day: LogDay, scans: Mapping[int, tuple[LogDay, Stored, int]], is_stale: bool) -> StoredDay:
        _, stored, visits = scans[day.day]
        if not is_stale:
            known = self.known[day.day]
            return StoredDay(day.day, day.table_id, visits, day.base, stored, known.stays, day.disputes)
        by_base = {one[0].base: one[1] for one in scans.values()}
        before, own, after = (
            opened_scans(self.folder, by_base[base], base) if base in by_base else empty_scans(base)
            for base in (day.base - DAY_MS, day.base, day.base + DAY_MS)
        )
        made = stays_of_scans(Neighbours(before, own, after, 0, DAY_MS), self.usual)
        stays = store(self.folder, f"stays-{day.day}", made[3:])
        return StoredDay(day.day, day.table_id, visits, day.base, stored, stays, day.disputes)

    def _manifest(self, days: tuple[StoredDay, ...]) -> Manifest:
        state = self.state
        before = self.before.seen if self.before else ()
        seen = (*before, (state.next_transaction, state.taken_at))
        past = [at for first, at in seen if first <= state.horizon]
        floor = max(past) - LATE_MS if past else None
        kept = tuple(one for one in seen if one[0] > state.horizon or one[1] == max(past, default=0))
        usual = store(self.folder, "usual", [self.usual])
        return Manifest(state.database, state.horizon, floor, kept, usual, state.taken_at, days)


def opened_scans(folder: Path, stored: Stored, base: int) -> Scans:
    offsets, at, what = mapped(folder, stored)
    return Scans(base, offsets, at, what)


def days_of(rows: Rows, days: list[LogDay]) -> list[LogDay]:
    """The days in which any of the rows lies."""
    return [day for day in days if np.any((rows.at >= day.base) & (rows.at < day.base + DAY_MS))]
