"""Reads of places that wait, of those of one phone, and of what looks like a place we have."""

from dataclasses import replace

from django.db.models import QuerySet
from rapidfuzz.fuzz import token_sort_ratio

from ksdb.access.sealing import opened, sealer
from ksdb.core.clock import today
from ksdb.core.errors import NotFound
from ksdb.core.names import search_key
from ksdb.core.scope import Permission, Scope
from ksdb.enrolment.models import PLACE_PHONE, Place
from ksdb.places.models import Division, ScanPoint, ScanPointType
from ksdb.places.queries import divisions_on, inside, point_types, within

PHONE = PLACE_PHONE
LIKE = 88
"""Of 100: "Tạp hóa Bà Năm" and "Tạp hoá bà Năm 2" are 93, two neighbouring shops of other names below 75."""
MOST_TWINS = 5


def communes_today(scope: Scope) -> QuerySet[Division]:
    """Where a place can be: the communes of today. Public knowledge, so anybody may ask."""
    public = replace(scope, is_system=True)
    return divisions_on(public, today()).filter(kind=Division.Kind.COMMUNE).order_by("name")


def kinds(scope: Scope) -> list[ScanPointType]:
    """What a place can be; public knowledge as well."""
    return point_types(replace(scope, is_system=True))


def places_waiting(scope: Scope) -> QuerySet[Place]:
    """Places of the jurisdiction whose owners have proven their phones, longest waiting first."""
    condition = within(scope, Permission.ENROLMENT_PLACE_DECIDE)
    found = Place.objects.filter(condition, state=Place.State.WAITING).select_related("type", "division")
    return found.order_by("applied_at", "id")


def place(scope: Scope, place_id: int) -> Place:
    """A place of the jurisdiction, decided or not, once its owner has proven the phone. Raises NotFound."""
    condition = within(scope, Permission.ENROLMENT_PLACE_DECIDE)
    proven = Place.objects.filter(condition, pk=place_id).exclude(state=Place.State.UNPROVEN)
    found = proven.select_related("type", "division", "point").first()
    if found is None:
        raise NotFound
    return found


def phone_of(scope: Scope, place_id: int) -> str:
    """The owner's number, for the officer who decides."""
    return opened(PHONE, bytes(place(scope, place_id).phone_sealed))


def twins_of(scope: Scope, place_id: int) -> list[ScanPoint]:
    """Points of the same division whose name is nearly the same, most alike first."""
    asked = place(scope, place_id)
    key = search_key(asked.name)
    points = ScanPoint.objects.filter(**inside(asked.division_id)).exclude(pk=asked.point_id or 0)
    likeness = {p: token_sort_ratio(key, search_key(p.name)) for p in points.select_related("type", "division")}
    alike = sorted((p for p in likeness if likeness[p] >= LIKE), key=lambda p: -likeness[p])
    return alike[:MOST_TWINS]


def places_of_phone(scope: Scope, phone: str) -> list[Place]:
    """What the holder of the number registered, latest first. The caller has seen the number proven."""
    if scope.is_system:
        raise NotFound
    found = Place.objects.filter(phone_key=sealer().match_key(PHONE, phone)).exclude(state=Place.State.UNPROVEN)
    return list(found.select_related("type", "division", "account").order_by("-applied_at"))
