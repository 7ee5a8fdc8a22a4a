"""Reads of drills: what was planted, and how many minutes the list and the calls took."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Min

from ksdb.core.scope import Permission, Scope
from ksdb.followup.models import Drill, FollowUp
from ksdb.places.queries import within
from ksdb.tracing.models import Contact, Trace


@dataclass(frozen=True)
class Times:
    """How far a drill has come, or how far it came: moments, None for what has not been reached."""

    listed_at: datetime | None
    found: int | None
    first_call_at: datetime | None
    last_call_at: datetime | None
    called: int


@dataclass(frozen=True)
class DrillLine:
    """A drill with its times in minutes since the case was confirmed."""

    drill: Drill
    times: Times

    @property
    def to_list(self) -> int | None:
        return self._minutes(self.times.listed_at)

    @property
    def to_first_call(self) -> int | None:
        return self._minutes(self.times.first_call_at)

    @property
    def to_last_call(self) -> int | None:
        return self._minutes(self.times.last_call_at)

    def _minutes(self, at: datetime | None) -> int | None:
        return None if at is None else int((at - self.drill.confirmed_at).total_seconds() // 60)


def drills_so_far(scope: Scope) -> Sequence[DrillLine]:
    """The last 100 drills of the jurisdiction, latest first. Invented people alone, so nobody is audited."""
    condition = within(scope, Permission.FOLLOWUP_DRILL_READ)
    found = Drill.objects.filter(condition).select_related("division").order_by("-pk")[:100]
    return [DrillLine(one, times_of(scope, one)) for one in found]


def running_drill(scope: Scope) -> DrillLine | None:
    """The drill that runs now, if one does."""
    scope.require(Permission.FOLLOWUP_DRILL_READ)
    one = Drill.objects.filter(ended_at=None).select_related("division").first()
    return DrillLine(one, times_of(scope, one)) if one else None


def times_of(scope: Scope, one: Drill) -> Times:
    """As kept when it ended, or as they are now."""
    scope.require(Permission.FOLLOWUP_DRILL_READ)
    if one.ended_at is not None:
        return Times(one.listed_at, one.found_count, one.first_call_at, one.last_call_at, one.called_count or 0)
    first = Trace.objects.filter(case=one.case_id).order_by("pk").first()
    if first is None:
        return Times(None, None, None, None, 0)
    found = set(Contact.objects.filter(trace__case=one.case_id).values_list("resident_id", flat=True))
    planted = found & set(one.resident_ids)
    calls = FollowUp.objects.filter(resident__in=planted).exclude(first_called_at=None)
    at = calls.aggregate(first=Min("first_called_at"), last=Max("first_called_at"))
    called = calls.count()
    return Times(first.ran_at, len(planted), at["first"], at["last"] if called >= len(planted) else None, called)


def drill_cases(scope: Scope) -> set[int]:
    """The numbers of cases that are of a drill."""
    scope.require(Permission.TRACING_CASE_READ)
    return {one for one in Drill.objects.values_list("case_id", flat=True) if one}
