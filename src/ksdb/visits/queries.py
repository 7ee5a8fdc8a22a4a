"""Reads of devices and of the visit log as staff see it."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from ksdb.core.clock import day_bounds, today
from ksdb.core.scope import Permission, Scope
from ksdb.places.models import ScanPoint
from ksdb.places.queries import points_in
from ksdb.postgres.named import sql


@dataclass(frozen=True)
class PointActivity:
    """A scan point, how many devices serve it, what they sent today, and when one was last heard."""

    point: ScanPoint
    devices: int
    visits_today: int
    refusals_today: int
    seen_at: datetime | None


def points_with_activity(scope: Scope, start: int, count: int) -> tuple[list[PointActivity], int]:
    """A page of the scan points of the jurisdiction, by name, and how many there are in all. Two queries."""
    scope.require(Permission.VISITS_POINT_READ)
    points = points_in(scope)
    page = list(points[start : start + count])
    activity = _activity([point.pk for point in page])
    nothing = (0, 0, 0, None)
    return [PointActivity(point, *activity.get(point.pk, nothing)) for point in page], points.count()


def _activity(point_ids: list[int]) -> dict[int, tuple[int, int, int, datetime | None]]:
    since, until = day_bounds(today())
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.visits", "activity_of_points"), {"points": point_ids, "since": since, "until": until})
        return {point_id: tuple(rest) for point_id, *rest in cursor.fetchall()}
