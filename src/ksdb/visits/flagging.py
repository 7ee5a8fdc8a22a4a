"""What makes a visit odd: the limits behind the flags, and the looking through of what arrived."""

from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction

from ksdb.core.clock import now
from ksdb.postgres.named import sql

ROOM: Final = "ksdb.visits"
LIMITS: Final = {
    "hours_leeway_seconds": 30 * 60,
    "most_km_per_hour": 150,  # faster than any road of the province allows
    "least_metres": 2_000,  # nearer than that, clocks a minute apart make a bicycle too fast
    "two_places_seconds": 120,
    "near_metres": 300,  # one market, two gates
    "most_a_minute": 90,  # two lanes at one person a second and a half
    "hasty_seconds": 0.8,
    "album_length": 10,
    "album_pause_seconds": 180,
}
SETTLED: Final = timedelta(seconds=60)
"""A scan may be stored this long after its arrival was noted (the writer's patience is ten seconds), so we wait."""
FLAG_COLUMNS: Final = ("point_id", "scanned_at", "device_id", "sequence", "flag", "measure")
STRIDE: Final = timedelta(minutes=30)


def look_through_arrivals() -> int:
    """Raises the flags of what arrived since the last look; returns how many. Goes in strides, each a transaction."""
    settled, raised = now() - SETTLED, 0
    while (more := _stride(settled)) is not None:
        raised += more
    return raised


@transaction.atomic
def _stride(settled: datetime) -> int | None:
    """One stride, or None when all that arrived before `settled` was looked at."""
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "flag_watermark"))
        (since,) = cursor.fetchone()
        until = min(since + STRIDE, settled)
        if until <= since:
            return None
        raised = flags_raised(since, until)
        cursor.execute(sql(ROOM, "move_watermark"), {"until": until})
        return raised


def flags_raised(since: datetime, until: datetime) -> int:
    """Looks at what arrived in [since, until)."""
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "odd_visits"), {"since": since, "until": until, **LIMITS})
        rows = cursor.fetchall()
        if not rows:
            return 0
        # Apart from the looking, because a log that is spread over servers takes no writes inside a WITH.
        columns = dict(zip(FLAG_COLUMNS, map(list, zip(*rows, strict=True)), strict=True))
        cursor.execute(sql(ROOM, "keep_flags"), columns)
        return int(cursor.rowcount)
