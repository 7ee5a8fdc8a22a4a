"""Every page is closed unless it is on the list below; templates hold to the strict policy."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from tests.conftest import PASSWORD, staff
from tests.house.code import SOURCE
from tests.house.methods import takes

from ksdb.access.actions import make_account
from ksdb.access.models import StaffAccount
from ksdb.core.scope import PERMISSIONS, PROVINCE_ONLY, Permission, Role, system_scope
from ksdb.places.models import Division

OPEN = {"home", "health", "security_txt", "set_language", "access:sign_in", "access:sign_out", "access:welcome"}
OPEN |= {"enrolment:register", "enrolment:code", "enrolment:status", "enrolment:link", "sms:outbox", "sms:receipts"}
OPEN |= {"enrolment:guides", "enrolment:guide"}
OPEN |= {"wallet:home", "wallet:begin", "wallet:code", "wallet:look", "wallet:left"}
OPEN |= {"wallet:card", "wallet:worker", "wallet:manifest", "wallet:push_worker"}
OPEN |= {"account_login", "account_logout", "mfa_authenticate"}


@dataclass(frozen=True)
class Route:
    """One address of the site, with 1 for each number in it."""

    name: str
    view: Any
    arguments: tuple[str, ...]

    @property
    def path(self) -> str:
        return reverse(self.name, kwargs=dict.fromkeys(self.arguments, 1))

    @property
    def permission(self) -> Permission | None:
        return getattr(self.view, "required_permission", None)


def routes(resolver: URLResolver | None = None, spaces: tuple[str, ...] = ()) -> Iterator[Route]:
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLPattern):
            name = ":".join((*spaces, entry.name or repr(entry.pattern)))
            yield Route(name, entry.callback, tuple(entry.pattern.converters))
        else:
            inner = (*spaces, entry.namespace) if entry.namespace else spaces
            yield from routes(entry, inner)


ROUTES = {route.name: route for route in routes()}
OWN = sorted(name for name, route in ROUTES.items() if hasattr(route.view, "is_own"))
PHONES = sorted(name for name, route in ROUTES.items() if hasattr(route.view, "is_for_phones"))
CLOSED = sorted(name for name in ROUTES if name not in OPEN and name not in OWN and name not in PHONES)
closed = pytest.mark.parametrize("name", CLOSED)


def answers(client: Client, name: str) -> set[int]:
    """What GET and POST come to; a view says 405 to the one it does not know, and the plainest are not asked for it."""
    taken = [method for method in ("get", "post") if takes(ROUTES[name].view, method)]
    return {getattr(client, method)(ROUTES[name].path).status_code for method in taken} - {405}


@pytest.fixture
def newcomer(db: None) -> StaffAccount:
    """May sign in, and nothing else."""
    return make_account(system_scope(), "newcomer", "Phan Thị Mới", PASSWORD)


def test_each_view_says_whom_it_is_for() -> None:
    marks = {
        r.name: [r.permission is not None, *(hasattr(r.view, mark) for mark in ("is_open", "is_own", "is_for_phones"))]
        for r in routes()
    }
    assert {name: given for name, given in marks.items() if sum(given) != 1} == {}
    assert all(isinstance(ROUTES[name].permission, Permission) for name in CLOSED)


def test_the_open_views_are_these() -> None:
    assert {name for name, route in ROUTES.items() if hasattr(route.view, "is_open")} == OPEN


def test_no_address_is_there_twice() -> None:
    assert len(list(routes())) == len(ROUTES)


@pytest.mark.parametrize("name", [*CLOSED, *OWN])
def test_strangers_are_sent_to_sign_in(client: Client, db: None, name: str) -> None:
    path = ROUTES[name].path
    for response in (client.get(path), client.post(path)):
        assert response.status_code == 302
        assert response.headers["Location"] == f"{reverse('access:sign_in')}?next={path}"


@pytest.mark.parametrize("name", PHONES)
def test_who_is_no_resident_is_led_to_where_one_registers(
    client: Client, newcomer: StaffAccount, hanh: StaffAccount, name: str
) -> None:
    """Nobody by being signed in to the staff pages, whatever the grants."""
    path = ROUTES[name].path
    for who in (None, newcomer, hanh):
        if who:
            client.force_login(who)
        for response in (client.get(path), client.post(path)):
            assert (response.status_code, response.headers["Location"]) == (302, reverse("wallet:begin"))


@closed
def test_an_account_without_grants_sees_nothing(client: Client, newcomer: StaffAccount, name: str) -> None:
    client.force_login(newcomer)
    assert answers(client, name) == {403}


@pytest.mark.parametrize("role", Role)
def test_a_role_opens_its_pages_and_no_others(client: Client, commune_a: Division, role: Role) -> None:
    client.force_login(staff("anyone", "Ai Đó", role, commune_a))
    closed_to = {name for name in CLOSED if answers(client, name) == {403}}
    assert closed_to == {name for name in CLOSED if ROUTES[name].permission not in PERMISSIONS[role] - PROVINCE_ONLY}


def test_the_language_can_be_chosen_before_signing_in(client: Client, db: None) -> None:
    client.post(reverse("set_language"), {"language": "en"})
    assert "Sign in" in client.get(reverse("access:sign_in")).content.decode()


TAGS = re.compile(r"{%.*?%}|{#.*?#}|{{.*?}}", re.DOTALL)
FORBIDDEN = {
    "inline style": re.compile(r"<style\b|<[a-z][^<>]*\sstyle\s*=", re.IGNORECASE),
    "inline script": re.compile(r"<script\b(?![^<>]*\ssrc\s*=)", re.IGNORECASE),
    "event handler": re.compile(r"<[a-z][^<>]*\s(?:on[a-z]+|hx-on[:\w-]*)\s*=", re.IGNORECASE),
    "script address": re.compile(r"javascript:", re.IGNORECASE),
    "another origin": re.compile(r"""(?:src|href|action)\s*=\s*["']?(?:https?:)?//""", re.IGNORECASE),
}


def broken_promises(text: str) -> set[str]:
    """What of a template the content security policy would refuse."""
    plain = TAGS.sub("x", text)
    return {what for what, pattern in FORBIDDEN.items() if pattern.search(plain)}


def test_templates_hold_to_the_policy() -> None:
    templates = list(SOURCE.rglob("templates/**/*.html"))
    assert templates
    assert {path.name: broken for path in templates if (broken := broken_promises(path.read_text("utf-8")))} == {}


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ('<p class="x" style="color: red">', {"inline style"}),
        ("<style>p {}</style>", {"inline style"}),
        ("<script>go()</script>", {"inline script"}),
        ("<script src=\"{% static 'a.js' %}\" defer></script>", set()),
        ("<button{% if x > 1 %} disabled{% endif %} onclick='go()'>", {"event handler"}),
        ('<a href="javascript:go()">', {"script address"}),
        ('<img src="//example.org/a.png">', {"another origin"}),
        ("{% with one=two %}<p>one = two</p>{% endwith %}", set()),
    ],
)
def test_the_policy_test_sees(text: str, broken: set[str]) -> None:
    assert broken_promises(text) == broken
