"""Reads of residents, households and imports. Each read of a person is written to the audit trail."""

import hashlib
from collections.abc import Collection, Sequence
from pathlib import Path

import msgspec
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from ksdb.access.actions import spend_person_search, spend_persons
from ksdb.audit.actions import record, record_many
from ksdb.config import settings
from ksdb.core.errors import NotFound
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.places.models import Division, DivisionContainment
from ksdb.places.queries import covers, inside, within
from ksdb.postgres.named import sql
from ksdb.registry import searching
from ksdb.registry.communes import Commune, Communes
from ksdb.registry.headings import REQUIRED, Column
from ksdb.registry.models import Import, ImportProblem, Resident
from ksdb.registry.previews import SampleRow, look_path, sample_path
from ksdb.registry.probing import Look
from ksdb.registry.sealing import ID_NUMBER, PHONE, opened
from ksdb.registry.searching import PAGE_ROWS, EndNeedsMore, ResidentSearch

MASK = "••••••••"
HOUSEHOLD = Permission.REGISTRY_HOUSEHOLD_READ


class FoundResidents(msgspec.Struct, frozen=True):
    """One page of those found, in the order of Vietnamese lists; `is_more`: there are more than `total`."""

    residents: Sequence[Resident]
    total: int
    is_more: bool
    page: int

    @property
    def has_next(self) -> bool:
        return self.page * PAGE_ROWS < self.total

    @property
    def first(self) -> int:
        return (self.page - 1) * PAGE_ROWS + 1

    @property
    def last(self) -> int:
        return self.first + len(self.residents) - 1


class ResidentSheet(msgspec.Struct, frozen=True):
    """What the page of one resident shows. Of numbers only the last four digits."""

    resident: Resident
    members: Sequence[Resident] | None
    id_number: str
    phone: str
    guardian: Resident | None
    claimed: str = ""


