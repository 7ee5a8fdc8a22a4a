"""A resident's session: its own cookie, its own limits, its own people."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from tests.conftest import resident_of
from tests.wallet.conftest import NUMBER, keeps, phone_of

from ksdb.access.models import StaffAccount
from ksdb.core.clock import now
from ksdb.core.errors import NotFound
from ksdb.core.scope import Permission, Scope, system_scope
from ksdb.places.models import Division
from ksdb.registry.models import Resident
from ksdb.wallet.actions import MOST_PHONES
from ksdb.wallet.models import Holder, Phone
from ksdb.wallet.queries import own_resident, signed_in_phone
from ksdb.wallet.session import cookie_name

MEMBERS, BEGIN = "/my/members/", "/my/begin/"


def test_the_phone_shows_its_own_household_alone(
    family_phone: Client, commune_a: Division, lan: Resident, son: Resident
) -> None:
    stranger = resident_of(commune_a, "Phạm Văn Lạ")
    text = family_phone.get(MEMBERS).content.decode()
    assert lan.full_name in text
    assert son.full_name in text
    assert stranger.full_name not in text
    assert family_phone.post(reverse("wallet:choose"), {"resident": stranger.pk}).status_code == 404
    assert family_phone.post(reverse("wallet:choose"), {"resident": son.pk}).status_code == 302
    assert son.full_name in family_phone.get(reverse("wallet:cards")).content.decode()


def test_its_scope_has_no_permission_and_reads_its_own(phone: Client, lan: Resident, son: Resident) -> None:
    mine = signed_in_phone(Scope(None), phone.cookies[cookie_name()].value)
    assert mine is not None
    scope = mine.scope("10.0.0.1")
    assert not any(scope.allows(permission) for permission in Permission)
    assert own_resident(scope, lan.pk) == lan
    for asking, resident in ((scope, son), (Scope(None), lan), (system_scope(), lan)):
        with pytest.raises(NotFound):
            own_resident(asking, resident.pk)


def test_one_query_says_who_is_signed_in_and_what_is_kept(
    family_phone: Client, lan: Resident, son: Resident, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    token = family_phone.cookies[cookie_name()].value
    with django_assert_num_queries(1):
        mine = signed_in_phone(Scope(None), token)
        assert mine is not None
        assert [one.resident.full_name for one in mine.holdings] == [lan.full_name, son.full_name]
        assert mine.own is not None
        assert mine.own.household_id == lan.household_id
    read = [mine.phone, mine.holder, *mine.holdings, mine.own]
    for one in read:
        stored = type(one).objects.get(pk=one.pk)
        fields = [field.attname for field in one._meta.concrete_fields]
        assert [getattr(one, name) for name in fields] == [getattr(stored, name) for name in fields]


@pytest.mark.parametrize(
    ("column", "days"), [("seen_at", 46), ("began_at", 181), ("ended_at", 0)], ids=["idle", "old", "signed out"]
)
def test_a_session_ends(phone: Client, column: str, days: int) -> None:
    assert phone.get(MEMBERS).status_code == 200
    Phone.objects.update(**{column: now() - timedelta(days=days)})
    assert phone.get(MEMBERS).headers["Location"] == BEGIN


def test_leaving_ends_it_on_the_server(phone: Client) -> None:
    token = phone.cookies[cookie_name()].value
    assert phone.post(reverse("wallet:leave")).status_code == 302
    phone.cookies[cookie_name()] = token
    assert phone.get(MEMBERS).headers["Location"] == BEGIN


def test_a_staff_session_is_none(client: Client, hanh: StaffAccount, phone: Client) -> None:
    client.force_login(hanh)
    assert client.get(MEMBERS).headers["Location"] == BEGIN
    phone.force_login(hanh)
    phone.get(MEMBERS)
    assert phone.get(MEMBERS).wsgi_request.scope.actor_id is None


def test_the_cookie_is_kept_from_scripts_and_the_number_sealed(client: Client, lan: Resident) -> None:
    token = phone_of().cookies[cookie_name()].value
    holder = Holder.objects.get()
    assert NUMBER.encode() not in bytes(holder.phone_sealed) + bytes(holder.phone_key)
    assert token.encode() not in bytes(Phone.objects.get().token_sha256)


def test_so_many_phones_and_no_more(lan: Resident) -> None:
    first = phone_of()
    keeps(first, lan)
    for _ in range(MOST_PHONES):
        phone_of()
    assert Phone.objects.filter(ended_at=None).count() == MOST_PHONES
    assert first.get(MEMBERS).headers["Location"] == BEGIN
