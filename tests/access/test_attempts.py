"""Guessing: limits by account and by address, over all processes; thousands of guesses meet few password checks."""

import contextlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from allauth.core.context import request_context
from django.core.exceptions import ValidationError
from django.db import connection, connections
from django.test import Client, RequestFactory
from tests.access.hashers import Counting
from tests.access.steps import sign_in
from tests.conftest import PASSWORD

from ksdb.access import actions
from ksdb.access.actions import forget_attempts, give_back, spend
from ksdb.access.adapters import AccountAdapter
from ksdb.access.limits import Limit, TooManyAttempts
from ksdb.access.models import Attempt, StaffAccount
from ksdb.audit.models import Entry
from ksdb.core.addresses import network_of
from ksdb.core.clock import now
from ksdb.core.scope import Scope, system_scope

THREE = Limit("three", 3, 60)
SOMEBODY = Scope(actor_id=None, address="203.0.113.7")


@pytest.fixture
def counting(settings: Any) -> type[Counting]:
    settings.PASSWORD_HASHERS = ["tests.access.hashers.Counting"]
    Counting.asked = 0
    return Counting


def guess(username: str, password: str, address: str = "203.0.113.7") -> bool:
    """One guess as the sign-in form makes it, without the page around it."""
    request = RequestFactory().post("/sign-in/", REMOTE_ADDR=address)
    with request_context(request), contextlib.suppress(ValidationError):
        return AccountAdapter().authenticate(request, username=username, password=password) is not None
    return False


@pytest.mark.django_db(transaction=True)
def test_ten_thousand_guesses_at_an_account_meet_ten_checks(counting: type[Counting], binh: StaffAccount) -> None:
    # Each guess for itself, as in earnest: within one transaction the row would leave ten thousand old ones to pass.
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO off")
    for i in range(10_000):
        assert not guess("binh", f"mật khẩu {i}", f"2001:db8:0:{i:x}::1")
    assert counting.asked == 10
    assert not guess("binh", PASSWORD), "not even the right one is looked at while the account is locked"
    assert counting.asked == 10
    assert Entry.objects.filter(action="access:session:refuse", subject_id=binh.pk).count() == 10
    assert Entry.objects.filter(action="access:limit:reach").count() == 1


def test_guesses_at_many_accounts_from_one_address_meet_a_hundred_checks(
    counting: type[Counting], binh: StaffAccount
) -> None:
    for i in range(500):
        assert not guess(f"name{i}", PASSWORD)
    assert Attempt.objects.count() == 101
    assert not guess("binh", PASSWORD)
    assert guess("binh", PASSWORD, "203.0.113.8"), "other addresses are not touched"
    assert counting.asked == 1, "names that do not exist have no password to check"


def test_a_house_of_ipv6_addresses_is_one() -> None:
    assert network_of("2001:db8:1:2::1") == network_of("2001:db8:1:2:ffff::9") != network_of("2001:db8:1:3::1")
    assert network_of("203.0.113.7") == "203.0.113.7"
    assert network_of("") == ""


@pytest.mark.parametrize("username", ["binh", "nobody"])
def test_the_page_says_when_to_try_again_whether_the_account_exists_or_not(
    client: Client, binh: StaffAccount, username: str
) -> None:
    for _ in range(10):
        sign_in(client, username, "sai")
    page = sign_in(client, username).content.decode()
    until = Attempt.objects.order_by("until").first().until  # type: ignore[union-attr]
    assert timedelta(minutes=14) < until - now() <= timedelta(minutes=15)
    assert "Nhập sai quá nhiều lần" in page
    assert client.session.get("_auth_user_id") is None


def test_signing_in_rightly_costs_nothing(counting: type[Counting], binh: StaffAccount) -> None:
    for _ in range(9):
        assert not guess("binh", "sai")
    for _ in range(20):
        assert guess("binh", PASSWORD)
    assert not guess("binh", "sai")
    assert not guess("binh", PASSWORD)


def test_the_limit_is_reached_and_ends(db: None) -> None:
    for _ in range(3):
        spend(SOMEBODY, THREE, "a")
    with pytest.raises(TooManyAttempts) as refused:
        spend(SOMEBODY, THREE, "a")
    spend(SOMEBODY, THREE, "b")
    with pytest.raises(TooManyAttempts) as again:
        spend(SOMEBODY, THREE, "a")
    assert again.value.until == refused.value.until, "trying on does not make the wait longer"
    Attempt.objects.update(until=now())
    spend(SOMEBODY, THREE, "a")


def test_several_at_once_reach_the_limit_and_are_told_once(db: None) -> None:
    spend(SOMEBODY, THREE, "a", 2)
    for amount in (5, 1, 9, 1):
        with pytest.raises(TooManyAttempts):
            spend(SOMEBODY, THREE, "a", amount)
    assert Entry.objects.filter(action="access:limit:reach").count() == 1


def test_a_clock_set_back_frees_nobody_earlier(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wait then lasts longer, which is the safe side; it ends when the clock comes to its end."""
    for _ in range(3):
        spend(SOMEBODY, THREE, "a")
    for days in (1, 400):
        with monkeypatch.context() as patch:
            patch.setattr(actions, "now", lambda back=days: now() - timedelta(days=back))
            with pytest.raises(TooManyAttempts):
                spend(SOMEBODY, THREE, "a")


def test_what_is_given_back_may_be_spent_again(db: None) -> None:
    for _ in range(10):
        spend(SOMEBODY, THREE, "a")
        give_back(SOMEBODY, THREE, "a")


def test_keys_are_not_kept_in_clear(db: None) -> None:
    spend(SOMEBODY, THREE, "0905123456")
    assert b"0905123456" not in bytes(Attempt.objects.get().key)


def test_the_systems_own_jobs_are_not_counted(db: None) -> None:
    for _ in range(5):
        spend(system_scope(), THREE, "a")
    assert not Attempt.objects.exists()


def test_old_counts_are_forgotten(db: None) -> None:
    spend(SOMEBODY, THREE, "old")
    Attempt.objects.update(until=now() - timedelta(seconds=1))
    spend(SOMEBODY, THREE, "new")
    assert forget_attempts(system_scope()) == 1
    assert Attempt.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_attempts_at_once_cannot_overtake_the_count() -> None:
    def one(_: int) -> bool:
        try:
            spend(SOMEBODY, THREE, "race")
        except TooManyAttempts:
            return False
        finally:
            connections["default"].close()
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(one, range(40))) == 3
    connection.close()
