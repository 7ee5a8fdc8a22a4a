"""A trace as people read it: the same values for the page, its print and the command line."""

from dataclasses import dataclass, field
from datetime import datetime

from ksdb.core.decision import Flag
from ksdb.tracing.exposures import Period


@dataclass(frozen=True)
class Person:
    """Who a row is about; None for the name and the year of one who lives outside the reader's jurisdiction."""

    resident_id: int
    name: str | None
    birth_year: int | None
    commune: str


@dataclass(frozen=True)
class Through:
    """The contact of the first generation through whom somebody was reached: his rank and number in the trace."""

    rank: int
    contact_id: int


@dataclass(frozen=True)
class Row:
    """One contact: how long and how often, from when to when, where, by what evidence, how many steps away."""

    contact_id: int
    rank: int
    person: Person
    seconds: int
    co_presence_count: int
    first_at: datetime
    last_at: datetime
    places: tuple[str, ...]
    is_observed: bool
    generation: int
    through: Through | None = None
    flags: tuple[Flag, ...] = ()

    @property
    def minutes(self) -> int:
        return self.seconds // 60


@dataclass(frozen=True)
class Completeness:
    """What limits a trace: residents registered where the case was, those with a card, scans of nobody known."""

    residents: int
    covered: int
    unverified: int
    contacts: int = 0

    @property
    def missed(self) -> int | None:
        """At least so many more were there and are not listed; None where nobody is, or nobody there holds a card.

        Whoever has no card is taken to go to the same places as whoever has one: of those who were there the share of
        card holders is listed. In simulated outbreaks of which the truth is known, the share of infected people who are
        found falls with the share scanned in just that way, for a case who is scanned (`docs/tracing-quality.md`).
        """
        if not (self.covered and self.contacts):
            return None
        return round(self.contacts * (self.residents - self.covered) / self.covered)


@dataclass(frozen=True)
class Report:
    """A page of a trace's contacts, longest together first, and what the trace as a whole found and could not see."""

    trace_id: int
    case_id: int
    rule_set: str
    period: Period
    ran_at: datetime
    duration_ms: int
    stays: int
    contacts: int
    shown: int
    completeness: Completeness
    rows: list[Row] = field(default_factory=list)
    generations: int = 1
    first: int = 0
    second: int = 0
    engine: str = "sql"


@dataclass(frozen=True)
class StayTimes:
    """From when to when somebody was there, and whether an exit was scanned."""

    arrived_at: datetime
    departed_at: datetime
    is_observed: bool


@dataclass(frozen=True)
class Evidence:
    """One co-presence: where, from when to when, and whether exits were scanned.

    The case's stay is the one the trace used; the other's is as the log has it now, None where its day is deleted.
    """

    meeting_id: int
    place: str
    started_at: datetime
    ended_at: datetime
    is_observed: bool
    case_stay: StayTimes | None = None
    their_stay: StayTimes | None = None
    flags: tuple[Flag, ...] = ()

    @property
    def seconds(self) -> int:
        return int((self.ended_at - self.started_at).total_seconds())
