"""Reads of the outbox, and of what a session has proven."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.contrib.sessions.backends.base import SessionBase

from ksdb.access.sealing import opened
from ksdb.config import settings
from ksdb.core.clock import now, today
from ksdb.core.errors import NotFound
from ksdb.core.scope import Permission, Scope
from ksdb.sms.carriers import carrier_name
from ksdb.sms.models import DayCount, Tally, Text
from ksdb.sms.proof import BODY, PHONE, kept

MOST_SHOWN = 20
FIGURE_DAYS = 31
STOPS = (Tally.Kind.BY_NUMBER, Tally.Kind.BY_ADDRESS, Tally.Kind.OF_ALL, Tally.Kind.BY_SESSION)


@dataclass(frozen=True)
class Shown:
    """A message as the demo shows it."""

    made_at: datetime
    phone: str
    body: str
    segments: int


@dataclass(frozen=True)
class Hour:
    """What happened with codes in one hour."""

    hour: datetime
    counts: Mapping[str, int]

    @property
    def sent(self) -> int:
        return self.counts.get(Tally.Kind.SENT, 0)

    @property
    def stopped(self) -> int:
        """Codes that were asked for and not sent."""
        return sum(self.counts.get(kind, 0) for kind in STOPS)

    @property
    def row(self) -> list[int]:
        """In the order of the page."""
        return [self.counts.get(kind, 0) for kind in Tally.Kind]


def outbox(scope: Scope) -> list[Shown]:
    """The latest messages, where all data is invented; elsewhere there is no such page."""
    if not settings().is_demo and not scope.is_system:
        raise NotFound
    texts = Text.objects.order_by("-made_at")[:MOST_SHOWN]
    return [
        Shown(t.made_at, opened(PHONE, bytes(t.phone_sealed)), opened(BODY, bytes(t.body_sealed)), t.segments)
        for t in texts
    ]


def tallies(scope: Scope, hours: int = 24) -> list[Hour]:
    """What happened with codes, hour by hour, latest first. Counts alone: of nobody."""
    scope.require(Permission.SMS_TALLY_READ)
    counted: dict[datetime, dict[str, int]] = {}
    for row in Tally.objects.filter(hour__gt=now() - timedelta(hours=hours)).order_by("-hour"):
        counted.setdefault(row.hour, {})[row.kind] = row.count
    return [Hour(hour, counts) for hour, counts in counted.items()]


def proven_phone(scope: Scope, session: SessionBase) -> str | None:
    """The number whose code came back in this session within half an hour; never for a system's scope."""
    proof = kept(session)
    return proof.phone if proof is not None and proof.is_proven and not scope.is_system else None


@dataclass(frozen=True)
class Figures:
    """What went out by day and carrier, its sums, and what waits since when and why."""

    carrier: str
    days: list[DayCount]
    texts: int
    segments: int
    cost: int
    failed: int
    waiting: int
    oldest_at: datetime | None
    failure: str

    @property
    def is_late(self) -> bool:
        return self.oldest_at is not None and self.oldest_at < now() - timedelta(minutes=5)


def figures(scope: Scope) -> Figures:
    """The last 31 days, latest first. No number and no text among them."""
    scope.require(Permission.SMS_TALLY_READ)
    days = list(DayCount.objects.filter(on__gt=_first_day()).order_by("-on", "carrier"))
    waiting = Text.objects.filter(state=Text.State.WAITING)
    oldest = waiting.order_by("made_at").first()
    return Figures(
        carrier_name(),
        days,
        sum(one.texts for one in days),
        sum(one.segments for one in days),
        sum(one.cost for one in days),
        sum(one.failed for one in days),
        waiting.count(),
        oldest.made_at if oldest else None,
        oldest.failure if oldest else "",
    )


def _first_day() -> date:
    return today() - timedelta(days=FIGURE_DAYS)


@dataclass(frozen=True)
class Fate:
    """What became of a message so far."""

    state: str
    at: datetime | None
    failure: str


def fates_of(scope: Scope, text_ids: Collection[int]) -> dict[int, Fate]:
    """Of each message that is still kept, for the room that sent it."""
    if not scope.is_system:
        raise NotFound
    texts = Text.objects.filter(pk__in=text_ids)
    return {text.pk: Fate(text.state, text.ended_at or text.sent_at, text.failure) for text in texts}
