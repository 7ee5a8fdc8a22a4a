"""Reads of devices and of the visit log as staff see it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from ksdb.audit.erasing import files_before, written_at
from ksdb.cards.queries.printing import prints_dir
from ksdb.config import settings
from ksdb.core.clock import day_bounds, day_of, now, today
from ksdb.core.decision import Flag, ForeignKind, Mark, ScanResult
from ksdb.core.errors import NotFound
from ksdb.core.names import sort_key
from ksdb.core.scope import Permission, Scope
from ksdb.places.models import Division, ScanPoint
from ksdb.places.queries import divisions_on, inside, points_in, within
from ksdb.postgres.named import sql
from ksdb.registry.queries import imports_dir
from ksdb.visits.keeping import KEPT, DayKept, Kept, is_held
from ksdb.visits.models import Dispute, PointOwner
from ksdb.visits.queries.finding import PointState, Wanted, points_wanted
from ksdb.web.exporting import EXPORT_LIFE, exports_dir

__all__ = ["PointState", "Wanted"]

SHORTEST_SILENCE_SECONDS = 2 * 3600


@dataclass(frozen=True)
class PointActivity:
    """A scan point, how many devices serve it, what they sent today, and when one was last heard."""

    point: ScanPoint
    devices: int
    visits_today: int
    refusals_today: int
    seen_at: datetime | None


def points_with_activity(scope: Scope, wanted: Wanted, start: int, count: int) -> tuple[list[PointActivity], int]:
    """A page of those scan points of the jurisdiction, by name, and how many there are in all. Three queries."""
    scope.require(Permission.VISITS_POINT_READ)
    points = points_wanted(scope, wanted)
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
    disputes = Kept(gettext("Disputes of visits"), gettext("with the day of the visit"), Dispute.objects.count(), None)
    return [*(one for told in KEPT for one in told(scope)), disputes, *files]


def _files(what: str, rule: str, folder: Path, life: timedelta) -> Kept:
    files = files_before(folder, now())
    return Kept(what, rule, len(files), day_of(written_at(files[0]) + life) if files else None)


@dataclass(frozen=True)
class ForeignCount:
    """Of one kind of other systems' codes: how many scans are kept, and how many found their resident."""

    kind: ForeignKind
    scans: int
    matched: int


def foreign_counts(scope: Scope) -> list[ForeignCount]:
    """For each kind that occurs."""
    scope.require(Permission.VISITS_DAY_READ)
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.visits", "foreign_counts"))
        return [ForeignCount(ForeignKind(kind), scans, matched) for kind, scans, matched in cursor.fetchall()]


@dataclass(frozen=True)
class DeviceRow:
    """A device as its owner sees it. A hole is a number, or a range of them, that has not arrived."""

    id: int
    name: str
    is_register: bool
    enrolled_at: datetime
    revoked_at: datetime | None
    seen_at: datetime | None
    told_at: datetime | None
    app_version: str | None
    battery_percent: int | None
    waiting_count: int | None
    scanned_count: int | None
    clock_ahead_ms: int | None
    stored_count: int
    span_count: int
    missing_count: int
    holes: list[str]
    copied_count: int

    @property
    def scanned(self) -> int:
        """How many it scanned: as it says, or at least as many as numbers lie from the first to the last that came."""
        return (
            self.stored_count if self.is_register else max(self.scanned_count or 0, self.span_count, self.stored_count)
        )

    @property
    def is_whole(self) -> bool:
        return self.stored_count >= self.scanned

    @property
    def outstanding(self) -> int:
        """Scans that are known to be made and are not here; of a device out of service none comes any more."""
        return 0 if self.revoked_at else max(self.scanned - self.stored_count, 0)

    @property
    def clock_off_minutes(self) -> int:
        """How far its clock is off, either way; nothing below two minutes, which nobody needs to act on."""
        off = abs(self.clock_ahead_ms or 0)
        return round(off / 60_000) if off >= 120_000 else 0

    @property
    def is_slow(self) -> bool:
        return (self.clock_ahead_ms or 0) < 0


@dataclass(frozen=True)
class SilentPoint:
    """A point from which nothing came for a while: devices in service, its last scan, when a device last spoke.

    `open_seconds` is how long it was open since; the last sixteen days are looked at.
    """

    point: ScanPoint
    devices: int
    scanned_at: datetime | None
    told_at: datetime | None
    open_seconds: int

    @property
    def open_hours(self) -> int:
        return self.open_seconds // 3600


@dataclass(frozen=True)
class Silence:
    """Of how long one asks: so many days of a point's own opening hours, or, with `days` 0, two hours of them."""

    days: int
    type_code: str = ""
    division_id: int | None = None


