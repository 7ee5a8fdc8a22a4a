"""Writes of devices, and the keeping of the day partitions."""

import hashlib
import secrets
from datetime import date, timedelta

from django.db import connection

from ksdb.audit.actions import record
from ksdb.config import settings
from ksdb.core.clock import now, today
from ksdb.core.errors import NotFound
from ksdb.core.scope import Permission, Scope
from ksdb.places.queries import covers, points_in
from ksdb.visits.models import Device

DAYS_AHEAD = 7
"""Partitions made before they are needed, so that a job that fails for a week costs nothing."""


def enrol_device(scope: Scope, point_id: int, name: str) -> tuple[Device, str]:
    """A new device at the point, and its token, which is shown this once and kept as a hash only."""
    scope.require(Permission.VISITS_DEVICE_ENROL)
    if not points_in(scope).filter(pk=point_id).exists():
        raise NotFound
    token = secrets.token_urlsafe(32)
    device = Device.objects.create(
        point_id=point_id, name=name, token_sha256=hashlib.sha256(token.encode()).digest(), enrolled_at=now()
    )
    record(scope, Permission.VISITS_DEVICE_ENROL, subject=("device", device.pk), detail={"point": point_id})
    return device, token


def revoke_device(scope: Scope, device_id: int) -> None:
    """The device's token is refused from the moment the gateways hear of it."""
    device = Device.objects.select_related("point").filter(pk=device_id, revoked_at=None).first()
    if device is None or not covers(scope, Permission.VISITS_DEVICE_ENROL, device.point.division_id):
        raise NotFound
    device.revoked_at = now()
    device.save(update_fields=["revoked_at"])
    record(scope, "visits:device:revoke", subject=("device", device_id))


def ensure_partitions(scope: Scope, first_on: date, last_on: date) -> int:
    """Makes the day partitions that are missing; returns how many."""
    scope.require(Permission.VISITS_POINT_WRITE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT ensure_partitions(%s, %s)", [first_on, last_on])
        return int(cursor.fetchone()[0])


def keep_partitions(scope: Scope) -> list[str]:
    """Makes the partitions of the retention and the days ahead, drops those past it; returns the names dropped."""
    first_kept = today() - timedelta(days=settings().retention_days)
    ensure_partitions(scope, first_kept, today() + timedelta(days=DAYS_AHEAD))
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM drop_partitions_before(%s)", [first_kept])
        dropped = [name for (name,) in cursor.fetchall()]
    if dropped:
        record(scope, "visits:day:drop", detail={"partitions": dropped})
    return dropped
