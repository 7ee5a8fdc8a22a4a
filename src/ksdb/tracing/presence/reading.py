"""What the presence index reads from PostgreSQL: its state, whole days, and what is new. In the caller's snapshot."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from ksdb.postgres.copying import binary_dtype, copied
from ksdb.postgres.named import sql
from ksdb.postgres.prepared import answered
from ksdb.tracing.presence.segment import DAY_MS, Ints, Rows

ROOM = "ksdb.tracing"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_2000_MS = 946_684_800_000
MILLISECOND = timedelta(milliseconds=1)
EVER, NEVER = datetime(2, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
LONGEST_USUAL_MINUTES = DAY_MS // 60_000
KINDS = (("who", np.int32), ("at", np.int64), ("point", np.int32), ("is_exit", np.bool_), ("sequence", np.int64),
         ("device", np.int32))  # fmt: skip
SENT = [("who", ">i4"), ("at", ">i8"), ("point", ">i4"), ("is_exit", ">i1"), ("sequence", ">i8"), ("device", ">i4")]
COLUMNS, PACKED = binary_dtype(SENT), np.dtype(SENT)


@dataclass(frozen=True)
class LogDay:
    """A day of the visit log: 20261123, its table, its first instant in milliseconds of the epoch.

    `disputes` is a hash of the visits that count no more, because a dispute was accepted.
    """

    day: int
    table_id: int
    base: int
    disputes: str = ""


@dataclass(frozen=True)
class LogState:
    """The visit log as this snapshot sees it. `usual` is the usual stay in milliseconds by point.

    Where the log is spread over several servers, each counts its transactions for itself, and no horizon holds for all.
    """

    database: str
    horizon: int
    next_transaction: int
    taken_at: int
    usual: Ints
    days: tuple[LogDay, ...]
    is_spread: bool = False

    @property
    def can_be_indexed(self) -> bool:
        return not self.is_spread and int(self.usual.max(initial=0)) <= DAY_MS


def log_state() -> LogState:
    (told,) = answered(connection, ROOM, "presence_state", {})
    database, horizon, following, taken_at, change, is_spread, *arrays = told
    numbers, tables, bases, disputed, hashes = (array or [] for array in arrays)
    disputes = dict(zip(disputed, hashes, strict=True))
    read = zip(numbers, tables, bases, strict=True)
    days = tuple(LogDay(day, table, base, disputes.get(day, "")) for day, table, base in read)
    return LogState(database, horizon, following, taken_at, _usual_stays(database, change), days, is_spread)


_USUAL: dict[tuple[str, int], Ints] = {}
"""The usual stays last read, by the database and the change that made them so, whose number is never given twice."""


def _usual_stays(database: str, change: int | None) -> Ints:
    """The usual stay in milliseconds by point, read again only when one changed."""
    known = _USUAL.get((database, change)) if change is not None else None
    if known is not None:
        return known
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "presence_usual"))
        # Of the same statement: where every statement sees another state, a later one may have come between.
        change, points, minutes = cursor.fetchone()
    usual = np.zeros(max(points or [0]) + 1, np.int32)
    usual[points or []] = np.minimum(np.array(minutes or [], np.int64), LONGEST_USUAL_MINUTES + 1) * 60_000
    usual.flags.writeable = False
    if change is not None:
        _USUAL.clear()
        _USUAL[(database, change)] = usual
    return usual


def rows_of_day(day: LogDay, state: LogState) -> Rows:
    """All visits of a day that transactions before the horizon stored."""
    bounds = {"since": instant(day.base), "before": instant(day.base + DAY_MS), "until": state.horizon}
    return _rows([_columns(block) for block in copied(connection, sql(ROOM, "presence_day"), bounds)])


def arrivals(span: tuple[int, int], floor: int | None) -> Rows:
    """The visits that transactions in the span stored; none arrived before the floor."""
    asked = {"first": span[0], "until": span[1], "floor": _floor(floor), "ever": NEVER}
    names = ("presence_arrivals", "presence_matched") if _has_matched(asked) else ("presence_arrivals",)
    return _rows([_columns(block) for name in names for block in copied(connection, sql(ROOM, name), asked)])


def newest(first: int, floor: int | None, most: int) -> Rows:
    """As arrivals, of all transactions from the first on; of more than `most` visits only some more than those."""
    asked = {"first": first, "until": None, "floor": _floor(floor), "ever": NEVER, "most": most + 1}
    ((packed,),) = answered(connection, ROOM, "presence_newest", asked)
    parts = [_columns(packed or b"", PACKED)]
    if _has_matched(asked):
        parts += [_columns(block) for block in copied(connection, sql(ROOM, "presence_matched"), asked)]
    return _rows(parts)


def _has_matched(asked: dict[str, Any]) -> bool:
    """Asked by itself: PostgreSQL takes longer to plan arrivals and matches at once than to answer each."""
    return bool(answered(connection, ROOM, "presence_has_matched", asked)[0][0])


def _floor(floor: int | None) -> datetime:
    return EVER if floor is None else instant(floor)


def instant(milliseconds: int) -> datetime:
    return EPOCH + milliseconds * MILLISECOND


def milliseconds(at: datetime) -> int:
    return (at - EPOCH) // MILLISECOND


def _rows(parts: Sequence[list[NDArray[Any]]]) -> Rows:
    """The rows of all the parts, in order of time."""
    # The gateway stores whole milliseconds; what others stored finer is put in order before it is cut.
    columns = [np.concatenate([part[n] for part in parts]) for n in range(len(KINDS))]
    micro = columns[1]
    if (micro % 1000).any():
        order = np.argsort(micro, kind="stable")
        columns = [column[order] for column in columns]
    columns[1] = columns[1] // 1000 + EPOCH_2000_MS
    return Rows(*columns)


def _columns(block: bytearray | bytes, layout: np.dtype[np.void] = COLUMNS) -> list[NDArray[Any]]:
    """The columns in the machine's order of bytes: cut out first, which is four times as fast as from whole rows."""
    bytes_of_rows = np.frombuffer(block, np.uint8).reshape(-1, layout.itemsize)
    return [_column(bytes_of_rows, layout, name).astype(kind) for name, kind in KINDS]


def _column(bytes_of_rows: NDArray[np.uint8], layout: np.dtype[np.void], name: str) -> NDArray[Any]:
    assert layout.fields is not None  # noqa: S101 - a structured dtype has fields
    kind, offset = layout.fields[name][:2]
    return np.ascontiguousarray(bytes_of_rows[:, offset : offset + kind.itemsize]).view(kind).ravel()
