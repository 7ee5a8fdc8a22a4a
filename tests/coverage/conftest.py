"""Invented residents, cards and reasons for the coverage tests, put straight into the tables."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
from tests.conftest import resident_of

from ksdb.cards.models import Card
from ksdb.core.clock import now
from ksdb.core.decision import CardStatus
from ksdb.core.ids import card_number
from ksdb.core.scope import Scope
from ksdb.core.token import Form
from ksdb.coverage.actions import refresh
from ksdb.outreach.models import MissingReason
from ksdb.outreach.reasons import Reason
from ksdb.places.models import Division
from ksdb.registry.models import Resident

START = datetime(2026, 9, 20, 3, tzinfo=UTC)
Cardholder = Callable[..., Resident]
_indexes = count(1)


def card_of(
    resident: Resident,
    status: CardStatus = CardStatus.ACTIVE,
    form: Form = Form.PAPER,
    at: datetime = START,
    since: datetime | None = None,
) -> Card:
    index = next(_indexes)
    return Card.objects.create(
        index=index,
        number=card_number(index),
        resident=resident,
        form=form,
        status=status,
        status_since=since or at,
        issued_at=at,
        activated_at=None if status == CardStatus.ISSUED else at,
        expires_at=at + timedelta(days=730),
    )


def person(division: Division, name: str = "Người Thử", born: int = 1980, at: datetime = START) -> Resident:
    made = resident_of(division, name, born)
    made.registered_at = at
    made.save(update_fields=["registered_at"])
    return made


def away(resident: Resident, reason: Reason, on: date) -> MissingReason:
    return MissingReason.objects.create(resident=resident, reason=reason, said_on=on, noted_at=now())


@pytest.fixture
def counted(system: Scope) -> Callable[[], None]:
    """Counts what has changed, as the worker does each minute."""
    return lambda: refresh(system) and None
