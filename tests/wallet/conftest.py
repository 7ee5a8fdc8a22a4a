"""Lan's phone: she keeps her own card, and in some tests her son's."""

import hashlib
from collections.abc import Iterator
from datetime import date

import pytest
from django.test import Client
from tests.conftest import resident_of

from ksdb.config import settings
from ksdb.core.scope import Scope
from ksdb.places.models import Division
from ksdb.registry.models import Resident
from ksdb.registry.sealing import ID_NUMBER, PHONE, sealer
from ksdb.wallet.actions import keep_resident, sign_in_phone
from ksdb.wallet.models import Holder, Holding
from ksdb.wallet.session import cookie_name

NUMBER = "0905123456"


def phone_of(number: str = NUMBER) -> Client:
    """A browser that is signed in as the holder of the number, who keeps nobody's card yet."""
    client = Client()
    client.cookies[cookie_name()] = sign_in_phone(Scope(None), number)
    return client


def keeps(client: Client, resident: Resident, relation: str = "self") -> Holding:
    """From now on the holder of that browser keeps the resident's card."""
    holder = Holder.objects.get(phones__token_sha256=_digest(client))
    return keep_resident(Scope(None), holder, resident.pk, Holding.Relation(relation), Holding.Evidence.MATCHED)


def _digest(client: Client) -> bytes:
    return hashlib.sha256(client.cookies[cookie_name()].value.encode()).digest()


@pytest.fixture
def son(commune_a: Division) -> Resident:
    return resident_of(commune_a, "Trần Minh Khôi", 2015)


@pytest.fixture
def phone(lan: Resident) -> Client:
    """Lan's, signed in, with her own card alone."""
    client = phone_of()
    keeps(client, lan)
    return client


@pytest.fixture
def family_phone(phone: Client, son: Resident) -> Client:
    """The same, with her son's as well."""
    keeps(phone, son, "child")
    return phone


ID_NUMBER_OF_LAN = "046156770011"


def with_papers(resident: Resident, number: str = NUMBER, id_number: str = ID_NUMBER_OF_LAN) -> Resident:
    """As the registry knows somebody, with an identity card and a phone."""
    resident.born_on = date(1956, 3, 5)
    resident.id_number_sealed = sealer().seal(ID_NUMBER, id_number)
    resident.id_number_key = sealer().match_key(ID_NUMBER, id_number)
    resident.phone_sealed, resident.phone_key = sealer().seal(PHONE, number), sealer().match_key(PHONE, number)
    resident.save()
    return resident


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Messages to phones stand on a page."""
    monkeypatch.setenv("KSDB_IS_DEMO", "1")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()
