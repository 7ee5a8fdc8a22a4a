"""The evidence of contacts: each meeting with both stays, and what is odd about the visits behind it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from django.db import connection

from ksdb.core.decision import Flag
from ksdb.core.errors import NotFound
from ksdb.core.scope import Permission, Scope
from ksdb.core.stay import LONGEST_STAY
from ksdb.places.models import ScanPoint
from ksdb.postgres.named import sql
from ksdb.registry.queries import identities_of
from ksdb.tracing.exposures import case_stays, instant
from ksdb.tracing.models import Contact, CoPresence, Trace
from ksdb.tracing.queries.overlap import overlap_of
from ksdb.tracing.report import Evidence, StayTimes
from ksdb.visits.disputing import VisitGone, VisitRef
from ksdb.visits.queries.disputes import visits_around

READ = Permission.TRACING_CASE_READ
DAY = timedelta(days=1)
MOST_MEETINGS: Final = 200
"""As many as a page shows; it says how many more there are."""


def flags_of(scope: Scope, contact_ids: Sequence[int]) -> dict[int, tuple[Flag, ...]]:
    """What is odd about the visits behind these contacts' meetings; nothing where their days are deleted."""
    scope.require(READ)
    return _flags("flags_of_contacts", {"contacts": list(contact_ids), "longest": LONGEST_STAY}) if contact_ids else {}


def evidence_of(scope: Scope, found: Trace, contact: Contact) -> list[Evidence]:
    """The meetings of a contact in order of time, at most 200. The caller has checked whose it is, and audits."""
    scope.require(READ)
    met = list(contact.co_presences.order_by("started_at", "id")[:MOST_MEETINGS])
    names = dict(ScanPoint.objects.filter(pk__in={one.point_id for one in met}).values_list("pk", "name"))
    case = [(one.point_id, StayTimes(one.arrived_at, one.departed_at, one.is_observed)) for one in found.stays.all()]
    theirs = _stays_now(scope, found, contact)
    flags = _flags("flags_of_meetings", {"contact": contact.pk, "longest": LONGEST_STAY})
    return [
        Evidence(
            meeting_id=one.pk,
            place=names[one.point_id],
            started_at=one.started_at,
            ended_at=one.ended_at,
            is_observed=one.is_observed,
            case_stay=_around(case, one) if contact.generation == 1 else None,
            their_stay=_around(theirs, one),
            flags=flags.get(one.pk, ()),
        )
        for one in met
    ]


def visit_behind(scope: Scope, found: Trace, contact: Contact, meeting_id: int) -> VisitRef:
    """The visit by which the contact came to a meeting. Raises NotFound, VisitGone."""
    met = contact.co_presences.filter(pk=meeting_id).first()
    if met is None:
        raise NotFound
    theirs = _around(_stays_now(scope, found, contact), met)
    since = theirs.arrived_at if theirs else met.started_at - LONGEST_STAY
    for record in identities_of(scope, [contact.resident_id]):
        for seen in visits_around(scope, record, since, met.ended_at):
            if seen.ref.point_id == met.point_id:
                return seen.ref
    raise VisitGone


def _stays_now(scope: Scope, found: Trace, contact: Contact) -> list[tuple[int, StayTimes]]:
    """The contact's stays as the log tells them now, by the trace's rule."""
    rule = overlap_of(scope, found.rule_set)
    records = identities_of(scope, [contact.resident_id])
    stays = case_stays(records, (contact.first_at - DAY, contact.last_at + DAY), rule).stays
    return [(one.point, StayTimes(instant(one.arrived), instant(one.departed), one.is_observed)) for one in stays]


def _around(stays: Sequence[tuple[int, StayTimes]], met: CoPresence) -> StayTimes | None:
    """The stay at the meeting's point that overlaps with it."""
    return next(
        (
            stay
            for point_id, stay in stays
            if point_id == met.point_id and stay.arrived_at < met.ended_at and met.started_at < stay.departed_at
        ),
        None,
    )


def _flags(name: str, asked: Mapping[str, Any]) -> dict[int, tuple[Flag, ...]]:
    found: defaultdict[int, tuple[Flag, ...]] = defaultdict(tuple)
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.tracing", name), asked)
        for number, flag in cursor.fetchall():
            found[number] += (Flag(flag),)
    return found
