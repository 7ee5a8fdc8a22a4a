"""Disputes of visits: why somebody says that a visit was not his, until when it is answered, and who hears of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from ksdb.core.errors import KsdbError
from ksdb.core.scope import Scope

ANSWER_DAYS: Final = 5
"""So many days a dispute may wait; ours, from no source: a quarantine would be half over."""
TEXT: Final = "dispute_text"
NOTE: Final = "dispute_note"
MOST_TEXT: Final = 500


class Reason(StrEnum):
    """Why a visit is disputed."""

    NOT_ME = "not_me"
    NOT_THERE = "not_there"
    WRONG_TIME = "wrong_time"
    CARD_LENT = "card_lent"
    OTHER = "other"


class Raiser(StrEnum):
    """Who raised it: the resident on the own pages, or staff who were told."""

    RESIDENT = "resident"
    STAFF = "staff"


class State(StrEnum):
    """Where a dispute stands. An accepted one takes the visit out of every trace; the visit stays in the log."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"


@dataclass(frozen=True)
class VisitRef:
    """Which visit: the four parts of its key."""

    point_id: int
    scanned_at: datetime
    device_id: int
    sequence: int


@dataclass(frozen=True)
class Decided:
    """A visit that counts no more, and whose it was by the log."""

    visit: VisitRef
    resident_id: int


ACCEPTED: list[Callable[[Scope, Decided], None]] = []
"""Rooms above say here what they do when a visit counts no more; called in the transaction of the decision."""


class VisitGone(KsdbError):
    """This visit is not in the log any more, or it is nobody's. There is nothing left to dispute."""

    code = "visit_gone"
    status = 404


class AlreadyDisputed(KsdbError):
    """This visit is disputed already. Wait for the answer; it comes within five days."""

    code = "already_disputed"
    status = 409


class DisputeDecided(KsdbError):
    """Somebody has decided about this dispute meanwhile. Look at the decision in the list of disputes."""

    code = "dispute_decided"
    status = 409


class OwnDispute(KsdbError):
    """You raised this dispute yourself, so somebody else decides about it. Ask a colleague with the same right."""

    code = "own_dispute"
    status = 403
