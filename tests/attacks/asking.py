"""Requests as an attacker sends them: each in a transaction that is undone, so that the next finds the same world."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.cookies import SimpleCookie
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from tests.attacks.world import World

from ksdb.access.models import StaffAccount
from ksdb.core.names import fold
from ksdb.wallet.session import cookie_name


def signed_in(account: StaffAccount, **options: Any) -> Client:
    """A browser of that person. What fails in a view is answered with 500, as it would be."""
    client = Client(raise_request_exception=False, **options)
    client.force_login(account)
    client.get("/health")  # the session begins here: each request that is undone would else begin it and write it anew
    return client


def with_phone(client: Client, world: World) -> Client:
    """The same browser, which keeps the person's card too: residents' pages open in it."""
    client.cookies[cookie_name()] = world.phone
    return client


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def ask(client: Client, method: str, path: str, data: Mapping[str, Any] | None = None) -> tuple[int, str]:
    """The status and everything that was sent back, headers too. Signing out or choosing a language does not last."""
    with undone(), same_cookies(client):
        answer = getattr(client, method)(path, data or {})
        return answer.status_code, said(answer)


@contextmanager
def same_cookies(client: Client) -> Iterator[None]:
    before = client.cookies.output(header="", sep=";")
    yield
    client.cookies = SimpleCookie(before)


def said(answer: HttpResponse) -> str:
    body = b"".join(answer) if answer.streaming else answer.content
    headers = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
    return f"{headers}\n\n{body.decode('utf-8', 'replace')}"


def fields_of(world: World) -> dict[str, Any]:
    """Everything that a form or a filter may be asked for, naming what lies in that world; a name not in full."""
    begun = fold(world.words.person)[:-1]
    return {
        "division": world.division.pk,
        "commune": world.division.pk,
        "group": world.person.division_id,
        "form": "2",
        "number": world.card.number,
        "name": begun,
        "birth_year": "",
        "purpose": "card_service",
        "resident": world.person.pk,
        "case": world.case.pk,
        "trace": world.trace.pk,
        "card": world.card.pk,
        "index": world.card.pk,
        "status": "4",
        "reason": "lost",
        "confirmed": "on",
        "rules": "overlap-15",
        "profile": "covid-19",
        "sampled_on": world.case.sampled_on.isoformat(),
        "q": begun,
        "key": "3f0e9a7c-5d0b-4c43-8b0e-3d7f6b2a1c00",
        "kind": "reason",
        "household": world.person.household_id,
        "after": world.person.household_id,
        "account": world.account.pk,
        "keep": "mine",
        "occasion": "doors",
    }
