"""Follow-ups as pages show them: who, where, how it stands, what is due; and what of a list is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from ksdb.core.clock import day_of
from ksdb.followup.models import DayEntry, Event, FollowUp, Source
from ksdb.followup.states import WATCHED, Status


class Part(StrEnum):
    """Which follow-ups a list shows."""

    TODAY = "today"
    OPEN = "open"
    POSITIVE = "positive"
    GONE = "gone"
    CLOSED = "closed"


@dataclass(frozen=True)
class Asked:
    """What of the follow-ups is asked for; None narrows nothing."""

    part: Part = Part.TODAY
    ward: int | None = None
    case: int | None = None
    is_mine: bool = False


@dataclass(frozen=True)
class Line:
    """One follow-up of a list, with the person by the record that counts."""

    follow_up: FollowUp
    name: str
    birth_year: int
    address: str
    group: str
    cases: Sequence[int]
    has_entry: bool
    is_drill: bool
    on: date

    @property
    def overdue_days(self) -> int:
        return max(0, (self.on - self.follow_up.next_on).days) if self.follow_up.closed_at is None else 0

    @property
    def is_over(self) -> bool:
        """The days of the quarantine are over; somebody has to close it."""
        return self.follow_up.until_on < self.on

    @property
    def is_watched(self) -> bool:
        return self.follow_up.status in WATCHED

    @property
    def day_number(self) -> int:
        """Which day after the last exposure it is."""
        return max(0, (self.on - day_of(self.follow_up.last_exposed_at)).days)

    @property
    def day_count(self) -> int:
        return (self.follow_up.until_on - day_of(self.follow_up.last_exposed_at)).days


@dataclass(frozen=True)
class Told:
    """A line of the history with the name of who wrote it and the opened note."""

    event: Event
    by: str
    note: str


@dataclass(frozen=True)
class Day:
    """One day of the quarantine, with the entry that counts for it; `is_due` when somebody had to ask that day."""

    on: date
    entry: DayEntry | None
    by: str
    count: int
    is_due: bool


@dataclass(frozen=True)
class Sheet:
    """One follow-up with all there is to know to call the person."""

    line: Line
    phone: str
    sources: Sequence[Source]
    history: Sequence[Told]
    days: Sequence[Day]

    @property
    def is_closed(self) -> bool:
        return self.line.follow_up.status == Status.CLOSED


@dataclass(frozen=True)
class WardCount:
    """How far a ward, or a case, is."""

    id: int
    name: str
    people: int
    to_call: int
    called: int
    reached: int
    watched: int
    with_entry: int
    overdue: int
    gone: int = 0


@dataclass(frozen=True)
class CaseProgress:
    """How far the follow-up of a case is, and how many minutes it took. `newer_trace` is a run not followed yet."""

    case_id: int
    trace_id: int
    confirmed_at: datetime
    listed_at: datetime
    first_call_at: datetime | None
    last_call_at: datetime | None
    counts: WardCount
    newer_trace: int | None
    is_drill: bool

    @property
    def to_list(self) -> int:
        return _minutes(self.confirmed_at, self.listed_at) or 0

    @property
    def to_first_call(self) -> int | None:
        return _minutes(self.confirmed_at, self.first_call_at)

    @property
    def to_last_call(self) -> int | None:
        """None while anybody has not been called."""
        return _minutes(self.confirmed_at, self.last_call_at)


def _minutes(since: datetime, until: datetime | None) -> int | None:
    return None if until is None else max(0, int((until - since).total_seconds()) // 60)


@dataclass(frozen=True)
class Change:
    """What a newer run of a case would change: people to add, people who are no longer contacts."""

    trace_id: int
    ran_at: datetime
    rules: str
    added: int
    gone: int
    stayed: int
