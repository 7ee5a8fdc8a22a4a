"""Writes of scan points after their approval: how they work, what is said of them, and that they are closed."""

from dataclasses import asdict, dataclass
from datetime import time

from django.db import transaction

from ksdb.audit.actions import record
from ksdb.core.clock import now
from ksdb.core.names import search_key
from ksdb.core.scope import Permission, Scope
from ksdb.places.models import ScanPoint
from ksdb.visits.queries import point_of, points_of, written_point


@dataclass(frozen=True)
class Ways:
    """How a point works, as its owner says: when it is open, how many people it holds, how many scan side by side,
    whether exits count, and where it lies."""

    opens_at: time
    closes_at: time
    capacity: int | None
    lanes: int
    is_exit_scanned: bool
    latitude: float | None
    longitude: float | None


@dataclass(frozen=True)
class PointFacts:
    """What the ward says of a point."""

    name: str
    type_id: str
    address: str
    is_sensitive: bool


def change_ways(scope: Scope, point_id: int, ways: Ways) -> None:
    """The devices hear of it when they next ask."""
    found = points_of(scope).filter(pk=point_of(scope, point_id).pk)
    ScanPoint.objects.filter(pk__in=found).update(**asdict(ways))
    record(scope, "visits:point:change", subject=("point", point_id))


def correct_point(scope: Scope, point_id: int, facts: PointFacts) -> None:
    """What an owner may not change himself: the ward approved it."""
    found = written_point(scope, point_id)
    ScanPoint.objects.filter(pk=found.pk).update(search_name=search_key(facts.name), **asdict(facts))
    record(scope, Permission.VISITS_POINT_WRITE, subject=("point", point_id))


@transaction.atomic
def close_point(scope: Scope, point_id: int) -> None:
    """Its devices and codes end at once; its visits stay as long as all others, and traces find them."""
    point = written_point(scope, point_id)
    ScanPoint.objects.filter(pk=point.pk, closed_at=None).update(closed_at=now())
    devices = point.devices.filter(revoked_at=None).update(revoked_at=now())
    point.enrol_codes.filter(used_at=None).delete()
    record(scope, "visits:point:close", subject=("point", point_id), detail={"devices": devices})


def reopen_point(scope: Scope, point_id: int) -> None:
    """Its devices have to be let in anew."""
    point = written_point(scope, point_id)
    ScanPoint.objects.filter(pk=point.pk).update(closed_at=None)
    record(scope, "visits:point:reopen", subject=("point", point_id))
