"""Who was at a point between two hours, for a case. Each person named is audited, with the case and the point."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from django.core.paginator import Page, Paginator

from ksdb.audit.actions import record, record_many
from ksdb.core.copresence import OverlapRule
from ksdb.core.errors import KsdbError, NotFound
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.core.stay import Stay
from ksdb.places.models import ScanPoint
from ksdb.places.queries import within
from ksdb.registry.queries import persons_of
from ksdb.tracing.exposures import Met, Period, added_up, asked, count, exposures_of, units
from ksdb.tracing.queries import PAGE_ROWS, case, people_of
from ksdb.tracing.report import Person

READ = Permission.TRACING_CASE_READ
LONGEST_SPAN: Final = timedelta(hours=24)
NOBODY: Final = 0
"""Whose stay the question is: no resident has this number."""


class SpanTooLong(KsdbError):
    """Ask for a day at most, and for an end after the beginning. For a longer time, ask again for the next day."""

    code = "span_too_long"
    status = 422


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


def present_at(scope: Scope, case_id: int, point_id: int, span: Period, number: int = 1) -> PresentPage:
    """At most 50 people who were at the point in `[from, until)`, by arrival. Raises NotFound, SpanTooLong."""
    point = point_for(scope, case_id, point_id)
    page = Paginator(_met(scope, point, span), PAGE_ROWS).get_page(number)
    detail = {"case": case_id, "point": point_id, "count": page.paginator.count}
    record(scope, "tracing:point:read", ("point", point_id), Purpose.CASE_TRACING, detail)
    return PresentPage(point, span, _rows(scope, case_id, point, list(page)), page)


def all_present(scope: Scope, case_id: int, point_id: int, span: Period) -> list[Present]:
    """Everybody, for a file; each person named is audited."""
    point = point_for(scope, case_id, point_id)
    return _rows(scope, case_id, point, _met(scope, point, span))


def count_present(scope: Scope, case_id: int, point_id: int, span: Period) -> int:
    return len(_met(scope, point_for(scope, case_id, point_id), span))


def _met(scope: Scope, point: ScanPoint, span: Period) -> list[Met]:
    """Everybody whose stay there overlaps with the span; several records of a person are one."""
    if not timedelta() < span[1] - span[0] <= LONGEST_SPAN:
        raise SpanTooLong
    stay = Stay(point.pk, count(span[0]), count(span[1]), is_observed=True)
    usual = {point.pk: units(timedelta(minutes=point.usual_stay_minutes))}
    found = exposures_of(asked([(NOBODY, stay)], usual, OverlapRule(0)))
    persons = persons_of(scope, {one.resident_id for one in found})
    by_person = added_up(replace(one, resident_id=persons.get(one.resident_id, one.resident_id)) for one in found)
    return sorted(by_person, key=lambda one: (one.first_at, one.resident_id))


def _rows(scope: Scope, case_id: int, point: ScanPoint, met: list[Met]) -> list[Present]:
    people = people_of(scope, [one.resident_id for one in met])
    named = [("resident", one) for one, person in sorted(people.items()) if person.name]
    record_many(scope, READ, named, Purpose.CASE_TRACING, {"case": case_id, "point": point.pk})
    return [
        Present(people[one.resident_id], one.first_at, one.last_at, one.seconds // 60, one.is_observed)
        for one in met
        if one.resident_id in people
    ]
