"""Opens the index for a trace: the files, if they can be used, and on top of them whatever is newer."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from ksdb.tracing.presence.files import IndexDamaged, Manifest, mapped
from ksdb.tracing.presence.index import Index
from ksdb.tracing.presence.reading import LogState, log_state, newest
from ksdb.tracing.presence.refreshing import index_folder, same_usual, usable_manifest
from ksdb.tracing.presence.segment import (
    DAY_MS,
    Ints,
    Neighbours,
    Rows,
    Scans,
    Segment,
    Stays,
    empty_scans,
    scans_of_rows,
    stays_of_scans,
)
from ksdb.tracing.presence.walk import NOBODY, gather

MOST_NEW = 200_000
"""More visits than that beyond the files, and SQL answers until they are refreshed."""
OVERLAY_DAYS = 24
"""Times of one segment reach so many days before and after its base."""


@dataclass(frozen=True)
class Opened:
    """The index, up to which transaction its files tell, and how many visits were read beside them."""

    index: Index
    horizon: int
    new_visits: int


def open_index() -> Opened | None:
    """The index with all visits this snapshot sees, or None where SQL has to answer. Run it in one snapshot."""
    state, folder = log_state(), index_folder()
    manifest = usable_manifest(folder, state)
    if manifest is None or not state.can_be_indexed or not _has_same_days(manifest, state):
        return None
    if manifest.floor is None and manifest.visits > MOST_NEW:
        return None  # what is newer could only be told by reading the whole log
    try:
        days, usual = _segments(folder, manifest)
    except IndexDamaged:
        return None
    if not same_usual(usual, state.usual):
        return None
    rows = newest(manifest.horizon, manifest.floor, MOST_NEW)
    index = with_new(Index(days, state.usual), rows) if rows.who.size <= MOST_NEW else None
    return Opened(index, manifest.horizon, int(rows.who.size)) if index else None


def with_new(index: Index, rows: Rows) -> Index | None:
    """The index with newer visits over it.

    None where a new visit and one of the files are of one resident and one instant: the files do not tell their order.
    """
    if not rows.who.size:
        return index
    residents = np.unique(rows.who)
    parts = [gather(segment.scans, residents, NOBODY) for segment in index.days]
    known = Rows(
        residents[np.concatenate([part.owner for part in parts])] if parts else rows.who[:0],
        np.concatenate([part.at for part in parts]) if parts else rows.at[:0],
        np.concatenate([part.what >> 1 for part in parts]) if parts else rows.point[:0],
        np.concatenate([part.what & 1 for part in parts]).astype(np.bool_) if parts else rows.is_exit[:0],
        # In the files' own order, which is that of the scans of one instant.
        np.arange(sum(part.at.size for part in parts)),
        np.zeros(sum(part.at.size for part in parts), np.int32),
    )
    if _meet_in_time(known, rows):
        return None
    both = Rows._make(np.concatenate([one, other]) for one, other in zip(known, rows, strict=True))
    segment = _one_segment(both, index.usual)
    replaced = np.zeros(int(residents.max()) + 1, np.bool_)
    replaced[residents] = True
    return Index(index.days, index.usual, segment, replaced) if segment else None


def _meet_in_time(known: Rows, new: Rows) -> bool:
    """Whether any two of them are of one resident and one instant."""
    first = min(int(rows.at.min()) for rows in (known, new) if rows.at.size)
    theirs, ours = ((rows.who.astype(np.int64) << 34) | (rows.at - first) for rows in (known, new))
    return bool(np.isin(ours, theirs).any())


def _one_segment(rows: Rows, usual: Ints) -> Segment | None:
    """All the rows in one segment, or None when they lie too far apart."""
    first, last = int(rows.at.min()), int(rows.at.max())
    if last - first > 2 * (OVERLAY_DAYS - 1) * DAY_MS:
        return None
    base = (first + last) // 2
    scans = scans_of_rows(rows, base)
    reach = OVERLAY_DAYS * DAY_MS
    none = empty_scans(base)
    return Segment(scans, stays_of_scans(Neighbours(none, scans, none, -reach, reach), usual))


def _has_same_days(manifest: Manifest, state: LogState) -> bool:
    """False when a day was dropped or replaced since, or a visit counts no more: SQL answers until the next refresh."""
    present = {(day.day, day.table_id, day.disputes) for day in state.days}
    return all((day.day, day.table_id, day.disputes) in present for day in manifest.days)


@lru_cache(maxsize=2)
def _segments(folder: Path, manifest: Manifest) -> tuple[list[Segment], Ints]:
    """The files of a manifest, mapped; kept as long as the manifest is the same."""
    days = []
    for day in manifest.days:
        scans = Scans(day.base, *mapped(folder, day.scans))
        days.append(Segment(scans, Stays(day.base, 0, DAY_MS, *mapped(folder, day.stays))))
    return days, mapped(folder, manifest.usual)[0]
