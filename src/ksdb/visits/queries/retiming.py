"""Reads before a device's scans are moved in time: what it would do, and what was moved before."""

from typing import Any, Final

from django.db import connection

from ksdb.core.decision import CardStatus, ScanResult
from ksdb.core.errors import NotFound
from ksdb.core.scope import Permission, Scope
from ksdb.places.models import ScanPoint
from ksdb.places.queries import covers
from ksdb.postgres.named import sql
from ksdb.visits.models import Device, Retiming
from ksdb.visits.retiming import Effect, Wrong

WRITE = Permission.VISITS_POINT_WRITE
BAD: Final = [int(one) for one in (CardStatus.SUSPENDED, CardStatus.REVOKED, CardStatus.EXPIRED)]
"""A card in such a state is refused whenever it is shown."""


def device_to_retime(scope: Scope, point_id: int, device_id: int) -> Device:
    """A device, in service or not, at a point where the actor may write points; its owner may not. Raises NotFound."""
    found = Device.objects.filter(pk=device_id, point=point_id).select_related("point").first()
    if found is None or not covers(scope, WRITE, ScanPoint.objects.get(pk=point_id).division_id):
        raise NotFound
    return found


def effect_of(scope: Scope, wrong: Wrong) -> Effect:
    """What moving the scans would do. Raises NotFound."""
    device_to_retime(scope, wrong.point_id, wrong.device_id)
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.visits", "retiming_preview"), asked_of(scope, wrong))
        return Effect(*cursor.fetchone())


def retimings_of(scope: Scope, point_id: int, device_id: int) -> list[Retiming]:
    """What was moved of this device, the latest first."""
    return list(device_to_retime(scope, point_id, device_id).retimings.order_by("-id"))


def asked_of(scope: Scope, wrong: Wrong) -> dict[str, Any]:
    """The parameters that name these scans to SQL."""
    scope.require(WRITE)
    named = {"point": wrong.point_id, "device": wrong.device_id, "since": wrong.since, "until": wrong.until}
    return {**named, "by": wrong.by, "bad": BAD, "future": int(ScanResult.FROM_FUTURE)}
