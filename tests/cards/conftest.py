"""Keys and prints of these tests lie in a folder of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ksdb.cards.actions import issue_cards, make_issuer_key
from ksdb.cards.models import Card, IssuerKey
from ksdb.config import make_secrets, settings
from ksdb.core.scope import Scope
from ksdb.core.token import Form
from ksdb.registry.models import Resident


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
