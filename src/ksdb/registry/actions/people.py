"""One person is registered at the desk, or what is written of a person is corrected."""

from collections.abc import Collection
from datetime import date

import msgspec
from django.db import connection, transaction
from django.db.models import Q

from ksdb.access.actions import spend_person_search
from ksdb.audit.actions import record, record_many
from ksdb.core.clock import now
from ksdb.core.errors import KsdbError, NotAllowed, NotFound
from ksdb.core.names import search_key, sort_key
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.places.actions import ensure_group
from ksdb.places.models import Division
from ksdb.places.queries import covers, inside, within
from ksdb.postgres.named import sql
from ksdb.registry.communes import address_key
from ksdb.registry.models import Household, Resident
from ksdb.registry.sealing import END_DIGITS, ID_NUMBER, PHONE, end_key, sealer
from ksdb.registry.searching import namesakes
from ksdb.registry.storing import ROOM

WRITE = Permission.REGISTRY_RESIDENT_WRITE
MOST_ALIKE = 10


class PersonKnown(KsdbError):
    """This number belongs to a person who is registered already. Open that record instead of making a second one."""

    code = "person_known"
    status = 409

    def __init__(self, resident_id: int) -> None:
        super().__init__(self.sentence())
        self.resident_id = resident_id


class PersonElsewhere(KsdbError):
    """This number belongs to a person registered outside your jurisdiction. Ask the ward of the former address."""

    code = "person_elsewhere"
    status = 409


class NumberOfMerged(KsdbError):
    """This number stands in a record that was merged into this one and finds it already. Leave the field empty."""

    code = "number_of_merged"
    status = 409


class GuardianUnknown(KsdbError):
    """Nobody with the guardian's number is registered in your jurisdiction. Register the guardian first."""

    code = "guardian_unknown"
    status = 422


class GuardianNotFound(KsdbError):
    """Nobody of this name and year of birth is registered in your jurisdiction. Register the guardian first."""

    code = "guardian_not_found"
    status = 422


class Person(msgspec.Struct, frozen=True):
    """What the desk's form says; `guardian_id` is whom it chose by name.

    In a correction a number that is None stays, and "" deletes it.
    """

    name: str
    birth_year: int
    born_on: date | None
    sex: str
    commune_id: int
    group: str
    household: str = ""
    address: str = ""
    relation: str = ""
    document: str = ""
    nationality: str = ""
    id_number: str | None = ""
    old_id_number: str | None = ""
    phone: str | None = ""
    guardian_number: str | None = ""
    guardian_id: int | None = None


def _match_key_of(document: str, nationality: str, number: str) -> bytes:
    """By which the same paper is found again. A passport's number says nothing without its country."""
    if document == Resident.Document.PASSPORT:
        return sealer().match_key("passport", f"{nationality}:{number}")
    return sealer().match_key(ID_NUMBER, number)


def people_like(scope: Scope, person: Person, besides: int | None = None) -> list[Resident]:
    """Who may be this person: of the commune, with the same folded name and year of birth; or with the other's number.

    Each is audited, for one is shown them, and it counts as a search. Of merged records the one that counts is shown.
    """
    spend_person_search(scope)
    named = Q(search_key=search_key(person.name), birth_year=person.birth_year, **inside(person.commune_id))
    alike = Resident.objects.filter(named | _numbered_like(person)).values_list("pk", "merged_into_id")
    counting = {merged_into or pk for pk, merged_into in alike} - {besides or 0}
    return _shown(scope, counting)


def guardians_like(scope: Scope, name: str, birth_year: int) -> list[Resident]:
    """Who of the jurisdiction has this folded name and year of birth. Each is audited, and it counts as a search."""
    spend_person_search(scope)
    return _shown(scope, namesakes(name, birth_year))


def _shown(scope: Scope, people: Collection[int]) -> list[Resident]:
    found = Resident.objects.filter(within(scope, Permission.REGISTRY_RESIDENT_READ), pk__in=people)
    listed = list(found.select_related("division", "household").order_by("sort_key", "id")[:MOST_ALIKE])
    subjects = [("resident", one.pk) for one in listed]
    record_many(scope, Permission.REGISTRY_RESIDENT_READ, subjects, Purpose.REGISTRATION)
    return listed


def _numbered_like(person: Person) -> Q:
    """Who bears the nine digits that this person had before; or had before what is this person's number."""
    like = Q(pk=None)
    if person.old_id_number:
        like |= Q(id_number_key=_old_key(person.old_id_number)) | Q(old_id_number_key=_old_key(person.old_id_number))
    if person.id_number and not person.document:
        like |= Q(old_id_number_key=_old_key(person.id_number))
    return like


def _old_key(number: str) -> bytes:
    return sealer().match_key(ID_NUMBER, number)


@transaction.atomic
def register_person(scope: Scope, person: Person) -> Resident:
    """Registers one person, with group and household where they are new.

    Raises NotAllowed outside the jurisdiction, PersonKnown, PersonElsewhere, GuardianUnknown.
    """
    made = Resident(registered_at=now())
    _write(scope, made, person)
    record(scope, WRITE, ("resident", made.pk), Purpose.REGISTRATION, {"division": made.division_id})
    return made