def points_of(scope: Scope) -> QuerySet[ScanPoint]:
    """Points whose devices the actor manages: his own, and with the right to write points all of the jurisdiction."""
    condition = within(scope, Permission.VISITS_DEVICE_ENROL)
    if not scope.is_system and not scope.allows(Permission.VISITS_POINT_WRITE):
        condition &= _owned(scope)
    elif not scope.is_system:
        condition &= _owned(scope) | within(scope, Permission.VISITS_POINT_WRITE)
    return ScanPoint.objects.filter(condition).select_related("type", "division").order_by("name", "id")


def _owned(scope: Scope) -> Q:
    return Q(pk__in=PointOwner.objects.filter(account_id=scope.actor_id).values("point_id"))


def own_points(scope: Scope) -> list[PointActivity]:
    """The points the actor owns, with what they sent today. Two queries."""
    points = list(points_of(scope).filter(_owned(scope)))
    activity = _activity([point.pk for point in points])
    return [PointActivity(point, *activity.get(point.pk, (0, 0, 0, None))) for point in points]


def point_of(scope: Scope, point_id: int) -> ScanPoint:
    """One of them. Raises NotFound for any other, whether it exists or not."""
    found = points_of(scope).filter(pk=point_id).first()
    if found is None:
        raise NotFound
    return found


def written_point(scope: Scope, point_id: int) -> ScanPoint:
    """A point that the actor may correct and close. Raises NotFound for any other, an owner's own too."""
    found = points_of(scope).filter(within(scope, Permission.VISITS_POINT_WRITE), pk=point_id).first()
    if found is None or not (scope.is_system or scope.allows(Permission.VISITS_POINT_WRITE)):
        raise NotFound
    return found


def devices_of(scope: Scope, point_id: int) -> list[DeviceRow]:
    """The devices of a point that the actor manages, those in service first."""
    point = point_of(scope, point_id)
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.visits", "devices_of_point"), {"point": point.pk})
        return [DeviceRow(*row) for row in cursor.fetchall()]


def results_today(scope: Scope, point_id: int) -> list[tuple[ScanResult, int]]:
    """How many scans of today came to which result at a point that the actor manages."""
    since, until = day_bounds(today())
    asked: dict[str, Any] = {"point": point_of(scope, point_id).pk, "since": since, "until": until}
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.visits", "results_of_point"), asked)
        return [(ScanResult(result), count) for result, count in cursor.fetchall()]


def marks_today(scope: Scope, point_id: int) -> list[tuple[Mark, int]]:
    """How many visits of today came about in which way, at a point that the actor manages."""
    since, until = day_bounds(today())
    asked: dict[str, Any] = {"point": point_of(scope, point_id).pk, "since": since, "until": until}
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.visits", "marks_of_point"), asked | {"marks": [int(mark) for mark in Mark]})
        return [(Mark(mark), count) for mark, count in cursor.fetchall()]


def odd_visits(scope: Scope, point_id: int, since: datetime) -> dict[Flag, int]:
    """How many visits since then carry which flag, at a point that the actor manages."""
    asked: dict[str, Any] = {"points": [point_of(scope, point_id).pk], "since": since}
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.visits", "flags_of_points"), asked)
        return {Flag(flag): count for _point, flag, count in cursor.fetchall()}


def communes_of_points(scope: Scope) -> list[Division]:
    """The communes of today in which the actor sees points, by name: to choose one of."""
    seen = divisions_on(scope, today()).filter(within(scope, Permission.VISITS_POINT_READ, "pk"))
    return sorted(seen.filter(kind=Division.Kind.COMMUNE), key=lambda one: sort_key(one.name))


def silent_points(scope: Scope, asked_for: Silence) -> list[SilentPoint]:
    """Points of the jurisdiction that were open for so long and sent nothing, longest silence first."""
    found = points_in(scope).filter(closed_at=None)
    found = found.filter(type_id=asked_for.type_code) if asked_for.type_code else found
    found = found.filter(**inside(asked_for.division_id)) if asked_for.division_id else found
    points = {point.pk: point for point in found}
    seconds = None if asked_for.days else SHORTEST_SILENCE_SECONDS
    asked: dict[str, Any] = {"points": list(points), "now": now(), "days": asked_for.days, "seconds": seconds}
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.visits", "silent_points"), asked)
        return [SilentPoint(points[point_id], *rest) for point_id, *rest in cursor.fetchall()]


def flags_at(scope: Scope, point_ids: list[int], since: datetime) -> dict[int, dict[Flag, int]]:
    """How many visits since then carry which flag, for those of the points that lie in the jurisdiction."""
    seen = set(points_in(scope).filter(pk__in=point_ids).values_list("pk", flat=True))
    found: dict[int, dict[Flag, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.visits", "flags_of_points"), {"points": sorted(seen), "since": since})
        for point_id, flag, count in cursor.fetchall():
            found.setdefault(point_id, {})[Flag(flag)] = count
    return found
