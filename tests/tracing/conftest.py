"""The market of commune A two days ago, and who was scanned there."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count

import pytest
from django.db import connection
from tests.conftest import resident_of

from ksdb.core.clock import ZONE, now, today
from ksdb.core.scope import Scope, system_scope
from ksdb.places.models import Division, ScanPoint
from ksdb.registry.models import Resident
from ksdb.tracing.actions import CaseFacts, load_profiles, open_case
from ksdb.tracing.models import CaseRecord

ScanAt = Callable[..., None]
"""Scans a resident (None: a card nobody knows) at a point, at an hour of the day before yesterday."""


def moment(hours: int, minutes: int = 0) -> datetime:
    on = today() - timedelta(days=2)
    return datetime(on.year, on.month, on.day, hours, minutes, tzinfo=ZONE)


@pytest.fixture
def profiles(db: None) -> Scope:
    with connection.cursor() as cursor:
        cursor.execute("SELECT ensure_partitions(%s, %s)", [today() - timedelta(days=6), today() + timedelta(days=1)])
    load_profiles(system_scope())
    return system_scope()


@pytest.fixture
def scan(profiles: Scope) -> ScanAt:
    numbers = count(1)

    def scan(resident: Resident | None, point: ScanPoint, at: datetime, *, is_exit: bool = False) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO visit (point_id, scanned_at, device_id, sequence, card_index, resident_id, result,"
                " is_exit) VALUES (%s, %s, 1, %s, 1, %s, %s, %s)",
                [point.pk, at, next(numbers), resident and resident.pk, 1 if resident else 2, is_exit],
            )

    return scan


@pytest.fixture
def neighbour(commune_a: Division) -> Resident:
    return resident_of(commune_a, "Trần Văn Hòa", 1960)


@pytest.fixture
def stranger(commune_b: Division) -> Resident:
    return resident_of(commune_b, "Hồ Thị Sen", 1988)


@pytest.fixture
def market_day(scan: ScanAt, lan: Resident, neighbour: Resident, stranger: Resident, market_a: ScanPoint) -> None:
    """Lan is at the market from 8:00 to 8:30; the neighbour meets her for twenty minutes, the stranger for fifteen."""
    early = resident_of(market_a.division, "Lê Thị Sớm")
    after = resident_of(market_a.division, "Phạm Văn Muộn")
    scan(lan, market_a, moment(8))
    scan(lan, market_a, moment(8, 30), is_exit=True)
    scan(neighbour, market_a, moment(8, 10))
    scan(neighbour, market_a, moment(9), is_exit=True)
    scan(stranger, market_a, moment(8, 15))
    scan(early, market_a, moment(7))
    scan(early, market_a, moment(7, 59), is_exit=True)
    scan(after, market_a, moment(8, 30))
    scan(None, market_a, moment(8, 20))


@pytest.fixture
def lans_case(market_day: None, lan: Resident) -> CaseRecord:
    facts = CaseFacts("covid-19", today() - timedelta(days=1), today(), None)
    return open_case(system_scope(), lan.pk, facts)


def isolated_before(days: int) -> CaseFacts:
    return CaseFacts("covid-19", today(), today(), now() - timedelta(days=days))
