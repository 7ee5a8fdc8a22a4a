"""Reads about a trace as a whole: its places, and what it cannot see."""

from dataclasses import dataclass, replace
from typing import Any

from django.db import connection

from ksdb.core.scope import Scope
from ksdb.places.models import ScanPoint
from ksdb.postgres.named import sql
from ksdb.tracing.models import Trace
from ksdb.tracing.queries import trace


@dataclass(frozen=True)
class TracePlace:
    """A point of a trace: where it is, contacts and minutes there, and how often the case stayed."""

    point_id: int
    name: str
    commune: str
    latitude: float | None
    longitude: float | None
    contacts: int
    minutes: int
    stays: int
    is_sensitive: bool = False


@dataclass(frozen=True)
class Missing:
    """What a trace cannot see: points of the communes where the case was, devices there, and how much is inferred."""

    points: int
    silent_points: int
    devices: int
    holding_devices: int
    held_scans: int
    contacts: int
    inferred: int
    lost_days: int


def places_of(scope: Scope, trace_id: int) -> list[TracePlace]:
    """The points of a trace, those that are no secret and have most contacts first: they are numbered on a map."""
    found = trace(scope, trace_id)
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.tracing", "places_of_trace"), {"trace": found.pk})
        places = [TracePlace(*row) for row in cursor.fetchall()]
    points = ScanPoint.objects.filter(pk__in=[one.point_id for one in places], is_sensitive=True)
    sensitive = set(points.values_list("pk", flat=True))
    marked = [replace(one, is_sensitive=one.point_id in sensitive) for one in places]
    return sorted(marked, key=lambda one: one.is_sensitive)


def missing_from(scope: Scope, trace_id: int) -> Missing:
    """What the trace cannot see, as points and devices are now."""
    found: Trace = trace(scope, trace_id)
    asked: dict[str, Any] = {"trace": found.pk, "since": found.infectious_from, "until": found.infectious_until}
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.tracing", "what_is_missing"), asked)
        points, silent, devices, holding, held = cursor.fetchone()
    inferred = found.contacts.filter(is_observed=False).count()
    return Missing(points, silent, devices, holding, held, found.contact_count, inferred, found.lost_days)
