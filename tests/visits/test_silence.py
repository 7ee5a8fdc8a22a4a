"""Points from which nothing comes: counted by the hours in which they are open, and found where one asks."""

from datetime import datetime, time, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from tests.conftest import scope_for
from tests.visits.conftest import ago, noon

from ksdb.access.models import StaffAccount
from ksdb.core.clock import now
from ksdb.core.scope import Scope, system_scope
from ksdb.places.actions import make_points
from ksdb.places.models import Division, ScanPoint
from ksdb.visits import queries
from ksdb.visits.actions import enrol_device
from ksdb.visits.queries import Silence, silent_points


def heard(division: Division, name: str, hours: tuple[time, time], at: datetime | None) -> ScanPoint:
    """A point of long ago that was last heard then."""
    opens, closes = hours
    made = ScanPoint(
        name=name, type_id="market", division=division, opens_at=opens, closes_at=closes, usual_stay_minutes=45
    )
    (point,) = make_points(system_scope(), [made])
    ScanPoint.objects.filter(pk=point.pk).update(registered_at=now() - timedelta(days=99))
    device, _ = enrol_device(system_scope(), point.pk, "x")
    if at:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO device_intake (device_id, seen_at) VALUES (%s, %s)", [device.pk, at])
    return point


def silent(scope: Scope, days: int, division: Division | None = None) -> dict[str, int]:
    rows = silent_points(scope, Silence(days, division_id=division and division.pk))
    return {row.point.name: row.open_hours for row in rows}


@pytest.fixture
def town(commune_a: Division, commune_b: Division, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen at noon."""
    monkeypatch.setattr(queries, "now", lambda: noon(ago(0)))
    yesterday = noon(ago(1))
    heard(commune_a, "market", (time(4), time(18, 30)), yesterday + timedelta(hours=6))
    heard(commune_a, "school", (time(7), time(11)), yesterday)
    heard(commune_a, "office", (time(13), time(17)), yesterday + timedelta(hours=5))
    heard(commune_a, "night market", (time(20), time(3)), yesterday + timedelta(hours=9))
    heard(commune_b, "around the clock", (time(0), time(0)), noon(ago(3)))
    heard(commune_b, "never heard", (time(8), time(16)), None)


def test_only_the_hours_in_which_a_place_is_open_count(town: None, system: Scope) -> None:
    """The school is closed since eleven, the office opens at one: nobody need ask why they are silent now."""
    everywhere = {"market": 8, "school": 4, "night market": 6, "around the clock": 72, "never heard": 128}
    assert silent(system, 0) == everywhere
    assert silent(system, 1) == {"school": 4, "around the clock": 72, "never heard": 128}
    assert silent(system, 3) == {"around the clock": 72, "never heard": 128}
    assert silent(system, 7) == silent(system, 14) == {"never heard": 128}


def test_one_looks_at_one_commune_and_sees_no_other(
    town: None, client: Client, binh: StaffAccount, commune_b: Division, hanh: StaffAccount
) -> None:
    assert set(silent(scope_for(hanh), 0, commune_b)) == {"around the clock", "never heard"}
    assert silent(scope_for(binh), 0, commune_b) == {}
    client.force_login(hanh)
    page = client.get(reverse("visits:silent_points"), {"days": "1", "division": commune_b.pk})
    assert [row.point.name for row in page.context["rows"]] == ["never heard", "around the clock"]
    assert "không quét ai" not in page.content.decode()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO device_state (device_id, told_at, app_version, clock_ahead_ms)"
            " SELECT device_id, %s, '', 0 FROM device_intake",
            [noon(ago(0))],
        )
    page = client.get(reverse("visits:silent_points"), {"days": "1", "division": commune_b.pk})
    assert "không quét ai" in page.content.decode(), "a device that only asks for news is heard"
    page = client.get(reverse("visits:silent_points"), {"days": "nonsense", "division": "1 OR 1"})
    assert page.status_code == 200
