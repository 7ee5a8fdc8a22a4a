"""Hạnh of the health department, Đức of the computer centre (another unit), Hoa of Hạnh's own unit."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from tests.conftest import staff

from ksdb.access.actions import give_grant
from ksdb.access.models import StaffAccount
from ksdb.cards.actions import issue_cards, make_issuer_key
from ksdb.cards.models import Card, IssuerKey
from ksdb.config import make_secrets, settings
from ksdb.core.clock import today
from ksdb.core.scope import Role, Scope, system_scope
from ksdb.core.token import Form
from ksdb.places.models import Division
from ksdb.registry.models import Resident

HEALTH, COMPUTERS = "Sở Y tế", "Trung tâm IOC"


@pytest.fixture(autouse=True)
def own_var_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("KSDB_VAR_DIR", str(tmp_path))
    settings.cache_clear()
    make_secrets(tmp_path)
    yield tmp_path
    monkeypatch.undo()
    settings.cache_clear()


def in_unit(account: StaffAccount, unit: str) -> StaffAccount:
    account.unit = unit
    account.save(update_fields=["unit"])
    return account


@pytest.fixture
def province(db: None) -> Division:
    return Division.objects.get(kind=Division.Kind.PROVINCE, valid_from=date(2025, 7, 1))


@pytest.fixture
def asker(hanh: StaffAccount) -> StaffAccount:
    return in_unit(hanh, HEALTH)


def second(username: str, full_name: str, unit: str, province: Division) -> StaffAccount:
    """Administrator and epidemiologist of the province, of a unit."""
    account = in_unit(staff(username, full_name, Role.ADMINISTRATOR, province), unit)
    give_grant(system_scope(), account, Role.EPIDEMIOLOGIST, province.pk, today() - timedelta(days=1))
    return account


@pytest.fixture
def duc(province: Division) -> StaffAccount:
    return second("duc", "Phan Minh Đức", COMPUTERS, province)


@pytest.fixture
def hoa(province: Division) -> StaffAccount:
    return second("hoa", "Đỗ Thị Hoa", "  sở y  TẾ ", province)


@pytest.fixture
def issuer_key(system: Scope, db: None) -> IssuerKey:
    return make_issuer_key(system)


@pytest.fixture
def card_of_lan(system: Scope, issuer_key: IssuerKey, lan: Resident) -> Card:
    return Card.objects.get(pk=issue_cards(system, [lan.pk], Form.PAPER)[0].index)
