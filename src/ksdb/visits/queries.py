"""Reads of devices and of the visit log as staff see it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.db import connection
from django.utils.translation import gettext

from ksdb.audit.erasing import files_before, written_at
from ksdb.cards.queries.printing import prints_dir
from ksdb.config import settings
from ksdb.core.clock import day_bounds, day_of, now, today
from ksdb.core.decision import Flag
from ksdb.core.scope import Permission, Scope
from ksdb.places.models import ScanPoint
from ksdb.places.queries import points_in
from ksdb.postgres.named import sql
from ksdb.registry.queries import imports_dir
from ksdb.visits.keeping import KEPT, DayKept, Kept, is_held
from ksdb.web.exporting import EXPORT_LIFE, exports_dir


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


def days_kept(scope: Scope) -> list[DayKept]:
    """The days of the log until today, oldest first, each with the night in which it goes. From the catalogue alone."""
    scope.require(Permission.VISITS_DAY_READ)
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.visits", "day_counts"), {"today": today()})
        rows = cursor.fetchall()
    kept = timedelta(days=settings().retention_days + 1)
    return [DayKept(on, visits or 0, refusals or 0, on + kept, is_held(scope, on)) for on, visits, refusals in rows]


def other_data(scope: Scope) -> list[Kept]:
    """What is kept beside the visits: what the rooms above say, and the files of this machine."""
    scope.require(Permission.VISITS_DAY_READ)
    days = timedelta(days=settings().file_days)
    rule = gettext("%(days)s days after the file was written") % {"days": settings().file_days}
    files = [
        _files(gettext("Uploaded lists and correction files"), rule, imports_dir(), days),
        _files(gettext("Printed sheets of cards"), rule, prints_dir(), days),
        _files(gettext("Files taken out"), gettext("24 hours after the file was written"), exports_dir(), EXPORT_LIFE),
    ]
    return [one for told in KEPT for one in told(scope)] + files


def _files(what: str, rule: str, folder: Path, life: timedelta) -> Kept:
    files = files_before(folder, now())
    return Kept(what, rule, len(files), day_of(written_at(files[0]) + life) if files else None)


def flags_at(scope: Scope, point_ids: list[int], since: datetime) -> dict[int, dict[Flag, int]]:
    """How many visits since then carry which flag, for those of the points that lie in the jurisdiction."""
    seen = set(points_in(scope).filter(pk__in=point_ids).values_list("pk", flat=True))
    found: dict[int, dict[Flag, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.visits", "flags_of_points"), {"points": sorted(seen), "since": since})
        for point_id, flag, count in cursor.fetchall():
            found.setdefault(point_id, {})[Flag(flag)] = count
    return found
