"""Sessions: made anew at sign-in, ended when idle or old, listed and ended by their owner."""

from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from tests.access.steps import is_signed_in, sign_in
from tests.conftest import PASSWORD

from ksdb.access.middleware import BY_ITSELF, CLOCKS_DIFFER
from ksdb.access.models import StaffAccount
from ksdb.config import settings as ours


def age(client: Client, **seconds: int) -> None:
    """Sets marks of the session back, as if that much time had passed."""
    session = client.session
    for name, back in seconds.items():
        session[name] -= back
    session.save()


@pytest.fixture
def two(binh: StaffAccount) -> tuple[Client, Client]:
    """Bình at the desk and at home."""
    clients = Client(), Client(headers={"user-agent": "Máy ở nhà"})
    for client in clients:
        sign_in(client, "binh")
    return clients


def test_a_planted_session_is_worth_nothing_after_sign_in(client: Client, binh: StaffAccount) -> None:
    """Session fixation: an attacker leaves a cookie that he knows in the browser of his victim."""
    client.get(reverse("access:sign_in"))
    planted = client.session
    planted["left"] = "here"
    planted.save()
    known = planted.session_key
    client.cookies["sessionid"] = known
    sign_in(client, "binh")
    assert is_signed_in(client)
    assert client.session.session_key != known
    attacker = Client()
    attacker.cookies["sessionid"] = known
    assert not is_signed_in(attacker)


def test_a_made_up_session_key_is_not_taken_over(client: Client, binh: StaffAccount) -> None:
    client.cookies["sessionid"] = "a" * 32
    sign_in(client, "binh")
    assert client.session.session_key != "a" * 32


def test_a_page_that_asks_by_itself_keeps_nobody_signed_in(client: Client, binh: StaffAccount) -> None:
    """A print that hangs asks every two seconds, all night, at a desk that its officer has left."""
    sign_in(client, "binh")
    assert is_signed_in(client)
    age(client, seen_at=ours().session_idle_minutes * 60 - 5)
    assert client.get(reverse("access:sessions"), headers={BY_ITSELF: "1"}).status_code == 200
    age(client, seen_at=10)
    assert not is_signed_in(client)


@pytest.mark.parametrize("mark", ["seen_at", "began_at"])
def test_a_clock_set_back_lengthens_no_session(client: Client, binh: StaffAccount, mark: str) -> None:
    sign_in(client, "binh")
    assert is_signed_in(client)
    age(client, **{mark: -(CLOCKS_DIFFER - 60)})
    assert is_signed_in(client), "two machines whose clocks differ a little"
    age(client, **{mark: -CLOCKS_DIFFER - 60})
    assert not is_signed_in(client)


def test_half_an_hour_without_a_click_signs_out(client: Client, binh: StaffAccount) -> None:
    sign_in(client, "binh")
    assert is_signed_in(client)
    age(client, seen_at=ours().session_idle_minutes * 60 - 5)
    assert is_signed_in(client), "the click before the half hour starts it anew"
    age(client, seen_at=ours().session_idle_minutes * 60)
    response = client.get(reverse("mfa_index"), follow=True)
    assert "đăng xuất" in response.content.decode()
    assert response.redirect_chain[0][0].startswith(reverse("access:sign_in"))
    assert not is_signed_in(client)


def test_eight_hours_are_the_longest(client: Client, binh: StaffAccount) -> None:
    sign_in(client, "binh")
    assert is_signed_in(client)
    age(client, began_at=ours().session_hours * 3600)
    assert not is_signed_in(client)


def test_the_cookie_goes_with_the_browser_and_is_closed_to_scripts(client: Client, binh: StaffAccount) -> None:
    sign_in(client, "binh")
    cookie = client.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["expires"] == cookie["max-age"] == ""


def test_ones_own_sessions_are_listed_and_ended(two: tuple[Client, Client]) -> None:
    desk, home = two
    page = desk.get(reverse("access:sessions")).content.decode()
    assert "Máy ở nhà" in page
    other = UserSession.objects.exclude(session_key=desk.session.session_key).get()
    desk.post(reverse("access:end_session", args=[other.pk]))
    assert is_signed_in(desk)
    assert not is_signed_in(home)


def test_all_others_end_at_once(two: tuple[Client, Client]) -> None:
    desk, home = two
    desk.post(reverse("access:end_other_sessions"))
    assert is_signed_in(desk)
    assert not is_signed_in(home)
    assert Session.objects.count() == 1


def test_nobody_ends_the_session_of_another(two: tuple[Client, Client], minh: StaffAccount) -> None:
    desk, home = two
    client = Client()
    sign_in(client, "minh")
    for session in UserSession.objects.exclude(user=minh):
        assert client.post(reverse("access:end_session", args=[session.pk])).status_code == 404
    assert "Máy ở nhà" not in client.get(reverse("access:sessions")).content.decode()
    assert is_signed_in(desk)
    assert is_signed_in(home)


def change(client: Client, new: str, old: str = PASSWORD) -> Any:
    form = {"oldpassword": old, "password1": new, "password2": new}
    return client.post(reverse("account_change_password"), form)


def test_a_new_password_ends_the_other_sessions(two: tuple[Client, Client]) -> None:
    desk, home = two
    assert change(desk, "chiếc thuyền trên sông Hương").status_code == 302
    assert is_signed_in(desk)
    assert not is_signed_in(home)
    assert sign_in(Client(), "binh").status_code == 200
    assert sign_in(Client(), "binh", "chiếc thuyền trên sông Hương").status_code == 302


@pytest.mark.parametrize("weak", ["ngắn quá", "password1234", "lê văn bình", "123456789012"])
def test_weak_passwords_are_refused(client: Client, binh: StaffAccount, weak: str) -> None:
    sign_in(client, "binh")
    assert change(client, weak).status_code == 200
    assert sign_in(Client(), "binh").status_code == 302


def test_the_old_password_is_not_guessed_at_an_open_desk(client: Client, binh: StaffAccount) -> None:
    sign_in(client, "binh")
    for _ in range(10):
        change(client, "chiếc thuyền trên sông Hương", "sai")
    assert change(client, "chiếc thuyền trên sông Hương").status_code == 200
    assert not StaffAccount.objects.get(pk=binh.pk).check_password("chiếc thuyền trên sông Hương")
