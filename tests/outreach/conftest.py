"""Two households of commune A's first group, with cards that wait; keys in a folder of the test's own."""

from dataclasses import dataclass
from uuid import uuid4

import pytest
from tests.cards.conftest import issuer_key, own_var_dir
from tests.conftest import resident_of, scope_for

from ksdb.access.models import StaffAccount
from ksdb.cards.actions import issue_cards
from ksdb.cards.models import Card, IssuerKey
from ksdb.core.scope import Scope
from ksdb.core.token import Form
from ksdb.outreach.notes import Note, NoteKind
from ksdb.places.models import Division
from ksdb.registry.models import Household, Resident

__all__ = ["issuer_key", "own_var_dir"]


@dataclass(frozen=True)
class Street:
    """Lan and Hoa at number 12, Dung next door at number 14."""

    group: Division
    lan: Resident
    hoa: Resident
    dung: Resident
    tokens: dict[int, str]

    def note(self, kind: NoteKind, resident: Resident | None = None, **more: object) -> Note:
        who = resident or self.lan
        given = {"key": uuid4(), "household": who.household_id, "resident": who.pk if kind != "hand_over" else 0}
        return Note(kind=kind, group=self.group.pk, **{**given, **more})  # type: ignore[arg-type]

    def card(self, resident: Resident) -> Card:
        return Card.objects.get(resident=resident)


@pytest.fixture
def street(commune_a: Division, issuer_key: IssuerKey, system: Scope) -> Street:
    lan, hoa = resident_of(commune_a, "Nguyễn Thị Lan"), resident_of(commune_a, "Trần Văn Hòa", 1950)
    dung = resident_of(commune_a, "Lê Thị Dung", 1990)
    dung.household = Household.objects.create(division=lan.division, book_number="2", address="14 Lý Thái Tổ")
    dung.save()
    issued = issue_cards(system, [lan.pk, dung.pk], Form.PAPER)
    return Street(lan.division, lan, hoa, dung, {card.resident_id: card.token for card in issued})


@pytest.fixture
def officer(binh: StaffAccount) -> Scope:
    return scope_for(binh)
