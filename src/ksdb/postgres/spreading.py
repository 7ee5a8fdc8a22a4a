"""Spreads the log of visits over the servers of a Citus cluster, by scan point. docs/citus.md says when and how."""

import psycopg

from ksdb.core.errors import KsdbError
from ksdb.postgres.named import sql

SPREAD = ("visit", "refusal", "foreign_scan", "visit_flag")
"""In this order: the others lie where the first does."""

EVERYWHERE = "visit_dispute"
"""Few rows, joined with visits by every trace: a whole copy on each server."""


class CitusMissing(KsdbError):
    """This database has no Citus. Install it as docs/citus.md says, then run this again."""

    code = "citus_missing"
    status = 409


def spread_log(url: str) -> list[str]:
    """Distributes the tables of the log that are not distributed yet, with what is in them; returns their names."""
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute(sql("ksdb.postgres", "has_citus")).fetchone()
        if not (found and found[0]):
            raise CitusMissing
        done = {name for (name,) in connection.execute(sql("ksdb.postgres", "spread_tables"))}
        left = [name for name in SPREAD if name not in done]
        for name in left:
            beside = "none" if name == SPREAD[0] else SPREAD[0]
            connection.execute(sql("ksdb.postgres", "spread_table"), {"name": name, "beside": beside})
        connection.execute(sql("ksdb.postgres", "copy_table_everywhere"), {"name": EVERYWHERE})
    return left
