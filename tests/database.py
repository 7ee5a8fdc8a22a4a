"""A pytest plugin that gives the tests their own embedded PostgreSQL before Django reads its settings."""

import os
from pathlib import Path

import psycopg
import pytest

_ALL = Path(__file__).parent.parent / "var" / "test"
# Each of several test processes has a server of its own: tests stop it, fill its disk, wait for its oldest transaction.
_VAR = _ALL / os.environ.get("PYTEST_XDIST_WORKER", "")

os.environ["KSDB_VAR_DIR"] = str(_VAR)
_given = os.environ.get("KSDB_TEST_DATABASE_URL", "")
os.environ["KSDB_DATABASE_URL"] = _given

from ksdb.config import make_secrets, settings  # noqa: E402 - the environment comes first
from ksdb.postgres.server import embedded_url, start_embedded, stop_embedded  # noqa: E402
from ksdb.tracing.presence import compiled  # noqa: E402

make_secrets(_VAR)
_server = None if _given else start_embedded(settings())
if _server:
    os.environ["KSDB_DATABASE_URL"] = embedded_url(_server, os.environ.get("KSDB_TEST_NAME", "ksdb"))
    # No test cuts the power, and a server that is killed loses nothing that the kernel has. The servers that
    # tests/gateway/faults starts are as in earnest.
    with psycopg.connect(embedded_url(_server, "postgres"), autocommit=True) as _link:
        _link.execute("ALTER SYSTEM SET fsync = off")
        _link.execute("ALTER SYSTEM SET full_page_writes = off")
        _link.execute("SELECT pg_reload_conf()")
settings.cache_clear()
# Compiled once for all processes and runs: a test with a folder of its own would else compile anew, and throw it away.
setattr(compiled.numba.config, "CACHE_DIR", str((_ALL / "numba").resolve()))  # noqa: B010


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    if _server and not os.environ.get("KSDB_TEST_KEEP_SERVER"):
        stop_embedded(_server)