@transaction.atomic
def correct_person(scope: Scope, resident_id: int, person: Person) -> list[str]:
    """Writes what is right now, and returns the names of the fields that changed, which the trail keeps; no values."""
    found = Resident.objects.filter(within(scope, WRITE), pk=resident_id).select_for_update(of=("self",)).first()
    if found is None:
        raise NotFound
    before = {name: getattr(found, name) for name in _FIELDS}
    _write(scope, found, person)
    changed = [name for name in _FIELDS if _plain(before[name]) != _plain(getattr(found, name))]
    if changed:
        record(scope, WRITE, ("resident", resident_id), Purpose.CORRECTION, {"changed": changed})
    return changed


_FIELDS = (
    "full_name", "birth_year", "born_on", "sex", "division_id", "household_id", "relation", "id_document",
    "nationality", "id_number_key", "old_id_number_key", "phone_key", "guardian_id",
)  # fmt: skip


def _plain(value: object) -> object:
    return bytes(value) if isinstance(value, memoryview) else value


def _write(scope: Scope, resident: Resident, person: Person) -> None:
    if not covers(scope, WRITE, person.commune_id):
        raise NotAllowed
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "lock_registry"))
    resident.full_name, resident.relation = person.name, person.relation
    resident.search_key, resident.sort_key = search_key(person.name), sort_key(person.name)
    resident.birth_year, resident.born_on, resident.sex = person.birth_year, person.born_on, person.sex
    _write_numbers(scope, resident, person)
    if person.guardian_number is not None or person.guardian_id:
        resident.guardian_id = _guardian(scope, person, resident.pk)
    _settle(scope, resident, person)
    resident.save()
    if person.id_number:
        resident.claims.all().delete()


def _settle(scope: Scope, resident: Resident, person: Person) -> None:
    commune = Division.objects.filter(pk=person.commune_id, kind=Division.Kind.COMMUNE).first()
    if commune is None:
        raise NotFound
    group = ensure_group(scope, commune, person.group)
    resident.division, resident.household = group, None
    if person.household or person.address:
        last = Household.objects.filter(division=group).order_by("-position").values_list("position", flat=True).first()
        home, _ = Household.objects.get_or_create(
            division=group,
            book_number=person.household,
            address_key="" if person.household else address_key(person.address),
            defaults={"address": person.address, "position": (last or 0) + 1},
        )
        if person.address and not home.address:
            home.address = person.address
            home.save(update_fields=["address"])
        resident.household = home


def _write_numbers(scope: Scope, resident: Resident, person: Person) -> None:
    if person.id_number is not None:
        number = person.id_number
        key = _match_key_of(person.document, person.nationality, number) if number else None
        if key:
            _require_free(scope, key, resident.pk)
        resident.id_document = person.document if number else ""
        resident.id_number_key = key
        resident.id_number_sealed = sealer().seal(ID_NUMBER, number) if number else None
        resident.id_number_end = _end(ID_NUMBER, number)
        resident.nationality = person.nationality
    if person.old_id_number is not None:
        resident.old_id_number_key = _old_key(person.old_id_number) if person.old_id_number else None
    if person.phone is not None:
        resident.phone_key = sealer().match_key(PHONE, person.phone) if person.phone else None
        resident.phone_sealed = sealer().seal(PHONE, person.phone) if person.phone else None
        resident.phone_end = _end(PHONE, person.phone)


def _end(field: str, number: str) -> int | None:
    """At once, so that whoever was registered a moment ago is found by the end of a number."""
    return end_key(sealer(), field, number[-END_DIGITS:]) if number else None


def _require_free(scope: Scope, key: bytes, own_id: int | None) -> None:
    bearer = Resident.objects.filter(~Q(pk=own_id or 0), id_number_key=key).select_related("merged_into").first()
    if bearer is None:
        return
    other = bearer.merged_into or bearer
    if other.pk == own_id:
        raise NumberOfMerged
    if covers(scope, Permission.REGISTRY_RESIDENT_READ, other.division_id):
        raise PersonKnown(other.pk)
    raise PersonElsewhere


def _guardian(scope: Scope, person: Person, own_id: int | None) -> int | None:
    if not (person.guardian_number or person.guardian_id):
        return None
    asked = Q(id_number_key=_old_key(person.guardian_number)) if person.guardian_number else Q(pk=person.guardian_id)
    bearer = Resident.objects.filter(asked).values_list("pk", "merged_into_id").first()
    counting = (bearer[1] or bearer[0]) if bearer else 0
    found = Resident.objects.filter(within(scope, Permission.REGISTRY_RESIDENT_READ), pk=counting)
    guardian = found.exclude(pk=own_id or 0).values_list("pk", flat=True).first()
    if guardian is None:
        raise GuardianUnknown
    return int(guardian)
