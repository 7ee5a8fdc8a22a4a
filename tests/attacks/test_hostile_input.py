"""What forms, filters and numbers in addresses are never meant to be: answered, and never with a fault of ours."""

import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import cycle
from typing import Any
from urllib.parse import quote_from_bytes
from zlib import crc32

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

SHARP = ("nul", "5000 digits", "beyond 64 bits", "superscript digit", "first day")
"""What is tried in a field alone, too; the rest in all fields at once only."""


@dataclass(frozen=True)
class Deal:
    """What a page meets: all, or as much as its name deals out, so that every kind meets some pages.

    With KSDB_ALL_HOSTILE=1 every page meets all of it, in twice the time.
    """

    page: str = ""

    def kinds(self) -> Collection[str]:
        """In all fields at once: what is sharp, and four of the rest."""
        dull = [kind for kind in HOSTILE if kind not in SHARP]
        return {*SHARP, *self._of(dull, "", 4)}

    def alone(self, name: str) -> Collection[str]:
        """In this field alone: two of what is sharp."""
        return self._of(SHARP, name, 2)

    def _of(self, kinds: Sequence[str], name: str, count: int) -> Collection[str]:
        if not self.page or os.environ.get("KSDB_ALL_HOSTILE") == "1":
            return kinds
        first = crc32(f"{self.page} {name}".encode())
        return {kinds[(first + step) % len(kinds)] for step in range(count)}


def names_read(route: Route, method: str) -> frozenset[str]:
    """Names that the page's room reads from queries or bodies, found in its source: a new filter is tried by itself."""
    return _names_read_in(".".join(route.view.__module__.split(".")[:2]), method)


@cache
def _names_read_in(package: str, method: str) -> frozenset[str]:
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


@contextmanager
def refusals_noted() -> Iterator[set[str]]:
    """The fields whose values a form refuses in whatever is run meanwhile."""
    refused: set[str] = set()
    original = forms.BaseForm.full_clean

    def full_clean(self: forms.BaseForm) -> None:
        original(self)
        refused.update(self.add_prefix(name) for name in self.errors if name in self.fields)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forms.BaseForm, "full_clean", full_clean)
        yield refused


Send = Callable[[Mapping[str, bytes]], bool]
"""Sends these values in fields of these names, the others being right; whether there was no fault."""


def faults_of(
    send: Send, asked: set[str], names: frozenset[str], deal: Deal = Deal()
) -> set[tuple[str, tuple[str, ...]]]:
    """A kind in all fields at once, whatever the page's room reads; then what is sharp in each field it asks for.

    A page that looks up nothing, not even when all kinds come together, is sent no more than that.

    A field cleans its value by itself. So where a form refused a field among right ones, other kinds that it refuses
    among wrong ones are not sent among right ones, too: the page goes on without the field, as it did. What it takes
    is sent, and so is all that no form reads. Nor is a field sent alone again when it is all that the page looked up
    among the wrong ones: it was alone then.
    """
    faults: set[tuple[str, tuple[str, ...]]] = set()
    refused_alone, together = set[str](), sorted(asked | names)
    if not asked:
        with names_noted() as noted:
            is_well = send(mixed(together))
        if not noted:
            return set() if is_well else {("mixed", tuple(together))}
    for kind in sorted(deal.kinds()):
        value = HOSTILE[kind]
        with names_noted() as looked_up:
            is_well, refused = _sent(send, dict.fromkeys(together, value))
        faults |= set() if is_well else {(kind, tuple(together))}
        was_alone = looked_up if len(looked_up) == 1 else set()
        for name in sorted(asked - was_alone - (refused & refused_alone)):
            if kind not in deal.alone(name):
                continue
            is_well, refused_now = _sent(send, {name: value})
            refused_alone |= refused_now & {name}
            faults |= set() if is_well else {(kind, (name,))}
    return faults


def mixed(names: list[str]) -> dict[str, bytes]:
    """All kinds at once, each under some name."""
    rest = [f"other{number}" for number in range(len(HOSTILE) - len(names))]
    return dict(zip([*names, *rest], cycle(HOSTILE.values()), strict=False))


def _sent(send: Send, wrong: Mapping[str, bytes]) -> tuple[bool, set[str]]:
    with refusals_noted() as refused:
        return send(wrong), refused


def test_a_page_that_looks_up_nothing_gets_all_kinds_at_once_and_any_other_each() -> None:
    sent: list[Mapping[str, bytes]] = []

    def deaf(wrong: Mapping[str, bytes]) -> bool:
        sent.append(wrong)
        return False

    def asking(wrong: Mapping[str, bytes]) -> bool:
        return deaf(wrong) or not QueryDict("odd=1")["odd"]

    assert faults_of(deaf, set(), frozenset({"page"})) == {("mixed", ("page",))}
    assert set(sent.pop().values()) == set(HOSTILE.values())
    assert len(faults_of(asking, set(), frozenset({"odd"}))) == len(HOSTILE) == len(sent) - 1