def residents_named(scope: Scope, search: ResidentSearch, purpose: Purpose, page: int = 1) -> FoundResidents:
    """At most 50 residents of the jurisdiction; each one shown is audited, and the searches of an account are counted.

    A person of several records is found by the one that counts. Raises EndNeedsMore, TooManySearches, and what the
    search for a card's number raises. Under 100 ms among 1.2 million (`bench/search.py`).
    """
    spend_person_search(scope)
    asked = searching.read_search(search)
    if asked.card_number:
        return _holder_of(scope, asked.card_number, purpose)
    divisions = _divisions(scope)
    if asked.has_end_only and not _is_local(scope):
        raise EndNeedsMore
    page = max(1, min(page, searching.MOST_FOUND // PAGE_ROWS))
    found = searching.found(asked, divisions, page)
    people = Resident.objects.filter(pk__in=found.ids).select_related("division__parent", "household").in_bulk()
    shown = [people[one] for one in found.ids]
    spend_persons(scope, len(shown))
    record_many(scope, Permission.REGISTRY_RESIDENT_READ, [("resident", one.pk) for one in shown], purpose)
    return FoundResidents(shown, found.total, found.is_more, page)


def _holder_of(scope: Scope, number: str, purpose: Purpose) -> FoundResidents:
    """The holder of the card with that number; the card's room finds, audits and refuses."""
    holders = [find(scope, number, purpose) for find in searching.CARD_FINDERS]
    shown = [resident_for(scope, person_of(scope, one), purpose) for one in holders]
    return FoundResidents(shown, len(shown), is_more=False, page=1)


def _divisions(scope: Scope) -> list[int] | None:
    """The divisions one may read residents of; None for all of the province."""
    outer = scope.outer(Permission.REGISTRY_RESIDENT_READ)
    if outer is None or Division.objects.filter(pk__in=outer, kind=Division.Kind.PROVINCE).exists():
        return None
    return list(DivisionContainment.objects.filter(outer__in=outer).values_list("inner", flat=True).distinct())


def _is_local(scope: Scope) -> bool:
    """Whether the jurisdiction is of communes and residential groups: there the end of a number fits few."""
    outer = scope.outer(Permission.REGISTRY_RESIDENT_READ)
    wide = [Division.Kind.PROVINCE, Division.Kind.DISTRICT]
    return outer is not None and not Division.objects.filter(pk__in=outer, kind__in=wide).exists()


def identities_of(scope: Scope, resident_ids: Sequence[int]) -> list[int]:
    """All records of the persons these are records of, those that count first: visits stay with the record they had."""
    scope.require(Permission.REGISTRY_RESIDENT_READ)
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.registry", "identities_of"), {"residents": list(resident_ids)})
        return [one for (one,) in cursor.fetchall()]


def persons_of(scope: Scope, resident_ids: Collection[int]) -> dict[int, int]:
    """Of these records those that were merged, each with the record that counts."""
    scope.require(Permission.REGISTRY_RESIDENT_READ)
    merged = Resident.objects.filter(pk__in=resident_ids).exclude(merged_into=None)
    return dict(merged.values_list("pk", "merged_into_id"))


def person_of(scope: Scope, resident_id: int) -> int:
    """The record that counts for this record's person: itself, unless it was merged. NotFound when there is none."""
    known = identities_of(scope, [resident_id])
    if not known:
        raise NotFound
    return known[0]


def counting_record(scope: Scope, resident_id: int) -> int:
    """The record that counts for this one's person, where it lies in the jurisdiction; else this one."""
    counting = person_of(scope, resident_id)
    return counting if _residents(scope).filter(pk=counting).exists() else resident_id


def resident_for(scope: Scope, resident_id: int, purpose: Purpose) -> Resident:
    """The resident, if inside the jurisdiction; the read is audited. Raises NotFound."""
    found = _residents(scope).filter(pk=resident_id).first()
    if found is None:
        raise NotFound
    record(scope, Permission.REGISTRY_RESIDENT_READ, ("resident", resident_id), purpose)
    return found


def require_resident(scope: Scope, resident_id: int) -> None:
    """Raises NotFound outside the jurisdiction. Nothing of the person is read, so nothing is audited."""
    if not _residents(scope).filter(pk=resident_id).exists():
        raise NotFound


def resident_sheet(scope: Scope, resident_id: int, purpose: Purpose) -> ResidentSheet:
    """The resident; and, for whoever may see households, its other members. Raises TooManyPersons.

    Members and guardian are each audited as read.
    """
    spend_persons(scope, 1)
    resident = resident_for(scope, resident_id, purpose)
    if not scope.allows(HOUSEHOLD):
        return ResidentSheet(resident, None, *masked_numbers(scope, resident), None, claimed_number(scope, resident))
    members = _household_of(scope, resident)
    subjects = [("resident", member.pk) for member in members]
    record_many(scope, HOUSEHOLD, subjects, purpose, {"household_of": resident_id})
    guardian = _guardian_of(scope, resident)
    if guardian:
        record(scope, HOUSEHOLD, ("resident", guardian.pk), purpose, {"guardian_of": resident_id})
    claimed = claimed_number(scope, resident)
    return ResidentSheet(resident, members, *masked_numbers(scope, resident), guardian, claimed)


def _household_of(scope: Scope, resident: Resident) -> list[Resident]:
    """At most 50 others who live with the resident."""
    if resident.household_id is None:
        return []
    same = Resident.objects.filter(within(scope, HOUSEHOLD), household=resident.household_id, merged_into=None)
    return list(same.exclude(pk=resident.pk).order_by("id")[:PAGE_ROWS])


def _guardian_of(scope: Scope, resident: Resident) -> Resident | None:
    """The guardian, by the record that counts."""
    if resident.guardian_id is None:
        return None
    return _residents(scope).filter(pk=person_of(scope, resident.guardian_id)).first()


def _residents(scope: Scope) -> QuerySet[Resident]:
    inside = within(scope, Permission.REGISTRY_RESIDENT_READ)
    return Resident.objects.filter(inside).select_related("division__parent", "household")


def masked_numbers(scope: Scope, resident: Resident) -> tuple[str, str]:
    """ID number and phone of a record that was read already: the last four digits, or "" where there is none."""
    scope.require(Permission.REGISTRY_RESIDENT_READ)
    return _masked(ID_NUMBER, resident.id_number_sealed), _masked(PHONE, resident.phone_sealed)


def claimed_number(scope: Scope, resident: Resident) -> str:
    """The last four digits of the number that a list gave the resident and another record has, or ""."""
    scope.require(Permission.REGISTRY_RESIDENT_READ)
    last = resident.claims.order_by("-pk").first()
    return _masked(ID_NUMBER, last.number_sealed) if last else ""


def _masked(field: str, sealed: bytes | memoryview | None) -> str:
    return MASK + opened(field, bytes(sealed))[-4:] if sealed else ""


def imports_in(scope: Scope) -> QuerySet[Import]:
    """Imports into the jurisdiction, latest first."""
    return Import.objects.filter(within(scope, Permission.REGISTRY_IMPORT_RUN)).select_related("division")


def import_of(scope: Scope, import_id: int) -> Import:
    found = imports_in(scope).filter(pk=import_id).first()
    if found is None:
        raise NotFound
    return found


def problems_of(scope: Scope, import_id: int) -> QuerySet[ImportProblem]:
    """What the import said: rejections before warnings, each in the order of rows."""
    source = import_of(scope, import_id)
    return ImportProblem.objects.filter(source=source).order_by("-is_rejection", "row_number", "id")


def imports_dir() -> Path:
    return settings().var_dir / "imports"


def rejected_file(scope: Scope, import_id: int) -> Path:
    """The correction file of an import. It holds persons' data: it takes the right to take out a list, and is audited.

    The reason is the import itself; the hash tells the file again wherever it turns up.
    """
    scope.require(Permission.REGISTRY_RESIDENT_EXPORT)
    source = import_of(scope, import_id)
    path = imports_dir() / source.rejected_path
    if not source.rejected_path or not path.exists():
        raise NotFound
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    detail = {"rejected": source.rejected_count, "warned": source.warned_count, "sha256": digest}
    record(scope, "registry:rejected:export", ("import", source.pk), Purpose.CORRECTION, detail)
    return path


def divisions_for_import(scope: Scope) -> list[Division]:
    """Communes, districts, and the province for whoever holds it, that a list may be imported into.

    Of the structure of today, of those the jurisdiction was granted in, and of those that residents live in already.
    """
    kinds = [Division.Kind.COMMUNE, Division.Kind.DISTRICT, Division.Kind.PROVINCE]
    return list(_lived_in(scope, Permission.REGISTRY_IMPORT_RUN).filter(kind__in=kinds))


def communes_to_register_in(scope: Scope) -> list[tuple[int, str]]:
    """Number and name of each commune where the desk may register somebody, of the same structures."""
    found = _lived_in(scope, Permission.REGISTRY_RESIDENT_WRITE).filter(kind=Division.Kind.COMMUNE)
    return list(found.values_list("pk", "name"))


def group_names(scope: Scope, commune_id: int) -> list[str]:
    """The residential groups of a commune, which are public knowledge."""
    scope.require(Permission.REGISTRY_RESIDENT_WRITE)
    groups = Division.objects.filter(parent_id=commune_id, kind=Division.Kind.GROUP).order_by("position")
    return list(groups.values_list("name", flat=True))


def _lived_in(scope: Scope, permission: Permission) -> QuerySet[Division]:
    inside = Division.objects.filter(within(scope, permission, "pk"))
    used = Division.objects.filter(kind=Division.Kind.GROUP).values("valid_from")
    granted = Division.objects.filter(pk__in=scope.outer(permission) or []).values("valid_from")
    is_used = Q(valid_to=None) | Q(valid_from__in=used) | Q(valid_from__in=granted)
    return inside.filter(is_used).order_by("-valid_from", "position", "code")


def divisions_for_export(scope: Scope) -> list[Division]:
    """Communes of the jurisdiction where somebody is registered, and their residential groups, those after each."""
    lived_in = Division.objects.filter(
        within(scope, Permission.REGISTRY_RESIDENT_EXPORT, "pk"),
        Exists(Resident.objects.filter(division=OuterRef("pk"))),
    )
    found = list(lived_in.select_related("parent").order_by("parent__name", "position", "code"))
    communes = {one.parent_id: one.parent for one in found if one.kind == Division.Kind.GROUP and one.parent}
    covered = [one for one in communes.values() if covers(scope, Permission.REGISTRY_RESIDENT_EXPORT, one.pk)]
    return covered + found


def residents_to_export(scope: Scope, division_id: int) -> QuerySet[Resident]:
    """The residents of a commune or a residential group, in walking order. NotFound elsewhere: a list has an end."""
    kinds = [Division.Kind.COMMUNE, Division.Kind.GROUP]
    is_small = Division.objects.filter(pk=division_id, kind__in=kinds).exists()
    if not is_small or not covers(scope, Permission.REGISTRY_RESIDENT_EXPORT, division_id):
        raise NotFound
    found = Resident.objects.filter(**inside(division_id), merged_into=None).select_related("division", "household")
    return found.order_by("division__position", "division__code", "household__position", "household", "sort_key", "id")


def communes_of(scope: Scope, division: Division) -> Communes:
    """The communes of the division, in its own structure."""
    scope.require(Permission.REGISTRY_IMPORT_RUN)
    found = Division.objects.filter(kind=Division.Kind.COMMUNE, valid_from=division.valid_from)
    found = found.filter(**inside(division.pk, "pk"))
    return Communes(Commune(pk, name) for pk, name in found.values_list("pk", "name"))


def columns_needed(scope: Scope, source: Import) -> list[Column]:
    """What the list cannot be read without."""
    return [*REQUIRED, *([] if communes_of(scope, source.division).only else [Column.COMMUNE])]


def look_of(scope: Scope, import_id: int) -> Look:
    """What the first look at the file showed. It holds persons' data: each showing is audited."""
    return msgspec.json.decode(
        _shown(scope, look_path(imports_dir(), import_of(scope, import_id).pk), import_id), type=Look
    )


def sample_of(scope: Scope, import_id: int) -> list[SampleRow]:
    """The first rows of a list that was checked, with their verdicts. Each showing is audited."""
    path = sample_path(imports_dir(), import_of(scope, import_id).pk)
    return msgspec.json.decode(_shown(scope, path, import_id), type=list[SampleRow])


def _shown(scope: Scope, path: Path, import_id: int) -> bytes:
    if not path.exists():
        raise NotFound
    record(scope, "registry:list:read", ("import", import_id), Purpose.REGISTRATION)
    return path.read_bytes()
