"""The visits on which tracing is measured: as arrays, and in a PostgreSQL database of their own."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

FIRST_ON = date(2026, 11, 2)
DAYS = 14
ENTRIES_A_DAY = 2.4
RESIDENTS_A_POINT = 60
EXIT_SHARE = 0.25
DAY_US = 86_400_000_000
HOUR_US = 3_600_000_000
EPOCH_2000_US = 946_684_800_000_000
FIRST_US = (datetime.combine(FIRST_ON, datetime.min.time(), UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(
    microseconds=1
) - 7 * HOUR_US
"""Midnight in the province on the first day."""
USUAL = (10, 15, 30, 45, 45, 60, 240, 480)
COLUMNS = (
    ("point_id", ">i4"), ("scanned_at", ">i8"), ("device_id", ">i4"), ("sequence", ">i8"), ("card_index", ">i4"),
    ("resident_id", ">i4"), ("result", ">i2"), ("is_exit", ">i1"), ("received_at", ">i8"),
)  # fmt: skip
Day = dict[str, NDArray[Any]]


def residents_in(visits: int) -> int:
    return round(visits / (DAYS * ENTRIES_A_DAY * (1 + EXIT_SHARE)))


def points_in(visits: int) -> int:
    return residents_in(visits) // RESIDENTS_A_POINT


def usual_minutes(points: int) -> NDArray[np.int32]:
    """The usual stay at each point number, 0 for the number nobody has."""
    return np.array([0, *(USUAL[n % len(USUAL)] for n in range(1, points + 1))], np.int32)


def days(visits: int) -> Iterator[Day]:
    """Day by day, in order of time: each resident goes to a few places between 6 and 21 o'clock, often the popular."""
    rng = np.random.default_rng(7)
    points = points_in(visits)
    popularity = 1 / (np.arange(points) + 0.015 * points)
    popularity /= popularity.sum()
    for day in range(DAYS):
        yield _day(rng, day, residents_in(visits), popularity)


def _day(rng: Any, day: int, residents: int, popularity: NDArray[np.float64]) -> Day:
    entries = round(residents * ENTRIES_A_DAY)
    who = rng.integers(1, residents + 1, entries, dtype=np.int32)
    where = (rng.choice(popularity.size, entries, p=popularity) + 1).astype(np.int32)
    start = FIRST_US + day * DAY_US
    at = start + rng.integers(6 * HOUR_US // 1000, 21 * HOUR_US // 1000, entries) * 1000
    usual = usual_minutes(popularity.size)[where].astype(np.int64)
    exits_at = at + (usual * 60_000 * rng.uniform(0.3, 1.6, entries)).astype(np.int64) * 1000
    leaves = (rng.random(entries) < EXIT_SHARE) & (exits_at < start + DAY_US)
    moments = np.concatenate([at, exits_at[leaves]])
    order = np.argsort(moments, kind="stable")
    return {
        "point": np.concatenate([where, where[leaves]])[order],
        "at": moments[order],
        "resident": np.concatenate([who, who[leaves]])[order],
        "is_exit": (np.arange(order.size) >= entries)[order],
        "sequence": day * 10_000_000 + np.arange(order.size),
    }


def database(visits: int) -> str:
    """The address of a migrated database with the visits in it, made when it is not there yet."""
    from ksdb.config import make_secrets, settings
    from ksdb.postgres.server import embedded_url, start_embedded

    var = Path(os.environ.setdefault("KSDB_VAR_DIR", "var/bench")).resolve()
    make_secrets(var)
    url = embedded_url(start_embedded(settings()), f"bench_tracing_{visits}")
    os.environ["KSDB_DATABASE_URL"] = url
    os.environ["DJANGO_SETTINGS_MODULE"] = "ksdb.site.owner"
    settings.cache_clear()
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    with psycopg.connect(url, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM visit LIMIT 1").fetchone():
            _fill(connection, visits)
            connection.execute("VACUUM ANALYZE visit")
            connection.execute("VACUUM ANALYZE scan_point")
    return url


def _fill(connection: psycopg.Connection[Any], visits: int) -> None:
    started = time.perf_counter()
    _fill_points(connection, points_in(visits))
    connection.execute(
        "SELECT ensure_partitions(%s, %s)", [FIRST_ON - timedelta(days=7), FIRST_ON + timedelta(days=DAYS + 1)]
    )
    # Rows first and the indexes then: sorted once, they are made in a tenth of the time.
    indexes = connection.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
        " WHERE indrelid = 'visit'::regclass AND NOT indisprimary"
    ).fetchall()
    for name, _ in indexes:
        connection.execute(psycopg.sql.SQL("DROP INDEX {}").format(psycopg.sql.Identifier(name)))
    connection.execute("ALTER TABLE visit DROP CONSTRAINT visit_pkey")
    loaded = sum(_load(connection, day) for day in days(visits))
    print(f"loaded {loaded:,} visits in {time.perf_counter() - started:.0f} s", flush=True)
    connection.execute("SET maintenance_work_mem = '1GB'")
    connection.execute(
        "ALTER TABLE visit ADD PRIMARY KEY (point_id, scanned_at, device_id, sequence) INCLUDE (resident_id, is_exit)"
    )
    for _, definition in indexes:
        connection.execute(definition.replace(" ON ONLY ", " ON ").encode())
    print(f"with indexes after {time.perf_counter() - started:.0f} s", flush=True)


def _fill_points(connection: psycopg.Connection[Any], points: int) -> None:
    connection.execute(
        "INSERT INTO division (id, code, name, kind, valid_from, position) VALUES (1, '1', 'x', 'commune', %s, 1)",
        [FIRST_ON],
    )
    connection.execute(
        "INSERT INTO scan_point_type VALUES ('shop', 'x', 'x', '06:00', '22:00', 30) ON CONFLICT DO NOTHING"
    )
    connection.execute(
        "INSERT INTO scan_point (id, name, type_id, division_id, address, opens_at, closes_at, usual_stay_minutes,"
        " is_sensitive, registered_at) SELECT n, n::text, 'shop', 1, '', '06:00', '22:00',"
        " (%s::int[])[n + 1], false, now() FROM generate_series(1, %s) n",
        [usual_minutes(points).tolist(), points],
    )


def _load(connection: psycopg.Connection[Any], day: Day) -> int:
    from ksdb.postgres.copying import binary_dtype, filled, to_binary

    rows = filled(binary_dtype(COLUMNS), day["at"].size)
    rows["point_id"] = rows["device_id"] = day["point"]
    rows["scanned_at"] = rows["received_at"] = day["at"] - EPOCH_2000_US
    rows["is_exit"] = day["is_exit"]
    rows["resident_id"] = rows["card_index"] = day["resident"]
    rows["sequence"] = day["sequence"]
    rows["result"] = 1
    names = ", ".join(name for name, _ in COLUMNS)
    with connection.cursor().copy(f"COPY visit ({names}) FROM STDIN (FORMAT binary)".encode()) as copy:
        copy.write(to_binary(rows))
    return int(rows.size)
