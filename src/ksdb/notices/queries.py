"""Reads of notices: a resident's own, how many of a matter were told, and how somebody can be reached."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet
from django.utils.translation import get_language

from ksdb.access.sealing import opened
from ksdb.core.errors import NotAllowed
from ksdb.core.scope import Permission, Scope
from ksdb.notices.kinds import Channel, Kind, State, Way
from ksdb.notices.models import Delivery, Notice, Subscription
from ksdb.notices.reaching import REACHES, Reach
from ksdb.notices.words import Words, day_in, words_of
from ksdb.places.models import ScanPointType
from ksdb.registry.models import Resident
from ksdb.registry.queries import identities_of
from ksdb.registry.sealing import PHONE

OURS = {"", "VNM"}
"""Nationalities that are written to in Vietnamese, where nobody chose a language."""


@dataclass(frozen=True)
class Told:
    """A notice as the resident reads it, with how it went out."""

    id: int
    kind: str
    made_at: datetime
    on: date | None
    words: Words
    ways: list[Delivery]
    read_at: datetime | None
    facts: Mapping[str, object]

    @property
    def is_new(self) -> bool:
        return self.read_at is None


@dataclass(frozen=True)
class Count:
    """Of one matter: how many are to be told, how many were told by which way, how many have none."""

    all: int
    waiting: int
    by_text: int
    by_push: int
    delivered: int
    unreachable: int
    read: int


def notices_of(scope: Scope, resident_ids: Sequence[int]) -> list[Told]:
    """Everything that a resident was told, latest first; his records were checked by `scope.own`. Two queries."""
    if not scope.is_system:
        for one in resident_ids[:1]:
            scope.require_own(one)
    language, names = get_language() or "vi", type_names(scope)
    found = Notice.objects.filter(resident_id__in=resident_ids).prefetch_related("deliveries").order_by("-id")
    return [
        Told(
            one.pk,
            one.kind,
            one.made_at,
            day_in(one.facts),
            words_of(one.kind, one.facts, names.get((str(one.facts.get("type")), language), ""), language),
            list(one.deliveries.all()),
            one.read_at,
            one.facts,
        )
        for one in found
    ]


def type_names(scope: Scope) -> dict[tuple[str, str], str]:
    """The kinds of places by code and language, for whoever may be told anything."""
    if scope.actor_id is not None and not scope.allows(Permission.PLACES_DIVISION_READ):
        raise NotAllowed
    types = list(ScanPointType.objects.all())
    return {(one.code, "vi"): one.name_vi for one in types} | {(one.code, "en"): one.name_en for one in types}


def count_told(scope: Scope, kind: Kind, key: str) -> Count:
    """How a matter stands. For whoever may see cases: numbers alone."""
    scope.require(Permission.TRACING_CASE_READ)
    found = Notice.objects.filter(kind=kind, key=key)
    states = Counter(found.values_list("state", flat=True))
    ways = Delivery.objects.filter(notice__in=found.values("id")).exclude(state=Way.FAILED)
    return Count(
        all=sum(states.values()),
        waiting=states[State.WAITING],
        by_text=_people(ways.filter(channel=Channel.SMS)),
        by_push=_people(ways.filter(channel=Channel.PUSH)),
        delivered=_people(ways.filter(state=Way.DELIVERED)),
        unreachable=states[State.UNREACHABLE],
        read=found.exclude(read_at=None).count(),
    )


def _people(ways: QuerySet[Delivery]) -> int:
    return ways.values("notice_id").distinct().count()


def reach_of(scope: Scope, resident_id: int) -> Reach:
    """The person's own number, else the guardian's, and what the rooms above know."""
    if not scope.is_system:
        raise NotAllowed
    records = identities_of(scope, [resident_id])
    people = Resident.objects.filter(pk__in=records).select_related("guardian")
    phones = {bytes(one.phone_sealed) for one in people if one.phone_sealed}
    phones = phones or {bytes(g.phone_sealed) for one in people if (g := one.guardian) and g.phone_sealed}
    known = Reach(frozenset(opened(PHONE, sealed) for sealed in phones))
    for reaches in REACHES:
        known |= reaches(scope, records)
    language = known.language or ("vi" if all(one.nationality in OURS for one in people) else "en")
    return Reach(known.phones, known.owners, language)


def subscriptions_of(scope: Scope, owners: Sequence[int]) -> list[Subscription]:
    """The browsers of these owners."""
    if not scope.is_system:
        raise NotAllowed
    return list(Subscription.objects.filter(owner__in=owners))
