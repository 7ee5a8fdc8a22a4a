"""How fast a town's list is imported, beside a bare COPY of the very rows it made into the same indexed tables.

    KSDB_DATABASE_URL=postgresql://… python bench/imports.py [list.xlsx]

Runs in a database of its own (`ksdb_bench_imports`) on that server, or on the embedded one. Without a file, the list
of the demo town is made first (64,827 people).
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter, process_time

import psycopg

DATABASE = "ksdb_bench_imports"
DISTRICT, ERA = "Thị xã Hương Trà", "2021-07-01"


def prepare() -> None:
    """An empty database with all tables and the divisions."""
    from ksdb.config import make_secrets, settings
    from ksdb.postgres.server import database_url

    make_secrets(settings().var_dir)
    server = psycopg.conninfo.conninfo_to_dict(database_url(settings()))
    own = psycopg.conninfo.make_conninfo("", **{**server, "dbname": DATABASE})
    with psycopg.connect(
        psycopg.conninfo.make_conninfo("", **{**server, "dbname": "postgres"}), autocommit=True
    ) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
        admin.execute(f"CREATE DATABASE {DATABASE}")
    os.environ |= {"KSDB_DATABASE_URL": own, "DJANGO_SETTINGS_MODULE": "ksdb.site.owner"}
    settings.cache_clear()
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from ksdb.core.scope import system_scope
    from ksdb.places.actions import load_reference

    load_reference(system_scope())


def run_the_import(path: Path) -> tuple[int, float, float]:
    """Rows imported, seconds by the clock, seconds of this process."""
    from ksdb.core.scope import system_scope
    from ksdb.places.models import Division
    from ksdb.registry.actions import run_import, start_import

    division = Division.objects.get(name=DISTRICT, valid_from=ERA)
    source = start_import(system_scope(), division.pk, path.name, path)
    started, used = perf_counter(), process_time()
    done = run_import(system_scope(), source.pk)
    assert done.imported_count == done.row_count, (done.status, done.failure, done.rejected_count)
    return done.row_count, perf_counter() - started, process_time() - used


def run_the_copy() -> tuple[int, float]:
    """The same residents and households out, the tables emptied, and the rows in again by COPY alone."""
    from ksdb.postgres.copying import copy_in
    from ksdb.registry.storing import RESIDENT_COLUMNS

    tables = {"household": ("id", "division_id", "book_number", "address", "position"), "resident": RESIDENT_COLUMNS}
    with psycopg.connect(os.environ["KSDB_DATABASE_URL"]) as connection:
        cursor = connection.cursor()
        rows = {name: list(read(cursor, name, columns)) for name, columns in tables.items()}
        cursor.execute("TRUNCATE household, resident CASCADE")
        connection.commit()
        started = perf_counter()
        for name, columns in tables.items():
            copy_in(cursor, name, columns, rows[name])
        connection.commit()
        return len(rows["resident"]), perf_counter() - started


def read(
    cursor: psycopg.Cursor[tuple[object, ...]], table: str, columns: tuple[str, ...]
) -> Iterator[tuple[object, ...]]:
    names = psycopg.sql.SQL(", ").join(map(psycopg.sql.Identifier, columns))
    query = psycopg.sql.SQL("SELECT {} FROM {} ORDER BY id").format(names, psycopg.sql.Identifier(table))
    return iter(cursor.execute(query).fetchall())


def main() -> None:
    prepare()
    with tempfile.TemporaryDirectory() as folder:
        if len(sys.argv) > 1:
            path = Path(sys.argv[1])
        else:
            from ksdb.simulation import town

            path = town.ward_file(town.town(), Path(folder))
        count, seconds, used = run_the_import(path)
    copied, bare = run_the_copy()
    assert copied == count
    print(f"import     {count:>8,} rows  {seconds:6.2f} s  {count / seconds:>9,.0f} rows/s  (CPU {used:.2f} s)")
    print(f"bare COPY  {copied:>8,} rows  {bare:6.2f} s  {copied / bare:>9,.0f} rows/s")
    print(f"ratio      {bare / seconds:.2f} of COPY's speed")


if __name__ == "__main__":
    main()
