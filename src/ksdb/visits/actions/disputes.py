"""Writes of disputes: raised, decided, gone with their day."""

from datetime import date, timedelta

from django.db import IntegrityError, transaction

from ksdb.access.sealing import sealer
from ksdb.audit.actions import record, record_deleted
from ksdb.core.clock import day_bounds, now, today
from ksdb.core.errors import NotFound
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.places.queries import covers
from ksdb.registry.models import Resident
from ksdb.visits.disputing import (
    ACCEPTED,
    ANSWER_DAYS,
    MOST_TEXT,
    NOTE,
    TEXT,
    AlreadyDisputed,
    Decided,
    DisputeDecided,
    OwnDispute,
    Raiser,
    Reason,
    State,
    VisitGone,
    VisitRef,
)
from ksdb.visits.models import Dispute
from ksdb.visits.queries.disputes import dispute_of, visit_facts

WRITE = Permission.VISITS_DISPUTE_WRITE


@transaction.atomic
def dispute_visit(scope: Scope, visit: VisitRef, reason: Reason, text: str = "", by: Raiser = Raiser.STAFF) -> Dispute:
    """A new dispute of a visit of somebody in the jurisdiction, to be answered within ANSWER_DAYS.

    Raises VisitGone, NotFound outside the jurisdiction, AlreadyDisputed. A resident's own is raised by the system.
    """
    facts = visit_facts(scope, visit)
    if facts is None or facts.resident_id is None:
        raise VisitGone
    division_id = Resident.objects.values_list("division_id", flat=True).get(pk=facts.resident_id)
    if not covers(scope, WRITE, division_id):
        raise NotFound
    raised = Dispute(
        point_id=visit.point_id,
        scanned_at=visit.scanned_at,
        device_id=visit.device_id,
        sequence=visit.sequence,
        resident_id=facts.resident_id,
        reason=reason,
        text_sealed=sealer().seal(TEXT, text[:MOST_TEXT]) if text else None,
        raised_as=by,
        raised_by_id=scope.actor_id,
        raised_at=now(),
        due_on=today() + timedelta(days=ANSWER_DAYS),
    )
    try:
        with transaction.atomic():
            raised.save()
    except IntegrityError as error:
        raise AlreadyDisputed from error
    detail = {"dispute": raised.pk, "reason": reason.value, "as": by.value}
    record(scope, WRITE, ("resident", facts.resident_id), Purpose.CORRECTION, detail)
    return raised


@transaction.atomic
def decide_dispute(scope: Scope, dispute_id: int, accepted: bool, note: str = "") -> Dispute:
    """Answers a dispute. Accepted, the visit counts no more in any trace, and rooms above hear of it; the log keeps it.

    Raises NotFound, DisputeDecided, and OwnDispute where the decider raised it.
    """
    dispute_of(scope, dispute_id)
    one = Dispute.objects.select_for_update().get(pk=dispute_id)
    if one.state != State.OPEN:
        raise DisputeDecided
    if one.raised_by_id is not None and one.raised_by_id == scope.actor_id:
        raise OwnDispute
    one.state = State.ACCEPTED if accepted else State.DECLINED
    one.note_sealed = sealer().seal(NOTE, note[:MOST_TEXT]) if note else None
    one.decided_by_id, one.decided_at = scope.actor_id, now()
    one.save(update_fields=["state", "note_sealed", "decided_by_id", "decided_at"])
    detail = {"dispute": one.pk, "accepted": accepted}
    record(scope, Permission.VISITS_DISPUTE_DECIDE, ("resident", one.resident_id), Purpose.CORRECTION, detail)
    if accepted:
        visit = VisitRef(one.point_id, one.scanned_at, one.device_id, one.sequence)
        for hear in ACCEPTED:
            hear(scope, Decided(visit, one.resident_id))
    return one


@transaction.atomic
def forget_disputes(scope: Scope, on: date) -> int:
    """Deletes the disputes of a day's visits, which go with it; how many."""
    scope.require(Permission.VISITS_DAY_DELETE)
    since, until = day_bounds(on)
    gone = Dispute.objects.filter(scanned_at__gte=since, scanned_at__lt=until).delete()[0]
    return record_deleted(scope, "visits:dispute:forget", gone, {"day": on.isoformat()})
