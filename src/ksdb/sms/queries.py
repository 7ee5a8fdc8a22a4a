"""Reads of the outbox, and of what a session has proven."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.sessions.backends.base import SessionBase

from ksdb.access.sealing import opened
from ksdb.config import settings
from ksdb.core.errors import NotFound
from ksdb.core.scope import Scope
from ksdb.sms.models import Text
from ksdb.sms.proof import BODY, PHONE, kept

MOST_SHOWN = 20


@dataclass(frozen=True)
class Shown:
    """A message as the demo shows it."""

    made_at: datetime
    phone: str
    body: str


def outbox(scope: Scope) -> list[Shown]:
    """The latest messages, where all data is invented; elsewhere there is no such page."""
    if not settings().is_demo and not scope.is_system:
        raise NotFound
    texts = Text.objects.order_by("-made_at")[:MOST_SHOWN]
    return [Shown(t.made_at, opened(PHONE, bytes(t.phone_sealed)), opened(BODY, bytes(t.body_sealed))) for t in texts]


def proven_phone(scope: Scope, session: SessionBase) -> str | None:
    """The number whose code came back in this session within half an hour; never for a system's scope."""
    proof = kept(session)
    return proof.phone if proof is not None and proof.is_proven and not scope.is_system else None
