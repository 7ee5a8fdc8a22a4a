"""The log can be spread by scan point. With KSDB_CITUS=1 and KSDB_CITUS_URL, an empty database of a cluster, it is."""

import asyncio
import os
import subprocess
import sys

import psycopg
import pytest
from tests.gateway.town import Town, now_ms, without_foreign_keys

from ksdb.core.clock import today
from ksdb.gateway.intake import DecidedScan
from ksdb.gateway.writer import Writer
from ksdb.postgres.spreading import SPREAD, CitusMissing, spread_log

pytestmark = pytest.mark.django_db


def test_every_key_of_the_log_has_the_point_and_the_time(town: Town) -> None:
    for name in SPREAD:
        columns = town.rows(
            """SELECT attname FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY(indkey)
               WHERE indrelid = %s::regclass AND indisunique""",
            name,
        )
        assert {"point_id"} | ({"received_at"} if name == "refusal" else {"scanned_at"}) <= {row[0] for row in columns}


def test_the_log_is_distributed_by_the_same_type_everywhere(town: Town) -> None:
    types = (
        "SELECT DISTINCT atttypid::regtype::text FROM pg_attribute WHERE attname = 'point_id' AND attrelid = ANY(%s)"
    )
    oids = [town.rows("SELECT %s::regclass::oid", name)[0][0] for name in SPREAD]
    assert town.rows(types, oids) == [("integer",)]


@pytest.mark.django_db
def test_nothing_refers_to_the_log_and_it_refers_to_nothing(django_db_setup: None) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT conname FROM pg_constraint
               WHERE contype = 'f' AND (conrelid::regclass::text = ANY(%s) OR confrelid::regclass::text = ANY(%s))""",
            [list(SPREAD), list(SPREAD)],
        )
        assert cursor.fetchall() == []


def test_without_citus_nothing_is_spread(town: Town) -> None:
    with pytest.raises(CitusMissing):
        spread_log(town.url)


@pytest.fixture
def cluster() -> str:
    if os.environ.get("KSDB_CITUS") != "1":
        pytest.skip("no Citus cluster: set KSDB_CITUS=1 and KSDB_CITUS_URL")
    url = os.environ["KSDB_CITUS_URL"]
    environment = {**os.environ, "KSDB_DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "ksdb.site.owner"}
    subprocess.run([sys.executable, "-m", "django", "migrate"], check=True, env=environment, capture_output=True)
    without_foreign_keys(url)
    return url


def test_on_a_cluster_each_scan_is_stored_once(cluster: str) -> None:
    spread_log(cluster)
    assert spread_log(cluster) == []
    at = now_ms()
    rows = [
        DecidedScan(device, n, device, at, at, 1 if n % 5 else 26, n, n, is_exit=False)
        for device in range(1, 9)
        for n in range(1, 101)
    ]

    async def both() -> list[bool]:
        writers = [Writer(cluster), Writer(cluster)]
        for writer in writers:
            writer.start()
        answers = await asyncio.gather(*(writer.store(rows) for writer in writers for _ in range(2)))
        await asyncio.gather(*(writer.close() for writer in writers))
        return [new for answer in answers for new in answer]

    assert sum(asyncio.run(both())) == len(rows)
    with psycopg.connect(cluster, autocommit=True) as connection:
        assert connection.execute("SELECT count(*) FROM visit").fetchone() == (640,)
        assert connection.execute("SELECT count(*) FROM refusal").fetchone() == (160,)
        shards = connection.execute(
            "SELECT count(*) FROM pg_dist_partition WHERE logicalrelid::text = %s", [f"visit_{today():%Y%m%d}"]
        ).fetchone()
        assert shards == (1,), "a day made after the spreading is not spread"
        connection.execute("SELECT drop_partition(%s)", [f"visit_{today():%Y%m%d}"])
