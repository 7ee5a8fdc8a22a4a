"""Reads of divisions and scan points."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from ksdb.core.errors import NotFound
from ksdb.core.scope import Permission, Scope
from ksdb.places.models import Division, DivisionContainment, ScanPoint, ScanPointType


def eras(scope: Scope) -> list[date]:
    """The first day of each structure of the province, latest first."""
    scope.require(Permission.PLACES_DIVISION_READ)
    starts = Division.objects.filter(kind=Division.Kind.PROVINCE).order_by("-valid_from")
    return list(starts.values_list("valid_from", flat=True))


def divisions_on(scope: Scope, on: date) -> QuerySet[Division]:
    """All divisions of the structure that held on that day; the structure is public knowledge."""
    scope.require(Permission.PLACES_DIVISION_READ)
    return Division.objects.filter(Q(valid_to=None) | Q(valid_to__gt=on), valid_from__lte=on)


def division(scope: Scope, division_id: int) -> Division:
    scope.require(Permission.PLACES_DIVISION_READ)
    found = Division.objects.select_related("parent").filter(pk=division_id).first()
    if found is None:
        raise NotFound
    return found


def path_of(scope: Scope, division: Division) -> list[Division]:
    """The division and what it lies in, topmost first. One query a level, at most four."""
    scope.require(Permission.PLACES_DIVISION_READ)
    path = [division]
    while path[0].parent is not None:
        path.insert(0, path[0].parent)
    return path


def children_of(scope: Scope, division: Division) -> QuerySet[Division]:
    scope.require(Permission.PLACES_DIVISION_READ)
    return Division.objects.filter(parent=division)


def covers(scope: Scope, permission: Permission, division_id: int) -> bool:
    """Whether the division lies in what was granted for the permission."""
    outer = scope.outer(permission)
    if outer is None:
        return True
    return DivisionContainment.objects.filter(outer__in=outer, inner=division_id).exists()


def granted_over(scope: Scope, permission: Permission, division_ids: Collection[int]) -> int | None:
    """One division granted for the permission in which all of these lie; None when there is none."""
    wanted = set(division_ids)
    rows = DivisionContainment.objects.filter(outer__in=scope.outer(permission) or [], inner__in=wanted)
    inner: defaultdict[int, set[int]] = defaultdict(set)
    for outer_id, inner_id in rows.values_list("outer", "inner"):
        inner[outer_id].add(inner_id)
    return next((outer_id for outer_id, found in sorted(inner.items()) if found == wanted), None)


def province(scope: Scope) -> Division:
    """The province as it is today."""
    scope.require(Permission.PLACES_DIVISION_READ)
    return Division.objects.filter(kind=Division.Kind.PROVINCE).latest("valid_from")


def within(scope: Scope, permission: Permission, field: str = "division") -> Q:
    """A condition that keeps the rows whose `field` names a division inside the jurisdiction."""
    outer = scope.outer(permission)
    if outer is None:
        return Q()
    return Q(**{f"{field}__in": DivisionContainment.objects.filter(outer__in=outer).values("inner")})


def inside(division_id: int, field: str = "division") -> dict[str, Any]:
    """Filter arguments for the rows whose `field` names the division or one inside it, of any era."""
    return {f"{field}__in": DivisionContainment.objects.filter(outer=division_id).values("inner")}


def communes_named(scope: Scope, name: str, on: date) -> Sequence[Division]:
    """Communes of that day with exactly this name: names are shared, so there may be several or none."""
    return list(divisions_on(scope, on).filter(kind=Division.Kind.COMMUNE, name__iexact=name))


def points_in(scope: Scope) -> QuerySet[ScanPoint]:
    """Scan points of the jurisdiction, with type and division."""
    condition = within(scope, Permission.VISITS_POINT_READ)
    return ScanPoint.objects.filter(condition).select_related("type", "division").order_by("name")


def point_types(scope: Scope) -> list[ScanPointType]:
    scope.require(Permission.PLACES_DIVISION_READ)
    return list(ScanPointType.objects.order_by("code"))


def province_on(scope: Scope, on: date) -> Division | None:
    """The whole province in the structure that held on that day; None before divisions are loaded."""
    return divisions_on(scope, on).filter(kind=Division.Kind.PROVINCE).first()
