"""What a scan costs when much is stored already: with 1, 30 and, if asked, 180 million visits in 28 days.

`python -m bench.volume [runs] [millions ...]`, by default 2 runs at 1 and 30 million, about eight minutes; the whole
answer is `3 1 30 180`, about forty minutes and 30 GB of disk. All rows are there, each day in its partition with its
primary key. Left out: the second index of the 27 days before today, which a scan of today neither reads nor writes; on
today's partition it is there. A day's rows before today come in the order of points, as after a dump. Processor time
per scan of gateway and PostgreSQL together, which a noisy machine blurs less than scans per second; the median of the
runs. Autovacuum is off: its work is not a scan's.
"""

import statistics
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

import psycopg
from cryptography.hazmat.primitives.asymmetric import ec

from bench.scan_client import Load
from bench.scans import Measured, own_server, seed, through_the_door
from ksdb.core.clock import day_bounds, today

DAYS = 28
MILLION = 1_000_000
STAGES = (1, 30)
FLAT = 1.15
FILL = """
INSERT INTO visit (point_id, scanned_at, device_id, sequence, card_index, resident_id, result, is_exit, received_at)
SELECT i %% 20000, at, i %% 20000, i, who * 3, who, 1, false, at
FROM (
    SELECT i, 1 + (i::bigint * 7919) %% 1200000 AS who, clock_timestamp() AS at
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS i
) AS made
"""
FILL_BEFORE = """
INSERT INTO visit (point_id, scanned_at, device_id, sequence, card_index, resident_id, result, is_exit, received_at)
SELECT point, at, point, i, who * 3, who, 1, false, at
FROM (
    SELECT i, point, 1 + (i::bigint * 7919) %% 1200000 AS who,
           %(start)s::timestamptz + i * interval '50 microseconds' AS at
    FROM generate_series(0, 19999) AS point
    CROSS JOIN LATERAL generate_series(%(first)s::bigint + (point * %(count)s::bigint) / 20000,
                                       %(first)s::bigint + ((point + 1) * %(count)s::bigint) / 20000 - 1) AS i
) AS made
"""
ONE_INDEX = """
DROP INDEX visit_of_resident;
CREATE INDEX ON {} (resident_id, scanned_at) INCLUDE (point_id, is_exit);
"""


@dataclass(frozen=True)
class Filled:
    """With so much stored: microseconds of processor time per scan."""

    name: str
    single: list[float]
    fifty: list[float]


def ready(url: str) -> None:
    """Partitions of 28 days, and the second index on today's alone."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET autovacuum = off")
        connection.execute("ALTER SYSTEM SET max_wal_size = '8GB'")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("SELECT ensure_partitions(%s, %s)", [today() - timedelta(days=DAYS - 1), today()])
        on_day = psycopg.sql.Identifier(f"visit_{today():%Y%m%d}")
        connection.execute(psycopg.sql.SQL(ONE_INDEX).format(on_day))


def fill(url: str, first: int, last: int) -> None:
    """Visits with numbers from `first` on, so many on each day; the days before today by two connections at once."""
    count = last - first + 1

    def day(back: int) -> None:
        start, _ = day_bounds(today() - timedelta(days=back))
        # 50 µs between two: whatever the number, a day's visits lie within it.
        spread = {"start": start + timedelta(seconds=1) - timedelta(microseconds=50 * first), "first": first}
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("SET synchronous_commit = off")
            connection.execute(FILL_BEFORE, spread | {"count": count})

    with ThreadPoolExecutor(2) as hands:
        list(hands.map(day, range(1, DAYS)))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(FILL, {"first": first, "last": last})
        connection.execute("VACUUM (ANALYZE) visit")
        connection.execute("CHECKPOINT")


def cost(line: Measured) -> float:
    return line.gateway_us + line.postgres_us


def measured(url: str, name: str, tokens: list[str], runs: int) -> Filled:
    single = [cost(through_the_door(url, name, 1, Load(tokens, 1, 4))) for _ in range(runs)]
    fifty = [cost(through_the_door(url, name, 1, Load(tokens, 50, 4))) for _ in range(runs)]
    return Filled(name, single, fifty)


def run(runs: int, stages: Sequence[int]) -> list[str]:
    with own_server() as url:
        tokens = seed(url, ec.generate_private_key(ec.SECP256R1()))
        ready(url)
        found, stored, counted = [], 0, []
        for millions in stages:
            fill(url, stored + 1, millions * MILLION // DAYS)
            stored = millions * MILLION // DAYS
            counted.append(_rows(url))
            found.append(measured(url, f"{counted[-1]:,} visits stored", tokens, runs))
    return [_text(each, found[0]) for each in found]


def _rows(url: str) -> int:
    """Counted, not reckoned."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM visit").fetchone()
    assert row
    return int(row[0])


def _text(filled: Filled, first: Filled) -> str:
    single, fifty = statistics.median(filled.single), statistics.median(filled.fifty)
    of_single, of_fifty = single / statistics.median(first.single), fifty / statistics.median(first.fifty)
    verdict = "met" if max(of_single, of_fifty) <= FLAT else "MISSED"
    return (
        f"{filled.name:44} one a request {single:5.0f} µs = {of_single:.2f} of the first   "
        f"50 a request {fifty:5.0f} µs = {of_fifty:.2f}   limit {FLAT} {verdict}   "
        f"runs {' '.join(f'{v:.0f}' for v in filled.single)}"
        f" | {' '.join(f'{v:.0f}' for v in filled.fifty)}"
    )


if __name__ == "__main__":
    asked = [int(word) for word in sys.argv[1:]]
    print("\n".join(run(asked[0] if asked else 2, asked[1:] or STAGES)))
