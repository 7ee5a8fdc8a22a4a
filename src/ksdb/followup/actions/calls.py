"""Writes about one contact: what a call came to, how the person is on a day, who goes on with it, how it ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce

from ksdb.access.sealing import sealer
from ksdb.audit.actions import record
from ksdb.core.clock import now, today
from ksdb.core.errors import NotFound
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.followup.faults import DayOutside, FollowUpClosed, OfficerUnknown, WardUnknown
from ksdb.followup.models import DayEntry, Event, FollowUp
from ksdb.followup.queries import WRITE, first_day, follow_up, officers_for, wards_to_assign
from ksdb.followup.states import FAILED, NOTE, REACHED, EventKind, Outcome, Reason, Status, Symptom
from ksdb.tracing.actions import open_case
from ksdb.tracing.actions.correcting import note_infector
from ksdb.tracing.models import CaseRecord
from ksdb.tracing.period import CaseFacts


@dataclass(frozen=True)
class Call:
    """What a call or a visit came to; `note` is in one's own words, and sealed."""

    status: Status
    reason: Reason
    note: str = ""


@dataclass(frozen=True)
class Told:
    """How a person is on a day; nobody answered when `is_answered` is false. Tenths of a degree Celsius."""

    on: date
    is_answered: bool = True
    temperature: int | None = None
    symptoms: Sequence[Symptom] = ()


@transaction.atomic
def note_call(scope: Scope, follow_up_id: int, call: Call) -> FollowUp:
    """A call or a visit, with what it came to. Who was not reached stays on today's list. Raises FollowUpClosed."""
    one = _open(scope, follow_up_id)
    at = now()
    one.status, one.tried_at, one.first_called_at = call.status, at, one.first_called_at or at
    one.is_positive = one.is_positive or call.reason == Reason.POSITIVE
    if call.status in REACHED and call.reason not in FAILED:
        one.reached_at = one.reached_at or at
        one.next_on = today() + timedelta(days=1)
    elif call.status == Status.NOT_FOUND:
        one.next_on = today() + timedelta(days=1)
    one.save()
    _tell(scope, one, EventKind.CALL, call.reason, call.note)
    return one


@transaction.atomic
def note_day(scope: Scope, follow_up_id: int, told: Told) -> DayEntry:
    """An entry for a day since the exposure; of a day the latest counts. Raises FollowUpClosed, DayOutside."""
    one = _open(scope, follow_up_id)
    if not first_day(one, list(one.sources.all())) <= told.on <= today():
        raise DayOutside
    at = now()
    entry = DayEntry.objects.create(
        follow_up=one,
        on=told.on,
        is_answered=told.is_answered,
        temperature=told.temperature if told.is_answered else None,
        symptoms=" ".join(told.symptoms) if told.is_answered else "",
        at=at,
        by_id=scope.actor_id,
    )
    one.tried_at, one.first_called_at = at, one.first_called_at or at
    if told.is_answered:
        one.reached_at = one.reached_at or at
        one.status = Status.REACHED if one.status in {Status.TO_CALL, Status.NOT_FOUND} else one.status
    if told.on == today():
        one.next_on = today() + timedelta(days=1)
    one.save()
    _record(scope, one, "followup:day:write", {"on": told.on.isoformat(), "answered": told.is_answered})
    return entry


@transaction.atomic
def assign(scope: Scope, follow_up_id: int, ward_id: int | None, officer_id: int | None) -> FollowUp:
    """Gives the contact to a commune, to an officer there, or to nobody in particular (None).

    Raises WardUnknown, OfficerUnknown, FollowUpClosed.
    """
    one = _open(scope, follow_up_id)
    if ward_id is not None and ward_id != one.ward_id:
        if ward_id not in {ward.pk for ward in wards_to_assign(scope)}:
            raise WardUnknown
        one.ward_id = one.division_id = ward_id
    if officer_id is not None and officer_id not in {each.pk for each in officers_for(scope, one.division_id)}:
        raise OfficerUnknown
    one.officer_id = officer_id
    one.save()
    _tell(scope, one, EventKind.ASSIGNED, None, "")
    return one


@transaction.atomic
def close(scope: Scope, follow_up_id: int, reason: Reason, note: str = "") -> FollowUp:
    """Ends a follow-up. Raises FollowUpClosed when it is."""
    one = _open(scope, follow_up_id)
    _end(one, Outcome.FINISHED if reason == Reason.FINISHED else Outcome.ENDED)
    _tell(scope, one, EventKind.CLOSED, reason, note)
    return one


