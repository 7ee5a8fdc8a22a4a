"""In a crowded commune, by whoever has every role there: each page opens, notes whom it names, and names few."""

import re
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import Model
from django.test import Client
from tests.attacks.asking import fields_of, same_cookies, undone
from tests.attacks.reading import text_of
from tests.attacks.routes import CLOSED, Route
from tests.attacks.test_objects import AT_HOME, with_every_role
from tests.attacks.world import SYSTEM, World

from ksdb.audit.models import Entry
from ksdb.core.names import search_key, sort_key
from ksdb.core.scope import PROVINCE_ONLY
from ksdb.duplicates.models import Pair
from ksdb.followup.actions import follow
from ksdb.followup.models import FollowUp
from ksdb.registry.models import Resident
from ksdb.tracing.actions import run_trace
from ksdb.tracing.models import WardList

CROWD = 60
ONE_OF_THE_CROWD = re.compile(r"Nguyễn Thị Lan [ĐE]\d\d")

MOST_NAMED = 50
TAKEN_OUT: Mapping[str, str] = {
    "outreach:paper": "outreach:list:take: a group's list for the day on paper, decision 046",
    "outreach:take": "outreach:list:take: a group's list for the day on a phone, decision 046",
}
"""What names more than fifty, by a right of its own. Files ask for a reason first: their own tests try them."""


@pytest.fixture
def crowded(world_a: World) -> World:
    """The commune with a crowd: contacts of the case, cases, claims, requests, disputes and pairs of sixty people."""
    met, ill = _people(world_a, "Đ"), _people(world_a, "E")
    _met(world_a, met)
    _copies(world_a.case, ill)
    _copies(world_a.claim, met)
    _copies(world_a.request, met)
    _copies(world_a.note, met, key=lambda _: uuid4())
    _copies(world_a.dispute, met, sequence=lambda number: 1000 + number)
    pair = {"score": 80, "reasons": "same_name same_birth", "found_at": world_a.pair.found_at}
    Pair.objects.bulk_create(Pair(first=one, second=other, **pair) for one, other in zip(met, ill, strict=True))
    trace = run_trace(SYSTEM, world_a.case.pk, "overlap-15")
    follow(SYSTEM, trace.pk, 14)
    ward_list = WardList.objects.create(
        trace=trace, division=world_a.division, handed_at=trace.ran_at, contact_count=trace.contact_count
    )
    contact = trace.contacts.get(resident_id=world_a.contact.resident_id)
    followed = FollowUp.objects.get(resident_id=contact.resident_id)
    return replace(world_a, trace=trace, contact=contact, ward_list=ward_list, follow_up=followed)


def _people(world: World, letter: str) -> list[Resident]:
    """All in the household of Lan, of the same given names."""
    crowd = []
    for number in range(10, 10 + CROWD):
        one = copy(world.person)
        one.pk, one.full_name = None, f"Nguyễn Thị Lan {letter}{number}"
        one.search_key, one.sort_key = search_key(one.full_name), sort_key(one.full_name)
        one.id_number_key = one.phone_key = one.id_number_sealed = one.phone_sealed = None
        crowd.append(one)
    return Resident.objects.bulk_create(crowd)


def _copies(one: Model, people: list[Resident], **others: Callable[[int], Any]) -> None:
    """The same row about each of them."""
    rows = []
    for number, person in enumerate(people):
        row = copy(one)
        row.pk, row.resident = None, person  # type: ignore[attr-defined]
        for name, value in others.items():
            setattr(row, name, value(number))
        rows.append(row)
    type(one).objects.bulk_create(rows)  # type: ignore[attr-defined]


def _met(world: World, people: list[Resident]) -> None:
    """Where and when the neighbour was."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO visit (point_id, scanned_at, device_id, sequence, card_index, resident_id, result, is_exit)"
            " SELECT point_id, scanned_at, device_id, sequence + 100 * who.id, card_index, who.id, result, is_exit"
            " FROM visit, unnest(%s::int[]) AS who (id) WHERE resident_id = %s",
            [[one.pk for one in people], world.contact.resident_id],
        )


class Asked:
    """Of each page and method: the status, how many of the crowd it named, and whom it named without a note."""

    def __init__(self) -> None:
        self.statuses: dict[tuple[str, str], int] = {}
        self.named: dict[str, int] = {}
        self.unnoted: dict[tuple[str, str], set[str]] = {}

    def ask(self, client: Client, route: Route, method: str, world: World) -> None:
        data = {**fields_of(world), "words": ""}
        with undone(), same_cookies(client):
            last = Entry.objects.latest("pk").pk
            answer = getattr(client, method)(route.path(world), data)
            text = text_of(answer)
            entries = list(Entry.objects.filter(pk__gt=last).exclude(purpose=""))
        self.statuses[route.name, method] = answer.status_code
        self.named[route.name] = max(self.named.get(route.name, 0), len(set(ONE_OF_THE_CROWD.findall(text))))
        noted = {entry.subject_id for entry in entries if entry.subject == "resident"}
        shown = {name for name, number in self._people(world).items() if name in text and number not in noted}
        if shown:
            self.unnoted[route.name, method] = shown

    def _people(self, world: World) -> dict[str, int]:
        crowd = Resident.objects.filter(search_key__startswith="nguyen thi lan ").values_list("full_name", "pk")
        return {**dict(crowd), world.words.neighbour: world.contact.resident_id}


def test_each_page_opens_notes_whom_it_names_and_names_fifty_at_most(crowded: World) -> None:
    client, asked = with_every_role(crowded.division), Asked()
    for route in CLOSED:
        for method in route.methods():
            asked.ask(client, route, method, crowded)
    _each_opens(asked.statuses)
    assert asked.unnoted == {}
    assert {name for name, count in asked.named.items() if count > MOST_NAMED} == set(TAKEN_OUT)
    assert sum(count >= MOST_NAMED - 2 for count in asked.named.values()) > 8, "the crowd is on the lists"


def _each_opens(statuses: Mapping[tuple[str, str], int]) -> None:
    provincial = {route.name for route in CLOSED if route.permission in PROVINCE_ONLY}
    unlike = {key: status for key, status in statuses.items() if status not in {200, 302, 405, 422}}
    assert {key[0] for key in unlike if key[0] in provincial} == provincial
    assert {status for key, status in statuses.items() if key[0] in provincial} <= {403, 405}
    at_home = {key: status for key, (status, _) in AT_HOME.items() if key[0] not in provincial}
    assert {key: status for key, status in unlike.items() if key[0] not in provincial} == at_home
    assert {key[0] for key, status in statuses.items() if status != 405} == {route.name for route in CLOSED}
