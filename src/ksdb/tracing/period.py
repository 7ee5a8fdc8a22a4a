"""From when until when a case was infectious, by a disease profile. Days are civil days of the province."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ksdb.core.clock import day_bounds
from ksdb.core.errors import KsdbError


class PeriodEmpty(KsdbError):
    """The infectious period ends before it begins. Check the days of onset and sampling and the hour of isolation."""

    code = "period_empty"
    status = 422


@dataclass(frozen=True)
class Days:
    """Days before and after onset in which a case of the disease infects others."""

    before: int
    after: int


@dataclass(frozen=True)
class CaseFacts:
    """What is known of a case: the profile's code, onset (None without symptoms), sampling, start of isolation."""

    profile: str
    onset_on: date | None
    sampled_on: date
    isolated_at: datetime | None = None


def infectious_period(days: Days, facts: CaseFacts, at: datetime) -> tuple[datetime, datetime]:
    """The half-open period as known at `at`. Raises PeriodEmpty.

    It begins `before` days before onset or sampling, whichever was first: a sample found positive before any symptom
    shows infection then. It ends with isolation, or when the days after onset (sampling without symptoms) are
    over, or now, whichever is first.
    """
    first_on = min(facts.onset_on or facts.sampled_on, facts.sampled_on) - timedelta(days=days.before)
    last_on = (facts.onset_on or facts.sampled_on) + timedelta(days=days.after)
    start, end = day_bounds(first_on)[0], day_bounds(last_on)[1]
    until = min(end, at, facts.isolated_at or at)
    if until <= start:
        raise PeriodEmpty
    return start, until


def is_isolated_before_onset(onset_on: date | None, isolated_at: datetime | None) -> bool:
    """Whether isolation began on a day before the onset: possible for somebody in quarantine, often a slip."""
    return bool(onset_on and isolated_at and isolated_at < day_bounds(onset_on)[0])
