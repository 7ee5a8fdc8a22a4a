"""What is kept until when: how long, what may hold a day back, and what other rooms keep beside the visits."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.functional import Promise

from ksdb.approvals.kinds import Payload, number_of
from ksdb.config import settings
from ksdb.core.clock import today
from ksdb.core.errors import KsdbError
from ksdb.core.scope import Scope


@dataclass(frozen=True)
class Kept:
    """One kind of data as the page of retention shows it. `next_on` is the day on which some of it goes next."""

    what: str | Promise
    rule: str | Promise
    count: int
    next_on: date | None


@dataclass(frozen=True)
class DayKept:
    """A day of the log: how many visits and refusals, as far as the planner knows, and when it goes."""

    on: date
    visits: int
    refusals: int
    goes_on: date
    is_held: bool


@dataclass(frozen=True)
class Dropped:
    """The proof of a day's deletion: one partition, what it held, and the hash of its keys in order."""

    partition: str
    rows: int
    first_at: datetime | None
    last_at: datetime | None
    keys_sha256: str


HOLDS: list[Callable[[Scope, date], bool]] = []
"""Rooms above say here whether something open needs a day; such a day is not deleted before its time."""

KEPT: list[Callable[[Scope], list[Kept]]] = []
"""Rooms above say here what they keep."""


def first_kept_on() -> date:
    """The first day whose visits are kept."""
    return today() - timedelta(days=settings().retention_days)


def day_in(payload: Payload) -> date:
    """The day that an act is about: 20261123 is 23 November 2026."""
    number = number_of(payload, "day")
    return date(number // 10_000, number // 100 % 100, number % 100)


def is_held(scope: Scope, on: date) -> bool:
    """Whether anything open needs the visits of that day."""
    return any(holds(scope, on) for holds in HOLDS)


class DayHeld(KsdbError):
    """An open case needs the visits of this day. Trace the case and close it first."""

    code = "day_held"
    status = 409


class DayNotOver(KsdbError):
    """This day is not over, or it is kept no more. Choose a day of the list."""

    code = "day_not_over"
    status = 409