@transaction.atomic
def reopen(scope: Scope, follow_up_id: int) -> FollowUp:
    """Goes on with a closed follow-up, today. Raises FollowUpClosed when another one of the person is open."""
    one = FollowUp.objects.select_for_update().get(pk=follow_up(scope, follow_up_id, WRITE).pk)
    if one.closed_at is None:
        return one
    others = FollowUp.objects.filter(resident=one.resident_id, closed_at=None)
    if one.outcome in {Outcome.BECAME_CASE, Outcome.JOINED} or others.exists():
        raise FollowUpClosed
    one.closed_at, one.outcome, one.next_on = None, "", today()
    one.status = Status.REACHED if one.reached_at else Status.TO_CALL
    one.save()
    _tell(scope, one, EventKind.REOPENED, None, "")
    return one


@transaction.atomic
def became_case(scope: Scope, follow_up_id: int, facts: CaseFacts) -> CaseRecord:
    """Opens a case of the contact, linked with every case the person is a contact of, and ends the follow-up.

    Where somebody has opened a case of the person meanwhile, that one is linked, and no second one opened.
    """
    scope.require(Permission.TRACING_CASE_WRITE)
    one = _open(scope, follow_up_id)
    person = one.resident.merged_into_id or one.resident_id
    found = CaseRecord.objects.filter(resident__in=[person, one.resident_id], closed_at=None).order_by("pk").first()
    opened = found or open_case(scope, person, facts)
    _become(scope, one, opened)
    return opened


def note_new_cases(scope: Scope) -> int:
    """Ends follow-ups of people of whom a case was opened elsewhere, as if it had been opened from here."""
    scope.require(Permission.TRACING_CASE_WRITE)
    later = {"closed_at": None, "opened_at__gte": OuterRef("opened_at")}
    own = CaseRecord.objects.filter(resident=OuterRef("resident"), **later)
    counting = CaseRecord.objects.filter(resident=OuterRef("resident__merged_into"), **later)
    ill = FollowUp.objects.filter(closed_at=None).annotate(
        case=Coalesce(Subquery(own.values("pk")[:1]), Subquery(counting.values("pk")[:1]))
    )
    pairs = list(ill.exclude(case=None).values_list("pk", "case"))
    for follow_up_id, case_id in pairs:
        with transaction.atomic():
            _become(scope, _open(scope, follow_up_id), CaseRecord.objects.get(pk=case_id))
    return len(pairs)


def _become(scope: Scope, one: FollowUp, opened: CaseRecord) -> None:
    sources = one.sources.filter(gone_by=None).exclude(case=opened)
    for source in sources:
        note_infector(scope, opened, source.case_id)
    one.became_case = opened
    _end(one, Outcome.BECAME_CASE)
    _tell(scope, one, EventKind.CLOSED, Reason.POSITIVE, "")


def _open(scope: Scope, follow_up_id: int) -> FollowUp:
    """The follow-up, locked: two officers who note at once do so one after the other."""
    found = follow_up(scope, follow_up_id, WRITE)
    one = FollowUp.objects.select_for_update(of=("self",)).select_related("resident").filter(pk=found.pk).first()
    if one is None:
        raise NotFound
    if one.closed_at is not None:
        raise FollowUpClosed
    return one


def _end(one: FollowUp, outcome: Outcome) -> None:
    one.status, one.closed_at, one.outcome = Status.CLOSED, now(), outcome
    one.save()


def _tell(scope: Scope, one: FollowUp, kind: EventKind, reason: Reason | None, note: str) -> None:
    """A line of the history, and one of the audit trail; what was written freely is in neither in clear."""
    Event.objects.create(
        follow_up=one,
        kind=kind,
        status=one.status,
        reason=reason or "",
        note_sealed=sealer().seal(NOTE, note) if note else None,
        at=now(),
        by_id=scope.actor_id,
    )
    detail: dict[str, object] = {"what": kind.value, "status": str(one.status)}
    if kind == EventKind.ASSIGNED:
        detail |= {"ward": one.ward_id, "officer": one.officer_id}
    _record(scope, one, WRITE, detail | ({"reason": reason.value} if reason else {}))


def _record(scope: Scope, one: FollowUp, action: str, detail: dict[str, object]) -> None:
    person = one.resident.merged_into_id or one.resident_id
    case = one.sources.filter(gone_by=None).order_by("-last_at").values_list("case", flat=True).first()
    record(scope, action, ("resident", person), Purpose.CASE_TRACING, detail | ({"case": case} if case else {}))
