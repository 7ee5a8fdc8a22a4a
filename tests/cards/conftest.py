"""Keys and prints of these tests lie in a folder of their own."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from ksdb.cards.actions import issue_cards, make_issuer_key
from ksdb.cards.models import Card, IssuerKey
from ksdb.config import make_secrets, settings
from ksdb.core.scope import Scope
from ksdb.core.token import Form
from ksdb.registry.models import Household, Resident


@pytest.fixture(autouse=True)
def own_var_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("KSDB_VAR_DIR", str(tmp_path))
    settings.cache_clear()
    make_secrets(tmp_path)
    yield tmp_path
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def issuer_key(system: Scope, db: None) -> IssuerKey:
    return make_issuer_key(system)


@pytest.fixture
def card_of_lan(system: Scope, issuer_key: IssuerKey, lan: Resident) -> Card:
    return Card.objects.get(pk=issue_cards(system, [lan.pk], Form.PAPER)[0].index)


def named(count: int) -> list[str]:
    """So many names, in the order of a list."""
    first, middle = ("Ái", "Bình", "Chi", "Dung", "Giang", "Hà", "Khanh", "Lan", "Minh", "Nga"), ("Thị", "Văn", "Ngọc")
    return [f"Nguyễn {middle[i // 10 % 3]} {first[i % 10]} {i:03d}" for i in range(count)]


def deliver_to(people: Sequence[Resident], door: int) -> None:
    """Moves people into a household of their own, the `door`th one passes."""
    household = Household.objects.create(
        division=people[0].division, book_number=f"L{door}", address=f"12 Lý Thái Tổ, ngõ {door}", position=door
    )
    Resident.objects.filter(pk__in=[person.pk for person in people]).update(household=household)
