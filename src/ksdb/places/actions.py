"""Writes of divisions and scan points."""

from collections.abc import Iterator, Mapping
from datetime import date

from django.db import transaction

from ksdb.audit.actions import record
from ksdb.core.clock import now
from ksdb.core.errors import NotAllowed
from ksdb.core.names import search_key, stored_name
from ksdb.core.scope import Permission, Scope
from ksdb.places import eras
from ksdb.places.models import (
    Division,
    DivisionContainment,
    DivisionLink,
    PopulationFigure,
    ScanPoint,
    ScanPointType,
)
from ksdb.places.queries import covers

Kind = Division.Kind


@transaction.atomic
def load_reference(scope: Scope) -> int:
    """Loads the divisions of all eras with links, populations and point types; returns how many divisions are new.

    Does nothing where they are loaded already: a division is never rewritten.
    """
    scope.require(Permission.PLACES_DIVISION_WRITE)
    _load_point_types()
    if Division.objects.exists():
        return 0
    made: dict[eras.Key, Division] = {}
    for era in eras.eras():
        made |= _load_era(era)
    DivisionLink.objects.bulk_create(
        DivisionLink(old=made[link.old], new=made[link.new], share=link.share, basis=link.basis)
        for link in eras.links()
    )
    _refresh_containment()
    record(scope, Permission.PLACES_DIVISION_WRITE, detail={"divisions": len(made)})
    return len(made)


def _load_era(era: eras.Era) -> dict[eras.Key, Division]:
    """The divisions of one era by key; each district and commune below the one province."""
    province = Division.objects.create(
        code=eras.PROVINCE_CODE, name=era.province, kind=Kind.PROVINCE, valid_from=era.valid_from, valid_to=era.valid_to
    )
    districts = {unit.code: _division(era, unit, Kind.DISTRICT, province) for unit in era.districts}
    Division.objects.bulk_create(districts.values())
    communes = [_division(era, unit, Kind.COMMUNE, districts.get(unit.parent_code, province)) for unit in era.communes]
    Division.objects.bulk_create(communes)
    figures = list(zip(communes, era.communes, strict=True))
    PopulationFigure.objects.bulk_create(_figure(division, f) for division, unit in figures for f in unit.figures)
    if era.valid_from == date(2021, 7, 1):
        PopulationFigure.objects.bulk_create(_figure(province, f) for f in eras.province_figures())
    made = [province, *districts.values(), *communes]
    return {(division.code, division.valid_from): division for division in made}


def _division(era: eras.Era, unit: eras.Unit, kind: Kind, parent: Division) -> Division:
    return Division(
        code=unit.code,
        name=unit.name,
        kind=kind,
        parent=parent,
        valid_from=era.valid_from,
        valid_to=era.valid_to,
        position=int(unit.code),
    )


def _figure(division: Division, figure: eras.Figure) -> PopulationFigure:
    return PopulationFigure(
        division=division,
        as_of=figure.as_of,
        people=figure.people,
        households=figure.households,
        source=figure.source,
    )


def _load_point_types() -> None:
    rows = eras.read_csv("scan_point_types.csv")
    ScanPointType.objects.bulk_create((ScanPointType(**row) for row in rows), ignore_conflicts=True)


def _refresh_containment() -> None:
    """Writes anew which division lies in which: by atoms between communes and above, and each in itself."""
    divisions = list(Division.objects.select_related("parent"))
    atoms = eras.atoms()
    of_commune = {
        division.pk: atoms[division.code, division.valid_from]
        for division in divisions
        if division.kind == Kind.COMMUNE
    }
    extents = {d.pk: _extent(d, divisions, of_commune) for d in divisions if d.kind != Kind.GROUP}
    groups = [division for division in divisions if division.kind == Kind.GROUP]
    pairs = set(_pairs(extents)) | {pair for group in groups for pair in _group_pairs(group, extents)}
    DivisionContainment.objects.all().delete()
    DivisionContainment.objects.bulk_create(DivisionContainment(outer_id=o, inner_id=i) for o, i in pairs)


def _extent(division: Division, divisions: list[Division], of_commune: Mapping[int, frozenset[str]]) -> frozenset[str]:
    """The atoms of a commune, or of all communes below a district or province."""
    if division.pk in of_commune:
        return of_commune[division.pk]
    below = [d for d in divisions if d.parent_id == division.pk]
    return frozenset().union(*(_extent(d, divisions, of_commune) for d in below if d.kind != Kind.GROUP))


def _pairs(extents: Mapping[int, frozenset[str]]) -> Iterator[tuple[int, int]]:
    for outer, whole in extents.items():
        for inner, part in extents.items():
            if part and part <= whole:
                yield outer, inner


def _group_pairs(group: Division, extents: Mapping[int, frozenset[str]]) -> Iterator[tuple[int, int]]:
    yield group.pk, group.pk
    part = extents[group.parent_id] if group.parent_id else frozenset()
    for outer, whole in extents.items():
        if part and part <= whole:
            yield outer, group.pk


def ensure_group(scope: Scope, commune: Division, name: str) -> Division:
    """The residential group of that name in the commune, made if the ward's list is the first to name it."""
    if not (scope.allows(Permission.REGISTRY_IMPORT_RUN) or scope.allows(Permission.REGISTRY_RESIDENT_WRITE)):
        raise NotAllowed
    name = stored_name(name)
    found = Division.objects.filter(parent=commune, kind=Kind.GROUP, name__iexact=name).first()
    return found or _make_group(commune, name)


def _make_group(commune: Division, name: str) -> Division:
    position = Division.objects.filter(parent=commune, kind=Kind.GROUP).count() + 1
    group = Division.objects.create(
        code=f"{commune.code}-{position:03d}",
        name=name,
        kind=Kind.GROUP,
        parent=commune,
        valid_from=commune.valid_from,
        valid_to=commune.valid_to,
        position=position,
    )
    outer = DivisionContainment.objects.filter(inner=commune).values_list("outer_id", flat=True)
    pairs = [(group.pk, group.pk), *((o, group.pk) for o in outer)]
    DivisionContainment.objects.bulk_create(DivisionContainment(outer_id=o, inner_id=i) for o, i in pairs)
    return group


def make_points(scope: Scope, points: list[ScanPoint]) -> list[ScanPoint]:
    """Registers scan points, each inside the jurisdiction."""
    for division_id in {point.division_id for point in points}:
        if not covers(scope, Permission.VISITS_POINT_WRITE, division_id):
            raise NotAllowed
    at = now()
    for point in points:
        point.registered_at, point.search_name = at, search_key(point.name)
    made = ScanPoint.objects.bulk_create(points)
    record(scope, Permission.VISITS_POINT_WRITE, detail={"points": len(made)})
    return made
