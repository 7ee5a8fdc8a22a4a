"""Traces that late scans, disputes or merges have touched: found, and run again."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Case, F, Max, Q, Value, When

from ksdb.audit.actions import record
from ksdb.core.clock import day_bounds, now, today
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.core.stay import LONGEST_STAY
from ksdb.places.queries import covers
from ksdb.postgres.named import sql
from ksdb.tracing.actions.running import CaseClosed, rerun_trace
from ksdb.tracing.models import RuleSet, Trace, TraceSeen, TraceWatermark
from ksdb.tracing.period import PeriodEmpty
from ksdb.tracing.queries import trace
from ksdb.visits.disputing import Decided
from ksdb.visits.retiming import Retimed

WRITE = Permission.TRACING_CASE_WRITE
SETTLED: Final = timedelta(seconds=60)
"""A scan may be stored so long after its arrival was noted; see visits.flagging."""
STRIDE: Final = timedelta(minutes=30)
MOST_AT_ONCE: Final = 20
"""Runs a minute; what is left waits for the next minute, the longest touched first."""


def find_touched(scope: Scope) -> int:
    """Marks the latest runs of open cases that arrivals and merges since the last look may change; how many."""
    scope.require(WRITE)
    settled, count = now() - SETTLED, _mark(_ids("touched_by_merges", {}), Trace.Stale.MERGE)
    while (more := _stride(settled)) is not None:
        count += more
    return count


def mark_days(scope: Scope) -> int:
    """Marks the latest runs of open cases to which days can be added: not isolated yet, or of two generations.

    With those days come late scans that the marking does not see: of strangers where a contact was.
    """
    scope.require(WRITE)
    latest = Trace.objects.filter(case__closed_at=None).order_by("case_id", "rule_set_id", "generations", "-id")
    goes_on = Q(generations__gt=1) | Q(infectious_until__gte=F("asked_until") - SETTLED)
    ids = latest.distinct("case_id", "rule_set_id", "generations").values_list("pk", flat=True)
    found = Trace.objects.filter(goes_on, pk__in=list(ids), asked_until__lt=day_bounds(today())[0])
    return _mark(list(found.values_list("pk", flat=True)), Trace.Stale.DAYS)


def touched_by_dispute(scope: Scope, decided: Decided) -> None:
    """Marks the runs that used a visit which counts no more. In the transaction of the decision."""
    scope.require(Permission.VISITS_DISPUTE_DECIDE)
    asked = {"resident": decided.resident_id, "at": decided.visit.scanned_at, "reach": LONGEST_STAY}
    _mark(_ids("touched_by_visit", asked), Trace.Stale.DISPUTE)


def rerun_touched(scope: Scope) -> int:
    """Runs again what is marked, each in its own transaction; returns how many runs were stored because they differ."""
    scope.require(WRITE)
    waiting = Trace.objects.exclude(stale_at=None).filter(case__closed_at=None).order_by("stale_at", "id")
    latest = [one for one in waiting.values_list("pk", flat=True) if not _is_repeated(one)]
    return sum(_is_stored(scope, one) for one in latest[:MOST_AT_ONCE])


@transaction.atomic
def see_changes(scope: Scope, trace_id: int) -> Trace:
    """The actor, who follows the case, has seen what a repeated run changed; others still have it before them."""
    one = trace(scope, trace_id)
    if scope.actor_id and covers(scope, WRITE, one.case.resident.division_id):
        is_new = TraceSeen.objects.get_or_create(trace=one, account_id=scope.actor_id, defaults={"at": now()})[1]
        if not is_new:
            return one
        detail = {"case": one.case_id, "trace": one.pk}
        record(scope, "tracing:trace:see", ("trace", one.pk), Purpose.CASE_TRACING, detail)
    return one


def _is_stored(scope: Scope, trace_id: int) -> bool:
    """Runs it again. What keeps one case from it keeps no other: an empty period, a case closed meanwhile."""
    try:
        return rerun_trace(scope, trace_id) is not None
    except (CaseClosed, PeriodEmpty):
        return False


def _is_repeated(trace_id: int) -> bool:
    """Whether a later run of the same case by the same rules stands in its place."""
    one = Trace.objects.get(pk=trace_id)
    later = Trace.objects.filter(case=one.case_id, rule_set=one.rule_set_id, generations=one.generations)
    return later.filter(pk__gt=trace_id).exists()


@transaction.atomic
def _stride(settled: datetime) -> int | None:
    """Looks at one stride of arrivals, or None when all before `settled` were looked at."""
    mark = TraceWatermark.objects.select_for_update().first() or TraceWatermark(received_until=settled - STRIDE)
    until = min(mark.received_until + STRIDE, settled)
    if until <= mark.received_until:
        return None
    asked = {"since": mark.received_until, "until": until, "reach": LONGEST_STAY, "window": _widest()}
    count = _mark(_ids("touched_by_arrivals", asked), Trace.Stale.LATE)
    mark.received_until = until
    mark.save()
    return count


def _widest() -> timedelta:
    """The longest time by which any rule lets a stay reach beyond its end."""
    widest = RuleSet.objects.aggregate(window=Max("window_minutes"), linger=Max("linger_minutes"))
    own = (minutes for by_type in RuleSet.objects.values_list("by_type", flat=True) for minutes in by_type.values())
    return timedelta(minutes=max(widest["window"] or 0, widest["linger"] or 0, *own))


def touched_by_retiming(scope: Scope, retimed: Retimed) -> None:
    """Marks the runs that visits were moved from or to. In the transaction of the moving."""
    scope.require(Permission.VISITS_POINT_WRITE)
    asked = {
        "point": retimed.point_id,
        "residents": list(retimed.residents),
        "since": retimed.since,
        "until": retimed.until,
        "reach": LONGEST_STAY,
    }
    _mark(_ids("touched_by_retiming", asked), Trace.Stale.CLOCK)


def _ids(name: str, asked: Mapping[str, Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.tracing", name), asked)
        return [one for (one,) in cursor.fetchall()]


def _mark(trace_ids: Sequence[int], why: Trace.Stale) -> int:
    """Why a run asks for more days is not forgotten when something touches its visits too."""
    asks_more = When(stale_at__isnull=False, stale_why__in=[Trace.Stale.CASE, Trace.Stale.DAYS], then=F("stale_why"))
    return Trace.objects.filter(pk__in=trace_ids).update(stale_at=now(), stale_why=Case(asks_more, default=Value(why)))
