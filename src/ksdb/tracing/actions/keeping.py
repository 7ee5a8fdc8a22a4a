"""Closing cases, and forgetting them when their time is over."""

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import DurationField, ExpressionWrapper, F

from ksdb.audit.actions import record
from ksdb.core.clock import now
from ksdb.core.errors import NotAllowed
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.places.queries import covers
from ksdb.postgres.named import sql
from ksdb.tracing.actions import require_none_open
from ksdb.tracing.models import CaseRecord, Contact, CoPresence, ReportedCase, Trace
from ksdb.tracing.queries import case

WRITE = Permission.TRACING_CASE_WRITE


@transaction.atomic
def close_case(scope: Scope, case_id: int) -> CaseRecord:
    """Ends the hold: from now on the days count until the case is forgotten. A closed case stays as it was."""
    return _set_closed(scope, case_id, now(), "tracing:case:close")


@transaction.atomic
def reopen_case(scope: Scope, case_id: int) -> CaseRecord:
    """Holds a closed case again. Raises CaseOpenAlready where the person has another one of the profile by now."""
    closed = case(scope, case_id)
    if closed.closed_at:
        require_none_open(scope, closed.resident_id, closed.profile.code)
    return _set_closed(scope, case_id, None, "tracing:case:reopen")


def _set_closed(scope: Scope, case_id: int, at: datetime | None, action: str) -> CaseRecord:
    changed = case(scope, case_id)
    if not covers(scope, WRITE, changed.resident.division_id):
        raise NotAllowed
    if bool(changed.closed_at) != bool(at):
        changed.closed_at, changed.closed_by_id = at, scope.actor_id if at else None
        changed.save(update_fields=["closed_at", "closed_by_id"])
        record(scope, action, ("resident", changed.resident_id), Purpose.CASE_TRACING, {"case": case_id})
    return changed


def forget_cases(scope: Scope) -> list[int]:
    """Deletes closed cases past the days of their profile, with traces, contacts and co-presences; returns which.

    Each in a transaction of its own, with what it held in the trail. An open case is held, however old.
    """
    scope.require(WRITE)
    kept = ExpressionWrapper(F("profile__keep_days") * timedelta(days=1), output_field=DurationField())
    over = CaseRecord.objects.filter(closed_at__lte=now() - kept).order_by("pk")
    forgotten = [case_id for case_id in over.values_list("pk", flat=True) if _forget(scope, case_id)]
    gone = ReportedCase.objects.filter(case=None, reported_at__lte=now() - kept).delete()[0]
    if gone:
        record(scope, "tracing:report:forget", detail={"count": gone})
    return forgotten


@transaction.atomic
def _forget(scope: Scope, case_id: int) -> bool:
    """False when somebody opened the case again meanwhile."""
    one = CaseRecord.objects.select_for_update().filter(pk=case_id).exclude(closed_at=None).first()
    if one is None:
        return False
    record(scope, "tracing:case:forget", ("case", case_id), detail=_proof(case_id))
    ReportedCase.objects.filter(case=case_id).delete()
    CoPresence.objects.filter(contact__trace__case=case_id).delete()
    Contact.objects.filter(trace__case=case_id).delete()
    Trace.objects.filter(case=case_id).delete()
    one.delete()
    return True


def _proof(case_id: int) -> dict[str, object]:
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.tracing", "case_proof"), {"case": case_id})
        traces, contacts, met, first_at, last_at, keys_sha256 = cursor.fetchone()
    return {
        "traces": traces,
        "contacts": contacts,
        "co_presences": met,
        "first_at": first_at and first_at.isoformat(),
        "last_at": last_at and last_at.isoformat(),
        "keys_sha256": keys_sha256,
    }
