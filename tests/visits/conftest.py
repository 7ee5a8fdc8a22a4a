"""Visits of three days: 30 days ago (past the retention), 28 days ago, and yesterday."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from django.db import connection

from ksdb.config import make_secrets, settings
from ksdb.core.clock import ZONE, today
from ksdb.places.models import ScanPoint


@pytest.fixture(autouse=True)
def own_var_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("KSDB_VAR_DIR", str(tmp_path))
    settings.cache_clear()
    make_secrets(tmp_path)
    yield tmp_path
    monkeypatch.undo()
    settings.cache_clear()


def ago(days: int) -> date:
    return today() - timedelta(days=days)


def noon(on: date) -> datetime:
    return datetime.combine(on, time(12), ZONE)


@pytest.fixture
def visit(db: None) -> Callable[[date, int], None]:
    """Writes a visit of a day, with a sequence number."""

    def write(on: date, sequence: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT ensure_partitions(%s, %s)", [on, on])
            cursor.execute(
                "INSERT INTO visit (point_id, scanned_at, device_id, sequence, card_index, resident_id, result)"
                " VALUES (7, %s, 3, %s, 1, 1, 1)",
                [noon(on), sequence],
            )

    return write


@pytest.fixture
def log(visit: Callable[[date, int], None], market_a: ScanPoint) -> None:
    for on, count in ((ago(30), 3), (ago(28), 2), (ago(1), 4)):
        for sequence in range(count):
            visit(on, sequence)
