"""What the presence index reads from PostgreSQL: its state, whole days, and what is new. In the caller's snapshot."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import psycopg
from django.db import connection
from numpy.typing import NDArray

from ksdb.postgres.copying import binary_dtype, from_binary
from ksdb.postgres.named import sql
from ksdb.tracing.presence.segment import DAY_MS, Ints, Rows

ROOM = "ksdb.tracing"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_2000_MS = 946_684_800_000
MILLISECOND = timedelta(milliseconds=1)
EVER = datetime(2, 1, 1, tzinfo=UTC)
FOREVER = 1 << 62
LONGEST_USUAL_MINUTES = DAY_MS // 60_000
COLUMNS = binary_dtype(
    (("who", ">i4"), ("at", ">i8"), ("point", ">i4"), ("is_exit", ">i1"), ("sequence", ">i8"), ("device", ">i4"))
)


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
    """The visit log as this snapshot sees it. `usual` is the usual stay in milliseconds by point."""

    database: str
    horizon: int
    next_transaction: int
    taken_at: int
    usual: Ints
    days: tuple[LogDay, ...]

    @property
    def can_be_indexed(self) -> bool:
        return int(self.usual.max(initial=0)) <= DAY_MS


def log_state() -> LogState:
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "presence_state"))
        database, horizon, following, taken_at, points, minutes = cursor.fetchone()
        cursor.execute(sql(ROOM, "presence_days"))
        rows = cursor.fetchall()
        cursor.execute(sql(ROOM, "presence_disputes"))
        disputes = dict(cursor.fetchall())
    days = tuple(LogDay(day, table_id, base, disputes.get(day, "")) for day, table_id, base in rows)
    usual = np.zeros(max(points or [0]) + 1, np.int32)
    usual[points or []] = np.minimum(np.array(minutes or [], np.int64), LONGEST_USUAL_MINUTES + 1) * 60_000
    usual.flags.writeable = False
    return LogState(database, horizon, following, taken_at, usual, days)


def rows_of_day(day: LogDay, state: LogState) -> Rows:
    """All visits of a day that transactions before the horizon stored."""
    bounds = {"since": instant(day.base), "before": instant(day.base + DAY_MS), "until": state.horizon}
    return _rows("presence_day", {**bounds, "middle": state.next_transaction})


def arrivals(state: LogState, span: tuple[int, int], floor: int | None) -> Rows:
    """The visits that transactions in the span stored; none of them arrived before the floor."""
    since = EVER if floor is None else instant(floor)
    asked = {"first": span[0], "until": span[1], "floor": since, "middle": state.next_transaction}
    return _rows("presence_arrivals", asked)


def instant(milliseconds: int) -> datetime:
    return EPOCH + milliseconds * MILLISECOND


def milliseconds(at: datetime) -> int:
    return (at - EPOCH) // MILLISECOND


def _rows(name: str, asked: dict[str, Any]) -> Rows:
    connection.ensure_connection()
    data = bytearray()
    with psycopg.ClientCursor(connection.connection) as cursor, cursor.copy(sql(ROOM, name), asked) as copy:
        for block in copy:
            data += block
    read = from_binary(bytes(data), COLUMNS)
    # The gateway stores whole milliseconds; what others stored finer is put in order before it is cut.
    micro = read["at"].astype(np.int64)
    order = np.arange(micro.size) if not (micro % 1000).any() else np.argsort(micro, kind="stable")
    return Rows(
        _native(read["who"], order),
        micro[order] // 1000 + EPOCH_2000_MS,
        _native(read["point"], order),
        read["is_exit"][order].astype(np.bool_),
        read["sequence"][order].astype(np.int64),
        _native(read["device"], order),
    )


def _native(column: NDArray[Any], order: NDArray[Any]) -> Ints:
    return column[order].astype(np.int32)
