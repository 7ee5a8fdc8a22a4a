"""Moves the scans of a device whose clock was wrong."""

from django.db import connection, transaction

from ksdb.audit.actions import record
from ksdb.core.clock import now
from ksdb.core.scope import Permission, Scope
from ksdb.postgres.named import sql
from ksdb.visits.models import Device, Retiming
from ksdb.visits.queries.retiming import asked_of, device_to_retime, effect_of
from ksdb.visits.retiming import RETIMED, Effect, NothingToRetime, Retimed, RetimingStale, RetimingUnfit, Wrong

WRITE = Permission.VISITS_POINT_WRITE


def require_fit(effect: Effect) -> None:
    """Raises NothingToRetime, RetimingUnfit."""
    if not effect.count:
        raise NothingToRetime
    if effect.lost_days or effect.last_at is None or effect.last_at > now():
        raise RetimingUnfit


@transaction.atomic
def retime(scope: Scope, wrong: Wrong, seen: int, why: str) -> Retiming:
    """Moves the visits of the span and takes the refused scans in; the time that stood in the log stays beside each.

    `seen` is how many the actor was shown. Rooms above hear of it. Raises NotFound, NothingToRetime, RetimingStale,
    RetimingUnfit.
    """
    device_to_retime(scope, wrong.point_id, wrong.device_id)
    Device.objects.select_for_update().get(pk=wrong.device_id)
    effect = effect_of(scope, wrong)
    require_fit(effect)
    if effect.count != seen:
        raise RetimingStale
    residents = _moved(scope, wrong)
    made = Retiming.objects.create(
        device_id=wrong.device_id,
        since=wrong.since,
        until=wrong.until,
        offset_seconds=round(wrong.by.total_seconds()),
        visit_count=effect.visits,
        accepted_count=effect.accepted,
        why=why,
        made_at=now(),
        made_by_id=scope.actor_id,
    )
    detail = {"retiming": made.pk, "visits": effect.visits, "accepted": effect.accepted, "seconds": made.offset_seconds}
    record(scope, "visits:device:retime", ("device", wrong.device_id), detail=detail)
    since, until = min(wrong.since, wrong.since + wrong.by), max(wrong.until, wrong.until + wrong.by)
    for hear in RETIMED:
        hear(scope, Retimed(wrong.point_id, since, until, sorted(residents)))
    return made


def _moved(scope: Scope, wrong: Wrong) -> set[int]:
    """Whose visits these are; all is moved once this returns."""
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.visits", "retime_scans"), asked_of(scope, wrong))
        return {one for (one,) in cursor.fetchall() if one is not None}
