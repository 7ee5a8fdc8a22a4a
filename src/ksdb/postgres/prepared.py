"""Queries that the server plans once: over a month of partitions a plan takes longer to make than to follow."""

from collections.abc import Mapping
from typing import Any

import psycopg

from ksdb.postgres.named import sql

ONLY_WHEN_ASKED = 1 << 30
"""Django sets None, by which nothing is ever prepared."""


def answered(connection: Any, room: str, name: str, asked: Mapping[str, object]) -> list[tuple[Any, ...]]:
    """The rows of a room's query on Django's connection, by one plan for whatever is asked, kept as the connection is.

    Outside a transaction it is planned each time. A plan made for no value in particular guesses: of `column >= %(x)s`
    that a third of the rows are meant, of a span with both ends that half a percent is. Write spans.
    """
    connection.ensure_connection()
    link: psycopg.Connection[Any] = connection.connection
    is_kept = connection.in_atomic_block
    link.prepare_threshold = ONLY_WHEN_ASKED
    with psycopg.Cursor(link, row_factory=psycopg.rows.tuple_row) as cursor:
        if is_kept:
            cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        return cursor.execute(sql(room, name), asked, prepare=is_kept, binary=True).fetchall()
