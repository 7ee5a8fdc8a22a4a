"""Lan was registered twice in A, the second time without marks; Hòa lives in both communes."""

from datetime import date, timedelta

import pytest
from tests.conftest import resident_of

from ksdb.cards.models import Card
from ksdb.core.clock import now
from ksdb.core.decision import CardStatus
from ksdb.core.ids import card_number
from ksdb.core.token import Form
from ksdb.duplicates.actions import search_pairs
from ksdb.duplicates.models import Pair
from ksdb.places.models import Division
from ksdb.registry.models import Resident

BORN = date(1956, 3, 8)


def born(resident: Resident, on: date = BORN) -> Resident:
    resident.born_on, resident.birth_year, resident.household = on, on.year, None
    resident.save()
    return resident


def card_of(resident: Resident, index: int) -> Card:
    return Card.objects.create(
        index=index,
        number=card_number(index),
        resident=resident,
        form=Form.PAPER,
        status=CardStatus.ACTIVE,
        status_since=now(),
        issued_at=now(),
        expires_at=now() + timedelta(days=100),
    )


@pytest.fixture
def lans(commune_a: Division) -> tuple[Resident, Resident]:
    return born(resident_of(commune_a, "Nguyễn Thị Lan")), born(resident_of(commune_a, "Nguyen Thi Lan"))


@pytest.fixture
def hoas(commune_a: Division, commune_b: Division) -> tuple[Resident, Resident]:
    on = date(1970, 5, 6)
    return born(resident_of(commune_a, "Trần Văn Hòa"), on), born(resident_of(commune_b, "Trần Văn Hoà"), on)


@pytest.fixture
def pair(system: object, lans: tuple[Resident, Resident]) -> Pair:
    search_pairs(system, is_whole=True)  # type: ignore[arg-type]
    return Pair.objects.get()
