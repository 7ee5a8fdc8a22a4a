"""Reads of disputed visits. Each person shown is audited."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.paginator import Page, Paginator
from django.db import connection

from ksdb.access.sealing import opened
from ksdb.audit.actions import record_many
from ksdb.core.clock import today
from ksdb.core.decision import Flag, Mark
from ksdb.core.errors import NotFound
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.places.models import ScanPoint
from ksdb.places.queries import within
from ksdb.postgres.named import sql
from ksdb.visits.disputing import NOTE, TEXT, State, VisitRef
from ksdb.visits.models import Dispute

DECIDE = Permission.VISITS_DISPUTE_DECIDE
PAGE_ROWS = 50
AROUND = timedelta(hours=3)


@dataclass(frozen=True)
class VisitFacts:
    """What the log says about a visit."""

    resident_id: int | None
    is_exit: bool
    marks: Mark
    point: str
    flags: tuple[Flag, ...]


@dataclass(frozen=True)
class VisitSeen:
    """A visit of somebody: where, when, whether the exit, and which."""

    ref: VisitRef
    point: str
    is_exit: bool


@dataclass(frozen=True)
class DisputeRow:
    """A dispute of the list, with the place's name and whether its answer is late."""

    dispute: Dispute
    point: str
    is_late: bool


@dataclass(frozen=True)
class DisputeSheet:
    """A dispute with what was said, what the log says of the visit (None: gone), and the person's visits around it."""

    dispute: Dispute
    text: str
    note: str
    point: str
    facts: VisitFacts | None
    around: list[VisitSeen]


def visit_facts(scope: Scope, ref: VisitRef) -> VisitFacts | None:
    """What the log says of the visit; None when it is gone. Whose it is stays a number."""
    scope.require(Permission.VISITS_DISPUTE_WRITE)
    asked: dict[str, Any] = {
        "point": ref.point_id,
        "at": ref.scanned_at,
        "device": ref.device_id,
        "sequence": ref.sequence,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.visits", "disputed_visit"), asked)
        row = cursor.fetchone()
    if row is None:
        return None
    resident_id, is_exit, marks, point, flags = row
    return VisitFacts(resident_id, is_exit, Mark(marks), point, tuple(Flag(flag) for flag in flags))


def visits_around(scope: Scope, resident_id: int, since: datetime, until: datetime) -> list[VisitSeen]:
    """Somebody's visits in `[since, until)`. The caller has checked whose they are, and audits."""
    scope.require(Permission.VISITS_DISPUTE_WRITE)
    with connection.cursor() as cursor:
        asked: dict[str, Any] = {"resident": resident_id, "since": since, "until": until}
        cursor.execute(sql("ksdb.visits", "visits_around"), asked)
        rows = cursor.fetchall()
    return [
        VisitSeen(VisitRef(point_id, at, device_id, sequence), name, is_exit)
        for point_id, name, at, is_exit, device_id, sequence in rows
    ]


def disputes_in(scope: Scope, state: State = State.OPEN, number: int = 1) -> Page[DisputeRow]:
    """At most 50 disputes of the jurisdiction in that state: open ones by the day they are due, others latest first."""
    order = ("due_on", "id") if state == State.OPEN else ("-decided_at", "-id")
    found = Dispute.objects.filter(within(scope, DECIDE, "resident__division"), state=state)
    page = Paginator(found.select_related("resident__division__parent").order_by(*order), PAGE_ROWS).get_page(number)
    shown = list(page.object_list)
    names = _names([one.point_id for one in shown])
    _read(scope, [one.resident_id for one in shown], {"list": "disputes"})
    rows = [DisputeRow(one, names.get(one.point_id, ""), _is_late(one)) for one in shown]
    page.object_list = rows  # type: ignore[assignment]
    return page  # type: ignore[return-value]


def open_disputes(scope: Scope) -> int:
    """How many wait in the jurisdiction."""
    return Dispute.objects.filter(within(scope, DECIDE, "resident__division"), state=State.OPEN).count()


def dispute_of(scope: Scope, dispute_id: int) -> Dispute:
    """A dispute of the jurisdiction. Raises NotFound."""
    found = Dispute.objects.filter(within(scope, DECIDE, "resident__division"), pk=dispute_id)
    one = found.select_related("resident__division__parent").first()
    if one is None:
        raise NotFound
    return one


def dispute_sheet(scope: Scope, dispute_id: int) -> DisputeSheet:
    """Everything to decide by. Audited."""
    one = dispute_of(scope, dispute_id)
    _read(scope, [one.resident_id], {"dispute": dispute_id})
    ref = VisitRef(one.point_id, one.scanned_at, one.device_id, one.sequence)
    around = visits_around(scope, one.resident_id, one.scanned_at - AROUND, one.scanned_at + AROUND)
    point = _names([one.point_id]).get(one.point_id, "")
    said = [
        opened(field, bytes(sealed)) if sealed else ""
        for field, sealed in ((TEXT, one.text_sealed), (NOTE, one.note_sealed))
    ]
    return DisputeSheet(one, said[0], said[1], point, visit_facts(scope, ref), around)


def disputes_of(scope: Scope, resident_ids: Sequence[int], since: datetime) -> dict[VisitRef, State]:
    """The standing disputes of somebody's visits since then, to mark them by. The caller has checked whose they are."""
    scope.require(Permission.VISITS_DISPUTE_WRITE)
    found = Dispute.objects.filter(resident_id__in=resident_ids, scanned_at__gte=since).order_by("id")
    return {VisitRef(one.point_id, one.scanned_at, one.device_id, one.sequence): State(one.state) for one in found}


def _is_late(one: Dispute) -> bool:
    return one.state == State.OPEN and one.due_on < today()


def _names(point_ids: Sequence[int]) -> dict[int, str]:
    return dict(ScanPoint.objects.filter(pk__in=point_ids).values_list("pk", "name"))


def _read(scope: Scope, resident_ids: Sequence[int], detail: dict[str, object]) -> None:
    record_many(scope, "visits:dispute:read", [("resident", one) for one in resident_ids], Purpose.CORRECTION, detail)
