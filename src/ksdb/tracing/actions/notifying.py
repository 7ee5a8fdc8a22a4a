"""Tells the contacts of a trace that they met somebody ill: what kind of place, which day, never who."""

from dataclasses import dataclass

from django.db import connection, transaction

from ksdb.audit.actions import record
from ksdb.core.clock import day_of
from ksdb.core.errors import NotAllowed
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.notices.actions import make_notices
from ksdb.notices.kinds import Kind
from ksdb.notices.models import Notice
from ksdb.notices.queries import Count, count_told
from ksdb.places.queries import covers
from ksdb.postgres.named import sql
from ksdb.tracing.actions import CaseClosed
from ksdb.tracing.models import Trace
from ksdb.tracing.queries import trace

WRITE = Permission.TRACING_CASE_WRITE


@dataclass(frozen=True)
class Telling:
    """How many contacts of a trace have not been told of this case, and how those stand who have."""

    trace: Trace
    new: int
    told: Count


def telling_of(scope: Scope, trace_id: int) -> Telling:
    """Numbers alone: whom it concerns, the trace says."""
    found = _traced(scope, trace_id)
    return Telling(found, len(_not_told(found)), count_told(scope, Kind.EXPOSURE, _key(found)))


@transaction.atomic
def tell_contacts(scope: Scope, trace_id: int) -> int:
    """The contacts of the first generation are told, wherever they live; how many had not been before.

    Once of one case, however often it is traced again. The place is left out where the point is sensitive.
    """
    found = _traced(scope, trace_id)
    if found.case.closed_at:
        raise CaseClosed
    facts = _not_told(found)
    told = make_notices(scope, Kind.EXPOSURE, _key(found), facts)
    detail = {"case": found.case_id, "trace": trace_id, "told": told}
    record(scope, "tracing:contact:tell", ("resident", found.case.resident_id), Purpose.CASE_TRACING, detail)
    return told


def _traced(scope: Scope, trace_id: int) -> Trace:
    found = trace(scope, trace_id)
    if not covers(scope, WRITE, found.case.resident.division_id):
        raise NotAllowed
    return found


def _key(found: Trace) -> str:
    return f"case:{found.case_id}"


def _not_told(found: Trace) -> dict[int, dict[str, object]]:
    """What each would be told, by resident."""
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.tracing", "longest_of_contacts"), {"trace": found.pk})
        rows = cursor.fetchall()
    known = Notice.objects.filter(kind=Kind.EXPOSURE, key=_key(found)).values_list("resident_id", flat=True)
    told = set(known)
    return {
        resident_id: {"type": "" if is_sensitive else kind, "on": day_of(started_at).isoformat()}
        for resident_id, kind, is_sensitive, started_at in rows
        if resident_id not in told
    }
