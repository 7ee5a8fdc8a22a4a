"""What a scan costs when much is stored already: today as it is of 1, 10 and 30 million visits kept, or more.

`python -m bench.volume [runs] [millions ...]`, by default 2 runs at 1, 10 and 30 million in four minutes; the whole
answer is `3 1 30 180`. A scan of today touches today's partition and its indexes alone, so the other days are
left out: a 28th of each number is stored. Processor time per scan of gateway and PostgreSQL together, which a noisy
machine blurs less than scans per second; the median of the runs. Autovacuum is off: its work is not a scan's.
"""

import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
from cryptography.hazmat.primitives.asymmetric import ec

from bench.scan_client import Load
from bench.scans import Measured, own_server, seed, through_the_door

DAYS = 28
MILLION = 1_000_000
STAGES = (1, 10, 30)
FILL = """
INSERT INTO visit (point_id, scanned_at, device_id, sequence, card_index, resident_id, result, is_exit, received_at)
SELECT i %% 20000, at, i %% 20000, i, who * 3, who, 1, false, at
FROM (
    SELECT i, 1 + (i::bigint * 7919) %% 1200000 AS who, clock_timestamp() AS at
    FROM generate_series(%(first)s, %(last)s) AS i
) AS made
"""


@dataclass(frozen=True)
class Filled:
    """With so much stored: microseconds of processor time per scan."""

    name: str
    single: list[float]
    fifty: list[float]


def fill(url: str, first: int, last: int) -> None:
    """Visits of today, so many."""
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
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET autovacuum = off")
            connection.execute("SELECT pg_reload_conf()")
        tokens = seed(url, ec.generate_private_key(ec.SECP256R1()))
        found, stored = [], 0
        for millions in stages:
            fill(url, stored + 1, millions * MILLION // DAYS)
            stored = millions * MILLION // DAYS
            found.append(measured(url, f"today as of {millions} million", tokens, runs))
        with psycopg.connect(url) as connection:
            row = connection.execute(
                "SELECT sum(pg_total_relation_size(name::regclass)), sum(pg_stat_get_live_tuples(name::regclass)) "
                "FROM log_partition WHERE log = 'visit'"
            ).fetchone()
    assert row
    lines = [_text(each, found[0]) for each in found]
    return [*lines, f"a visit takes {float(row[0]) / float(row[1]):.0f} bytes with its indexes"]


def _text(filled: Filled, first: Filled) -> str:
    single, fifty = statistics.median(filled.single), statistics.median(filled.fifty)
    of_single, of_fifty = single / statistics.median(first.single), fifty / statistics.median(first.fifty)
    return (
        f"{filled.name:44} one a request {single:5.0f} µs = {of_single:.2f} of the first   "
        f"50 a request {fifty:5.0f} µs = {of_fifty:.2f}   runs {' '.join(f'{v:.0f}' for v in filled.single)}"
        f" | {' '.join(f'{v:.0f}' for v in filled.fifty)}"
    )


if __name__ == "__main__":
    asked = [int(word) for word in sys.argv[1:]]
    print("\n".join(run(asked[0] if asked else 2, asked[1:] or STAGES)))