def test_what_was_all_that_a_page_looked_up_is_not_sent_alone() -> None:
    sent: list[tuple[str, ...]] = []

    def send(wrong: Mapping[str, bytes]) -> bool:
        sent.append(tuple(wrong))
        values = QueryDict("&".join(f"{name}={quote_from_bytes(value)}" for name, value in wrong.items()))
        return values.get("first") is not None or values.get("second") is None

    faults = faults_of(send, {"first", "second"}, frozenset())
    assert Counter(sent) == {("first", "second"): len(HOSTILE), ("second",): len(SHARP)}
    assert faults == {(kind, ("second",)) for kind in SHARP}


def test_every_kind_is_dealt_to_some_pages() -> None:
    deals = [Deal(route.name) for route in ROUTES]
    assert {kind for deal in deals for kind in deal.kinds()} == set(HOSTILE)
    assert {kind for deal in deals for kind in deal.alone("page")} == set(SHARP)
    assert (set(Deal().kinds()), set(Deal().alone("page"))) == (set(HOSTILE), set(SHARP))


def test_what_a_form_refuses_is_sent_alone_once_and_what_it_takes_each_time() -> None:
    class Asking(forms.Form):
        number = forms.IntegerField(max_value=2**40)
        text = forms.CharField()

    sent = Counter[tuple[str, ...]]()

    def send(wrong: Mapping[str, bytes]) -> bool:
        sent[tuple(wrong)] += 1
        values = {name: value.decode("utf-8", "replace") for name, value in wrong.items()}
        Asking({"number": "1", "text": "x"} | values).full_clean()
        return list(wrong) != ["raw"]

    faults = faults_of(send, {"number", "raw", "text"}, frozenset({"other"}))
    assert sent == {
        ("number", "other", "raw", "text"): len(HOSTILE),
        ("number",): 1,
        ("raw",): len(SHARP),
        ("text",): len(SHARP),
    }
    assert faults == {(kind, ("raw",)) for kind in SHARP}


def test_a_name_that_a_page_looks_up_is_noted(world_a: World) -> None:
    client = with_phone(with_every_role(world_a.division), world_a)
    assert {"name", "birth_year", "purpose", "page"} <= names_asked(
        client, "post", reverse("registry:residents"), world_a
    )
    assert "era" in names_asked(client, "get", reverse("coverage:divisions"), world_a)


def _taking(client: Client, method: str, world: World) -> list[Route]:
    """The routes that know the method."""
    return [route for route in ROUTES if ask(client, method, route.path(world))[0] != 405]


def test_every_filter_of_every_page(world_a: World) -> None:
    client = with_phone(with_every_role(world_a.division), world_a)
    faults = {}
    for route in _taking(client, "get", world_a):
        path = route.path(world_a)

        def send(wrong: Mapping[str, bytes], path: str = path) -> bool:
            query = "&".join(f"{name}={quote_from_bytes(value)}" for name, value in wrong.items())
            status, text = ask(client, "get", f"{path}?{query}")
            return status in NOT_A_FAULT and "\nSet-Cookie: stolen" not in text.partition("\n\n")[0]

        faults[path] = faults_of(
            send, names_asked(client, "get", path, world_a), names_read(route, "get"), Deal(route.name)
        )
    assert {path: found for path, found in faults.items() if found} == {}
    assert _tables_are_there()


def test_every_field_of_every_form(world_a: World) -> None:
    """A form that is right but for one field, and one where all are wrong; the fields are sent as raw bytes."""
    client = with_phone(with_every_role(world_a.division), world_a)
    right = {name: quote_from_bytes(str(one).encode()) for name, one in fields_of(world_a).items()}
    faults = {}
    for route in _taking(client, "post", world_a):
        path = route.path(world_a)

        def send(wrong: Mapping[str, bytes], path: str = path) -> bool:
            sent = {**right, **{name: quote_from_bytes(value) for name, value in wrong.items()}}
            return _posted(client, path, "&".join(f"{name}={one}" for name, one in sent.items())) in NOT_A_FAULT

        faults[path] = faults_of(
            send, names_asked(client, "post", path, world_a), names_read(route, "post"), Deal(route.name)
        )
    assert {path: found for path, found in faults.items() if found} == {}
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
            for method in route.methods():
                status, _ = ask(client, method, route.path_of(int(number)), fields_of(world_a))
                assert status in {404, 405}, (route.name, method, status)
