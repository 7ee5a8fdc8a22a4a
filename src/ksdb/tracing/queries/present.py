"""Who was at a point between two hours, for a case. Each person named is audited, with the case and the point.

Only for an open case, for hours that touch its infectious period, and at a point where the case was scanned; at any
other the reason has to be written down, and stands in the trail.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.core.paginator import Page, Paginator

from ksdb.audit.actions import record, record_many
from ksdb.core.copresence import OverlapRule
from ksdb.core.errors import KsdbError, NotFound
from ksdb.core.names import fold
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.core.stay import Stay
from ksdb.places.models import ScanPoint
from ksdb.places.queries import within
from ksdb.tracing.exposures import Met, Period, added_up, asked, count, exposures_of, units
from ksdb.tracing.models import TraceStay
from ksdb.tracing.persons import merged_persons
from ksdb.tracing.queries import PAGE_ROWS, case, people_of
from ksdb.tracing.queries.periods import period_of
from ksdb.tracing.report import Person

READ = Permission.TRACING_CASE_READ
LONGEST_SPAN: Final = timedelta(hours=24)
NOBODY: Final = 0
"""Whose stay the question is: no resident has this number."""


LEAST_REASON: Final = 10
MOST_POINTS: Final = 50


class CaseNotOpen(KsdbError):
    """This case is closed. Open it again before you look at who was where."""

    code = "case_not_open"
    status = 409


class SpanOutside(KsdbError):
    """The case was not infectious in these hours. Ask for hours of its infectious period, or correct its days first."""

    code = "span_outside"
    status = 422


class ReasonNeeded(KsdbError):
    """The case was not scanned at this place. Write why you look there, in a sentence without names."""

    code = "reason_needed"
    status = 422


class SpanTooLong(KsdbError):
    """Ask for a day at most, and for an end after the beginning. For a longer time, ask again for the next day."""

    code = "span_too_long"
    status = 422


@dataclass(frozen=True)
class Hours:
    """For which case, at which point, from when until when, and why, where the case was not scanned there."""

    case_id: int
    point_id: int
    span: Period
    why: str = ""


@dataclass(frozen=True)
class FoundPoint:
    """A point that may be looked at, and whether the case was scanned there."""

    point_id: int
    name: str
    commune: str
    is_of_case: bool


@dataclass(frozen=True)
class Present:
    """Somebody who was there: from when to when within the hours asked for, and by what evidence."""

    person: Person
    first_at: datetime
    last_at: datetime
    minutes: int
    is_observed: bool


@dataclass(frozen=True)
class PresentPage:
    """A page of who was at a point."""

    point: ScanPoint
    span: Period
    rows: list[Present]
    page: Page[Met]


def point_for(scope: Scope, case_id: int, point_id: int) -> ScanPoint:
    """A point of the jurisdiction, for a case of the jurisdiction. Raises NotFound."""
    case(scope, case_id)
    found = ScanPoint.objects.filter(within(scope, READ), pk=point_id).select_related("division").first()
    if found is None:
        raise NotFound
    return found


def is_of_case(scope: Scope, case_id: int, point_id: int) -> bool:
    """Whether any run has a stay of the case at the point."""
    scope.require(READ)
    return TraceStay.objects.filter(trace__case=case_id, point_id=point_id).exists()


def points_named(scope: Scope, case_id: int, text: str) -> list[FoundPoint]:
    """At most 50 points of the jurisdiction whose names have all these words, those of the case first.

    Without a word: the points of the case alone. Reads the names of all points of the jurisdiction.
    """
    case(scope, case_id)
    stays = TraceStay.objects.filter(trace__case=case_id).values_list("point_id", flat=True)
    own, words = set(stays), fold(text).split()
    points = ScanPoint.objects.filter(within(scope, READ))
    if not words:
        points = points.filter(pk__in=own)
    found = [
        FoundPoint(pk, name, commune, pk in own)
        for pk, name, commune in points.values_list("pk", "name", "division__name")
        if all(word in fold(name) for word in words)
    ]
    return sorted(found, key=lambda one: (not one.is_of_case, fold(one.name), one.point_id))[:MOST_POINTS]


def present_at(scope: Scope, hours: Hours, number: int = 1) -> PresentPage:
    """At most 50 people who were at the point in `[from, until)`, by arrival. The look is audited, with why.

    Raises NotFound, CaseNotOpen, SpanTooLong, SpanOutside, ReasonNeeded.
    """
    point = _looked_at(scope, hours)
    page = Paginator(_met(point, hours.span), PAGE_ROWS).get_page(number)
    detail: dict[str, object] = {"case": hours.case_id, "point": hours.point_id, "count": page.paginator.count}
    detail |= {"reason": hours.why} if hours.why else {}
    record(scope, "tracing:point:read", ("point", hours.point_id), Purpose.CASE_TRACING, detail)
    return PresentPage(point, hours.span, _rows(scope, hours.case_id, point, list(page)), page)


def met_at(scope: Scope, hours: Hours) -> list[Met]:
    """Everybody by number, by arrival; nobody is named. Reads all visits around the hours.

    Raises as `present_at` does.
    """
    return _met(_looked_at(scope, hours), hours.span)


def named_present(scope: Scope, hours: Hours, met: Sequence[Met]) -> list[Present]:
    """All of them with their names, for a file; each is audited as taken out."""
    point = point_for(scope, hours.case_id, hours.point_id)
    return _rows(scope, hours.case_id, point, met, Permission.TRACING_TRACE_EXPORT)


def _looked_at(scope: Scope, hours: Hours) -> ScanPoint:
    """The point, where the case gives reason to look at it in these hours."""
    one = case(scope, hours.case_id)
    point = point_for(scope, hours.case_id, hours.point_id)
    if one.closed_at:
        raise CaseNotOpen
    since, until = period_of(one)
    if not (hours.span[0] < until and since < hours.span[1]):
        raise SpanOutside
    if len(hours.why.strip()) < LEAST_REASON and not is_of_case(scope, one.pk, point.pk):
        raise ReasonNeeded
    return point


def _met(point: ScanPoint, span: Period) -> list[Met]:
    """Everybody whose stay there overlaps with the span; several records of a person are one."""
    if not timedelta() < span[1] - span[0] <= LONGEST_SPAN:
        raise SpanTooLong
    stay = Stay(point.pk, count(span[0]), count(span[1]), is_observed=True)
    usual = {point.pk: units(timedelta(minutes=point.usual_stay_minutes))}
    found = exposures_of(asked([(NOBODY, stay)], usual, OverlapRule(0)))
    persons = merged_persons()
    by_person = added_up(
        one._replace(resident_id=persons.person(one.resident_id)) if one.resident_id in persons.merged else one
        for one in found
    )
    return sorted(by_person, key=lambda one: (one.first_at, one.resident_id))


def _rows(scope: Scope, case_id: int, point: ScanPoint, met: Sequence[Met], action: Permission = READ) -> list[Present]:
    people = people_of(scope, [one.resident_id for one in met])
    named = [("resident", one) for one, person in sorted(people.items()) if person.name]
    record_many(scope, action, named, Purpose.CASE_TRACING, {"case": case_id, "point": point.pk})
    return [
        Present(people[one.resident_id], one.first_at, one.last_at, one.seconds // 60, one.is_observed)
        for one in met
        if one.resident_id in people
    ]
