"""Clocks that jump, midnights, days without a partition, and news that never came."""

import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.gateway.town import LAN, MARKET_TOKEN, Town, now_ms, token_of

from ksdb.config import settings
from ksdb.core.clock import ZONE, day_bounds, today
from ksdb.gateway import refresh
from ksdb.gateway.app import make_application

pytestmark = pytest.mark.django_db
HOUR_MS = 3_600_000


def sent(door: TestClient, scans: list[dict[str, Any]], sent_at: int | None = None) -> list[tuple[str, str]]:
    body = {
        "sent_at": now_ms() if sent_at is None else sent_at,
        "scans": [{"token": token_of(LAN), **s} for s in scans],
    }
    answer = door.post("/v1/scans", json=body)
    assert answer.status_code == 200, answer.text
    return [(result["result"], result["stored"]) for result in answer.json()["results"]]


def days_of(town: Town, table: str = "visit") -> list[tuple[int, str]]:
    return town.rows(f"SELECT sequence, tableoid::regclass::text FROM {table} ORDER BY 1")  # noqa: S608 - ours


def test_a_day_ends_at_the_provinces_midnight(door: TestClient, town: Town) -> None:
    midnight, _ = day_bounds(today())
    at = int(midnight.timestamp() * 1000)
    assert sent(door, [{"sequence": 1, "scanned_at": at - 1}, {"sequence": 2, "scanned_at": at}]) == [
        ("accepted", "new"),
        ("accepted", "new"),
    ]
    yesterday = today() - timedelta(days=1)
    assert days_of(town) == [(1, f"visit_{yesterday:%Y%m%d}"), (2, f"visit_{today():%Y%m%d}")]


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Pacific/Kiritimati"])
def test_the_zone_of_the_database_moves_no_visit_to_another_day(town: Town, zone: str) -> None:
    """Partitions are made by whoever comes first, in whatever zone that connection thinks."""
    on = date(2026, 1, 1)
    town.rows(f"SET timezone = '{zone}'")
    town.rows("SELECT ensure_partitions(%s, %s)", on, on)
    start, end = day_bounds(on)
    bounds = "SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = 'visit_20260101'"
    town.rows("SET timezone = 'UTC'")
    ((said,),) = town.rows(bounds)
    town.rows("DROP TABLE visit_20260101, refusal_20260101, foreign_scan_20260101, visit_flag_20260101")
    assert f"{start.astimezone(UTC):%Y-%m-%d %H:%M:%S}" in said
    assert f"{end.astimezone(UTC):%Y-%m-%d %H:%M:%S}" in said


def test_a_clock_that_jumps_between_two_tries_changes_no_visit(door: TestClient, town: Town) -> None:
    at = now_ms() - HOUR_MS
    scan = {"sequence": 1, "scanned_at": at}
    assert sent(door, [scan]) == [("accepted", "new")]
    assert sent(door, [scan], now_ms() + 5 * HOUR_MS) == [("accepted", "before")]
    ((stored,),) = town.rows("SELECT scanned_at FROM visit")
    assert int(stored.timestamp() * 1000) == at


def test_a_scan_of_the_hour_in_which_a_clock_was_ahead_is_kept_as_refused(door: TestClient, town: Town) -> None:
    """The clock was put right before the upload: nobody can tell by how much it was wrong. It is not lost."""
    scans = [{"sequence": 1, "scanned_at": now_ms() + 3 * HOUR_MS}, {"sequence": 2, "scanned_at": now_ms()}]
    assert sent(door, scans) == [("from_future", "new"), ("accepted", "new")]
    assert [row[:2] for row in town.visits() + town.refusals()] == [(1, 2), (1, 1)]


def test_days_that_nobody_made_are_made_by_the_first_scan_of_each(door: TestClient, town: Town) -> None:
    """A device that was offline for three weeks comes back to a database whose nightly job never ran."""
    days = [today() - timedelta(days=n) for n in range(1, 22)]
    for day in days:
        for log in ("visit", "refusal", "foreign_scan", "visit_flag"):
            town.rows(f"DROP TABLE IF EXISTS {log}_{day:%Y%m%d}")
    noon = [int(datetime(day.year, day.month, day.day, 12, tzinfo=ZONE).timestamp() * 1000) for day in days]
    answers = sent(door, [{"sequence": n, "scanned_at": at} for n, at in enumerate(noon, 1)])
    assert set(answers) == {("accepted", "new")}
    assert days_of(town) == [(n, f"visit_{day:%Y%m%d}") for n, day in enumerate(days, 1)]


def test_news_that_nobody_told_arrives_all_the_same(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """A notification that got lost: the gateway looks by itself, sooner or later. Here sooner than every 30 seconds."""
    monkeypatch.setattr(refresh, "LOOK_SECONDS", 0.3)
    headers = {"authorization": f"Bearer {MARKET_TOKEN}"}
    with TestClient(make_application(replace(settings(), gateway_database_url=town.url)), headers=headers) as door:
        assert sent(door, [{"sequence": 1, "scanned_at": now_ms()}]) == [("accepted", "new")]
        town.rows("SET session_replication_role = replica")  # no trigger runs, so nobody is told
        town.rows(
            """UPDATE card SET status = 4, status_since = now(), changed_in = pg_current_xact_id()
               WHERE "index" = %s""",
            LAN,
        )
        town.rows("SET session_replication_role = origin")
        results = []
        for n in range(2, 100):
            results += sent(door, [{"sequence": n, "scanned_at": now_ms() + 1500}])
            if results[-1] == ("revoked", "new"):
                break
            time.sleep(0.1)
    assert results[-1] == ("revoked", "new")
