"""What a scan costs when much is stored already: with 1 and with 30 million visits, and with today as of 180 million.

`python -m bench.volume [runs]`. Processor time per scan of gateway and PostgreSQL together, which a noisy machine blurs
less than scans per second; the median of the runs. Autovacuum is off, so that its work is not counted as a scan's.
"""

import statistics
import sys
from dataclasses import dataclass

import psycopg
from cryptography.hazmat.primitives.asymmetric import ec

from bench.scan_client import Load
from bench.scans import Measured, own_server, seed, through_the_door

DAYS = 28
MILLION = 1_000_000
TODAY_OF_180_MILLION = 180 * MILLION // DAYS
FILL = """
INSERT INTO visit (point_id, scanned_at, device_id, sequence, card_index, resident_id, result, is_exit, received_at)
SELECT i %% 20000, at, i %% 20000, 4000000000000000 + %(first)s + i, who * 3, who, 1, false, at
FROM (
    SELECT i, 1 + (i::bigint * 7919) %% 1200000 AS who,
           now() - interval '1 day' * (%(day)s + (i %% 86400) / 86400.0 * %(share)s) AS at
    FROM generate_series(1, %(count)s) AS i
) AS made
"""


@dataclass(frozen=True)
class Filled:
    """With so much stored: microseconds of processor time per scan."""

    name: str
    single: list[float]
    fifty: list[float]


def fill(url: str, first: int, per_day: int, days: range) -> None:
    """So many visits on each of these days before today; today's lie within the last minutes, in today's partition."""
    with psycopg.connect(url, autocommit=True) as connection:
        for day in days:
            given = {
                "first": first + day * 10 * MILLION,
                "day": day,
                "share": 0.001 if day == 0 else 1.0,
                "count": per_day,
            }
            connection.execute(FILL, given)
        connection.execute("VACUUM (ANALYZE) visit")
        connection.execute("CHECKPOINT")


def cost(line: Measured) -> float:
    return line.gateway_us + line.postgres_us


def measured(url: str, name: str, tokens: list[str], runs: int) -> Filled:
    single = [cost(through_the_door(url, name, 1, Load(tokens, 1, 4))) for _ in range(runs)]
    fifty = [cost(through_the_door(url, name, 1, Load(tokens, 50, 4))) for _ in range(runs)]
    return Filled(name, single, fifty)


def run(runs: int) -> list[str]:
    with own_server() as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET autovacuum = off")
            connection.execute("SELECT pg_reload_conf()")
            connection.execute(f"SELECT ensure_partitions(current_date - {DAYS + 2}, current_date + 1)")
        tokens = seed(url, ec.generate_private_key(ec.SECP256R1()))
        fill(url, 0, MILLION // DAYS, range(DAYS))
        found = [measured(url, "1 million stored", tokens, runs)]
        fill(url, MILLION * 1000, 29 * MILLION // DAYS, range(DAYS))
        found.append(measured(url, "30 million stored", tokens, runs))
        fill(url, MILLION * 2000, TODAY_OF_180_MILLION - 30 * MILLION // DAYS, range(1))
        found.append(measured(url, "36 million stored, today as of 180 million", tokens, runs))
        with psycopg.connect(url) as connection:
            row = connection.execute(
                "SELECT sum(pg_total_relation_size(name::regclass)) / 1e9, sum(estimate) "
                "FROM log_partition WHERE log = 'visit'"
            ).fetchone()
    assert row
    lines = [_text(each, found[0]) for each in found]
    return [*lines, f"{float(row[1]) / MILLION:,.0f} million visits take {float(row[0]):.1f} GB with their indexes"]


def _text(filled: Filled, first: Filled) -> str:
    single, fifty = statistics.median(filled.single), statistics.median(filled.fifty)
    of_single, of_fifty = single / statistics.median(first.single), fifty / statistics.median(first.fifty)
    return (
        f"{filled.name:44} one a request {single:5.0f} µs = {of_single:.2f} of the first   "
        f"50 a request {fifty:5.0f} µs = {of_fifty:.2f}   runs {' '.join(f'{v:.0f}' for v in filled.single)}"
        f" | {' '.join(f'{v:.0f}' for v in filled.fifty)}"
    )


if __name__ == "__main__":
    print("\n".join(run(int(sys.argv[1]) if len(sys.argv) > 1 else 3)))
