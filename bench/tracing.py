"""How long one trace takes on some millions of invented visits, in a database of its own: `python bench/tracing.py`."""

import argparse
import os
import statistics
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

FIRST_ON = date(2026, 11, 2)
DAYS = 14
VISITS_A_DAY = 3
RESIDENTS_A_POINT = 60
EXIT_SHARE = 0.25
STAYS_OF_A_CASE = 30
"""Gives about 2,400 contacts, the case by which the design measured."""
EPOCH_2000 = datetime(2000, 1, 1, tzinfo=UTC)
DAY_US = 86_400_000_000
COLUMNS = (
    ("point_id", ">i4"), ("scanned_at", ">i8"), ("device_id", ">i4"), ("sequence", ">i8"), ("card_index", ">i4"),
    ("resident_id", ">i4"), ("result", ">i2"), ("is_exit", ">i1"),
)  # fmt: skip
USUAL = (10, 15, 30, 45, 45, 60, 240, 480)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visits", type=int, default=5_000_000)
    parser.add_argument("--cases", type=int, default=20)
    parser.add_argument("--plan", action="store_true", help="print the plan of the slowest case")
    arguments = parser.parse_args()
    url = _database(arguments.visits)
    _measure(arguments.cases, arguments.plan)
    print(f"database: {psycopg.conninfo.conninfo_to_dict(url)['dbname']} (kept for the next run)")


def _database(visits: int) -> str:
    """A migrated database with the visits in it, made when it is not there yet."""
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
    with psycopg.connect(url) as connection:
        if not connection.execute("SELECT 1 FROM visit LIMIT 1").fetchone():
            _fill(connection, visits)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE visit")
        connection.execute("VACUUM ANALYZE scan_point")
    return url


def _fill(connection: psycopg.Connection[Any], visits: int) -> None:
    rng = np.random.default_rng(7)
    residents = visits // (VISITS_A_DAY * DAYS)
    points = residents // RESIDENTS_A_POINT
    _fill_points(connection, points)
    last_on = FIRST_ON + timedelta(days=DAYS)
    connection.execute("SELECT ensure_partitions(%s, %s)", [FIRST_ON - timedelta(days=7), last_on])
    popularity = 1 / (np.arange(points) + 20.0)
    popularity /= popularity.sum()
    started = time.perf_counter()
    loaded = 0
    for day in range(DAYS):
        loaded += _fill_day(connection, rng, day, residents, popularity)
    print(f"loaded {loaded:,} visits of {residents:,} residents at {points:,} points in {_since(started):.0f} s")


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
        " (%s::int[])[1 + n %% %s], false, now() FROM generate_series(1, %s) n",
        [list(USUAL), len(USUAL), points],
    )


def _fill_day(connection: psycopg.Connection[Any], rng: Any, day: int, residents: int, popularity: Any) -> int:
    """Each resident goes to a few places near the popular end of a list of his own, between 6 and 21 o'clock."""
    from ksdb.postgres.copying import binary_dtype, filled, to_binary

    entries = residents * VISITS_A_DAY
    who = rng.integers(1, residents + 1, entries)
    where = rng.choice(len(popularity), entries, p=popularity) + 1
    minute_us = 60_000_000
    start = (datetime.combine(FIRST_ON, datetime.min.time(), UTC) - EPOCH_2000) // timedelta(microseconds=1)
    at = start + day * DAY_US - 7 * 60 * minute_us + rng.integers(6 * 60 * minute_us, 21 * 60 * minute_us, entries)
    usual = np.array([USUAL[n % len(USUAL)] for n in range(len(popularity) + 1)])[where]
    leaves = rng.random(entries) < EXIT_SHARE
    exits_at = at + (usual * minute_us * rng.uniform(0.3, 1.6, entries)).astype(np.int64)
    leaves &= exits_at < start + (day + 1) * DAY_US - 7 * 60 * minute_us
    rows = filled(binary_dtype(COLUMNS), entries + int(leaves.sum()))
    rows["point_id"] = np.concatenate([where, where[leaves]])
    rows["scanned_at"] = np.concatenate([at, exits_at[leaves]])
    rows["is_exit"][entries:] = 1
    rows["resident_id"] = rows["card_index"] = np.concatenate([who, who[leaves]])
    rows["device_id"] = rows["point_id"]
    rows["sequence"] = day * 10_000_000 + np.arange(rows.size)
    rows["result"] = 1
    np.random.default_rng(day).shuffle(rows)
    names = ", ".join(name for name, _ in COLUMNS)
    with connection.cursor().copy(f"COPY visit ({names}) FROM STDIN (FORMAT binary)".encode()) as copy:
        copy.write(to_binary(rows))
    return int(rows.size)


def _measure(cases: int, is_plan_wanted: bool) -> None:
    from ksdb.core.copresence import OverlapRule
    from ksdb.tracing.exposures import find, units

    rule = OverlapRule(units(timedelta(minutes=15)))
    until = datetime.combine(FIRST_ON + timedelta(days=DAYS), datetime.min.time(), UTC)
    period = (until - timedelta(days=DAYS), until)
    times, contacts, stays = [], [], []
    busy = _busy_residents(cases)
    for resident_id in busy:
        find([resident_id], period, rule)  # the first reading warms the pages, as a case looked at twice does
        started = time.perf_counter()
        found = find([resident_id], period, rule)
        times.append(_since(started) * 1000)
        contacts.append(len(found.contacts))
        stays.append(len(found.stays))
    print(f"{cases} cases over {DAYS} days: median {statistics.median(times):.0f} ms, slowest {max(times):.0f} ms,")
    print(f"median {statistics.median(contacts):.0f} contacts at {statistics.median(stays):.0f} stays")
    print(
        f"per contact: {statistics.median(t * 1000 / max(1, c) for t, c in zip(times, contacts, strict=True)):.0f} µs"
    )
    if is_plan_wanted:
        _print_plan(busy[times.index(max(times))], period, rule)


def _busy_residents(cases: int) -> list[int]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT resident_id FROM visit WHERE resident_id %% 97 = 0 AND NOT is_exit GROUP BY 1"
            " ORDER BY abs(count(*) - %s), 1 LIMIT %s",
            [STAYS_OF_A_CASE, cases],
        )
        return [int(resident_id) for (resident_id,) in cursor.fetchall()]


def _print_plan(resident_id: int, period: tuple[datetime, datetime], rule: Any) -> None:
    from django.db import connection

    from ksdb.postgres.named import sql
    from ksdb.tracing.exposures import case_stays

    with connection.cursor() as cursor:
        text = "EXPLAIN (ANALYZE, BUFFERS, SETTINGS) " + sql("ksdb.tracing", "exposures")
        cursor.execute(text, case_stays([resident_id], period).asked(rule))
        print("\n".join(line for (line,) in cursor.fetchall()))


def _since(started: float) -> float:
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
