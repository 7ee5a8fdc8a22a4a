"""Reads of the simulation: where the invented people and places ended up in the registry."""

from datetime import date

import numpy as np
from django.db import connection
from django.db.models import Count
from numpy.typing import NDArray

from ksdb.core.clock import day_bounds
from ksdb.core.scope import Permission, Scope
from ksdb.places.models import Division
from ksdb.registry.models import Resident
from ksdb.registry.sealing import ID_NUMBER, PHONE, opened
from ksdb.simulation.loading import ERA
from ksdb.simulation.town import Town, keys_of
from ksdb.visits.models import Visit


def residents_of(scope: Scope, made: Town) -> NDArray[np.int32]:
    """For each of the town's people the id the registry gave, 0 where the import did not take the row."""
    scope.require(Permission.REGISTRY_RESIDENT_READ)
    rows = Resident.objects.exclude(household=None).values_list(
        "household__division__parent__code",
        "household__division__name",
        "household__book_number",
        "full_name",
        "birth_year",
        "id",
    )
    ids = {tuple(key): resident_id for *key, resident_id in rows.iterator(chunk_size=10_000)}
    return np.fromiter((ids.get(key, 0) for key in keys_of(made.people)), np.int32, len(made.people))


def somebody_with_papers(scope: Scope) -> tuple[str, str, str, str]:
    """Name, day of birth, identity number and phone of an invented resident, to register a phone with."""
    scope.require(Permission.REGISTRY_RESIDENT_READ)
    adults = Resident.objects.exclude(id_number_sealed=None).exclude(phone_sealed=None).exclude(born_on=None)
    one = adults.filter(merged_into=None, birth_year__lt=1990).earliest("pk")
    number, phone = opened(ID_NUMBER, bytes(one.id_number_sealed or b"")), opened(PHONE, bytes(one.phone_sealed or b""))
    return one.full_name, f"{one.born_on:%d/%m/%Y}", number, phone


def database_mark(scope: Scope) -> str:
    """What tells this database from every other: when its first migration was applied."""
    scope.require(Permission.PLACES_DIVISION_READ)
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_char(min(applied), 'YYYYMMDDHH24MISSUS') FROM django_migrations")
        (mark,) = cursor.fetchone()
    return str(mark)


def division_named(scope: Scope, name: str) -> Division:
    """The division of that name in 2021; names are unique there but for the groups."""
    scope.require(Permission.PLACES_DIVISION_READ)
    return Division.objects.exclude(kind=Division.Kind.GROUP).get(name=name, valid_from=ERA)


def busy_resident(scope: Scope, since: date) -> int:
    """A resident who was out more than 99 in 100 since that day: a case worth tracing."""
    scope.require(Permission.TRACING_CASE_WRITE)
    counts = (
        Visit.objects.filter(scanned_at__gte=day_bounds(since)[0])
        .exclude(resident_id=None)
        .values("resident_id")
        .annotate(count=Count("point_id"))
        .order_by("-count", "resident_id")
    )
    return int(counts[len(counts) // 100]["resident_id"] or 0)
