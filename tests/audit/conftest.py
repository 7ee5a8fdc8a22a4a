"""A trail with anchors of its own, and somebody who has every right in the database but not the key."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection

from ksdb.config import settings

Intruder = Callable[..., None]


@pytest.fixture(autouse=True)
def own_var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Anchors of a test must not be held against the trail of another."""
    monkeypatch.setenv("KSDB_AUDIT_KEY", settings().secret("audit_key").hex())
    monkeypatch.setenv("KSDB_VAR_DIR", str(tmp_path))
    settings.cache_clear()
    yield tmp_path
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def intruder(db: None) -> Intruder:
    """Runs SQL as an owner whom no trigger stops."""

    def run(statement: str, *given: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(statement, given)
            cursor.execute("SET LOCAL session_replication_role = DEFAULT")

    return run
