"""What forms, filters and numbers in addresses are never meant to be: answered, and never with a fault of ours."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from django import forms
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from tests.attacks.asking import ask, fields_of, same_cookies, undone, with_phone
from tests.attacks.routes import ROUTES, Route
from tests.attacks.test_objects import with_every_role
from tests.attacks.world import World
from tests.house.code import modules

from ksdb.registry.models import Resident

NOT_A_FAULT = {200, 302, 400, 403, 404, 405, 409, 410, 413, 422, 429}
HOSTILE: Mapping[str, bytes] = {
    "sql": b"1'; DROP TABLE resident; --",
    "nul": b"a\x00b",
    "not utf-8": b"\xff\xfe\xc3",
    "script": b"<script>alert(1)</script>",
    "line break": b"1\r\nSet-Cookie: stolen=1",
    "negative": b"-1",
    "beyond 32 bits": b"2147483648",
    "beyond 64 bits": b"9223372036854775808",
    "5000 digits": b"9" * 5000,
    "superscript digit": "²".encode(),
    "twelve superscripts": ("²" * 12).encode(),
    "first day": b"0001-01-01",
    "last day": b"9999-12-31",
    "last moment": b"9999-12-31T23:59",
    "long": b"x" * 6000,
}


READ = re.compile(r"""\b(GET|POST)(?:\.get(?:list)?\(|\[)["'](\w+)["']""")
FORM_FROM_QUERY = re.compile(r"Form\([^)]*request\.GET")


NAMED_WHEN_MADE = {"ksdb.access": {"login", "password"}}
"""Fields that the library adds when it makes its form."""

SHARP = {"nul", "5000 digits", "beyond 64 bits", "superscript digit", "first day"}
"""What is tried in each field alone; the rest in all fields at once."""


def names_read(route: Route, method: str) -> frozenset[str]:
    """Names that the page's room reads from queries or bodies, found in its source: a new filter is tried by itself."""
    package = ".".join(route.view.__module__.split(".")[:2])
    texts = [module.text for module in modules() if module.room == package.partition(".")[2]]
    read = {name for text in texts for where, name in READ.findall(text) if where == method.upper()}
    if method == "post" or any(FORM_FROM_QUERY.search(text) for text in texts):
        read |= {name for form in _forms() if form.__module__.startswith(package) for name in form.base_fields}
        read |= NAMED_WHEN_MADE.get(package, set())
    return frozenset(read | {"page" if method == "get" else "next"})


def _forms(parent: type[forms.BaseForm] = forms.BaseForm) -> Iterator[type[forms.BaseForm]]:
    for child in parent.__subclasses__():
        yield child
        yield from _forms(child)


def test_the_names_of_known_filters_are_found() -> None:
    asked, sent = (frozenset.union(*(names_read(route, method) for route in ROUTES)) for method in ("get", "post"))
    assert {"page", "purpose", "division", "commune"} <= asked
    assert {"number", "sampled_on", "login", "next", "name", "reason"} <= sent


@contextmanager
def names_noted() -> Iterator[set[str]]:
    """The names that whatever is run meanwhile looks up in queries and bodies."""
    noted: set[str] = set()

    def noting(name: str) -> Any:
        original = getattr(MultiValueDict, name)

        def look_up(self: QueryDict, key: str, *rest: Any, **options: Any) -> Any:
            noted.add(key)
            return original(self, key, *rest, **options)

        return look_up

    with pytest.MonkeyPatch.context() as patch:
        for name in ("__getitem__", "getlist"):
            patch.setattr(QueryDict, name, noting(name))
        yield noted


def names_asked(client: Client, method: str, path: str, world: World) -> set[str]:
    """What the page itself looks up, when it is given all that is right and when it is given nothing."""
    with names_noted() as noted:
        for data in (fields_of(world), {}):
            ask(client, method, path, data)
    return noted - {"csrfmiddlewaretoken"}


def _tries(kind: str, asked: set[str], names: frozenset[str]) -> list[list[str]]:
    """What the page is seen to ask for is tried name by name; whatever its room reads, all together."""
    return [*([name] for name in sorted(asked) if kind in SHARP), sorted(asked | names)]


def test_a_name_that_a_page_looks_up_is_noted(world_a: World) -> None:
    client = with_phone(with_every_role(world_a.division), world_a)
    assert {"name", "birth_year", "purpose", "page"} <= names_asked(
        client, "post", reverse("registry:residents"), world_a
    )
    assert "era" in names_asked(client, "get", reverse("coverage:divisions"), world_a)


@pytest.fixture(autouse=True)
def _quick_hashes(settings: Any) -> None:
    """A password is hashed for half a second on purpose; here thousands of forms are sent."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def _taking(client: Client, method: str, world: World) -> list[Route]:
    """The routes that know the method."""
    return [route for route in ROUTES if ask(client, method, route.path(world))[0] != 405]


def test_every_filter_of_every_page(world_a: World) -> None:
    """Each name alone, then all at once."""
    client = with_phone(with_every_role(world_a.division), world_a)
    faults = {}
    for route in _taking(client, "get", world_a):
        names, path = names_read(route, "get"), route.path(world_a)
        asked = names_asked(client, "get", path, world_a)
        for kind, value in HOSTILE.items():
            for wrong in _tries(kind, asked, names):
                query = "&".join(f"{name}={quote_from_bytes(value)}" for name in wrong)
                status, text = ask(client, "get", f"{path}?{query}")
                if status not in NOT_A_FAULT or "\nSet-Cookie: stolen" in text.partition("\n\n")[0]:
                    faults[path, kind, tuple(wrong)] = status
    assert faults == {}
    assert _tables_are_there()


def test_every_field_of_every_form(world_a: World) -> None:
    """A form that is right but for one field, and one where all are wrong; the fields are sent as raw bytes."""
    client = with_phone(with_every_role(world_a.division), world_a)
    right = {name: quote_from_bytes(str(one).encode()) for name, one in fields_of(world_a).items()}
    faults = {}
    for route in _taking(client, "post", world_a):
        names, path = names_read(route, "post"), route.path(world_a)
        asked = names_asked(client, "post", path, world_a)
        for kind, value in HOSTILE.items():
            for wrong in _tries(kind, asked, names):
                sent = {**right, **dict.fromkeys(wrong, quote_from_bytes(value))}
                status = _posted(client, path, "&".join(f"{name}={one}" for name, one in sent.items()))
                if status not in NOT_A_FAULT:
                    faults[path, kind, tuple(wrong)] = status
    assert faults == {}
    assert _tables_are_there()


def _posted(client: Client, path: str, body: str) -> int:
    with undone(), same_cookies(client):
        answer = client.post(path, body.encode(), content_type="application/x-www-form-urlencoded")
        return int(answer.status_code)


def _tables_are_there() -> bool:
    return Resident.objects.exists() and "resident" in connection.introspection.table_names()


@pytest.mark.parametrize("number", ["0", "2147483648", "9223372036854775808", "9" * 40])
def test_numbers_that_no_row_has(world_a: World, number: str) -> None:
    client = with_phone(with_every_role(world_a.division), world_a)
    for route in ROUTES:
        if route.names_an_object:
            for method in ("get", "post"):
                status, _ = ask(client, method, route.path_of(int(number)), fields_of(world_a))
                assert status in {404, 405}, (route.name, method, status)
