"""After a test that commits, the database holds again what it held before the first: only what differs is written.

Django's own way empties all tables, each waiting for the disk, and has the reference data made anew: three seconds a
test. It also leaves what is not a model's, as jobs that wait; here nothing of one test is left to the next.
"""

import shutil
from collections.abc import Mapping

from django.db import connection, transaction
from django.test import TransactionTestCase
from psycopg.sql import SQL, Identifier, Literal

from ksdb.tracing.presence.refreshing import index_folder

TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
"""Partitions, too: the log of visits is none of Django's tables, and its parents hold no rows of their own."""


def restored_after_commits() -> None:
    """From now on, every test that commits ends with the database as it is now."""
    kept = {table: _rows(table) for table in _filled()}
    days = _days()

    def restore(_: TransactionTestCase) -> None:
        _drop_days(_days() - days)
        _restore(kept)
        shutil.rmtree(index_folder(), ignore_errors=True)

    TransactionTestCase._fixture_teardown = restore  # type: ignore[method-assign]


def _days() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM log_partition")
        return {name for (name,) in cursor.fetchall()}


def _drop_days(names: set[str]) -> None:
    if names:
        with connection.cursor() as cursor:
            cursor.execute(SQL("DROP TABLE {}").format(SQL(", ").join(map(Identifier, names))))


def _filled() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        ask = SQL("SELECT {} WHERE EXISTS (SELECT FROM {})")
        asked = [ask.format(Literal(name), Identifier(name)) for (name,) in cursor.fetchall()]
        cursor.execute(SQL(" UNION ALL ").join(asked))
        return {name for (name,) in cursor.fetchall()}


def _rows(table: str) -> list[bytes]:
    """The lines that COPY writes, in an order that does not depend on where they lie."""
    with connection.cursor() as cursor, cursor.copy(SQL("COPY {} TO STDOUT").format(Identifier(table))) as lines:
        return sorted(b"".join(lines).splitlines(keepends=True))


def _restore(kept: Mapping[str, list[bytes]]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # no trigger notes it, and none forbids it
        for table in _filled() | kept.keys():
            before = kept.get(table, [])
            if before and _rows(table) == before:
                continue
            cursor.execute(SQL("DELETE FROM {}").format(Identifier(table)))
            if before:
                with cursor.copy(SQL("COPY {} FROM STDIN").format(Identifier(table))) as lines:
                    lines.write(b"".join(before))
