"""Reads of the outbox, and of what a session has proven."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.sessions.backends.base import SessionBase

from ksdb.access.sealing import opened
from ksdb.config import settings
from ksdb.core.clock import now
from ksdb.core.errors import NotFound
from ksdb.core.scope import Permission, Scope
from ksdb.sms.models import Tally, Text
from ksdb.sms.proof import BODY, PHONE, kept

MOST_SHOWN = 20
STOPS = (Tally.Kind.BY_NUMBER, Tally.Kind.BY_ADDRESS, Tally.Kind.OF_ALL, Tally.Kind.BY_SESSION)


@dataclass(frozen=True)
class Shown:
    """A message as the demo shows it."""

    made_at: datetime
    phone: str
    body: str


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
    return [Shown(t.made_at, opened(PHONE, bytes(t.phone_sealed)), opened(BODY, bytes(t.body_sealed))) for t in texts]


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
