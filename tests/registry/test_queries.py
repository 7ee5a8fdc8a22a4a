import hashlib

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.conftest import resident_of, scope_for, staff
from tests.registry.lists import LAN, content, imported, person, workbook

from ksdb.access.models import StaffAccount
from ksdb.audit.models import Entry
from ksdb.core.errors import NotAllowed, NotFound
from ksdb.core.scope import Permission, Purpose, Role, Scope
from ksdb.places.models import Division
from ksdb.postgres.named import queries_in
from ksdb.registry.models import Resident
from ksdb.registry.queries import (
    divisions_for_import,
    import_of,
    imports_in,
    problems_of,
    rejected_file,
    resident_for,
    resident_sheet,
    residents_named,
)
from ksdb.registry.searching import ResidentSearch

pytestmark = pytest.mark.django_db
P = Purpose.CARD_SERVICE


def names(scope: Scope, words: str, birth_year: int | None = None) -> list[str]:
    return [one.full_name for one in residents_named(scope, ResidentSearch(words, birth_year), P).residents]


def test_words_of_a_name_in_any_order_with_or_without_marks(binh: StaffAccount, commune_a: Division) -> None:
    for name in ("Nguyễn Thị Lan", "Nguyễn Thị Lân", "Lê Lan Hương", "Trần Văn Mỹ"):
        resident_of(commune_a, name)
    scope = scope_for(binh)
    assert names(scope, "lan nguyen") == ["Nguyễn Thị Lan", "Nguyễn Thị Lân"]
    assert names(scope, "Mĩ") == ["Trần Văn Mỹ"]
    assert names(scope, "hư") == ["Lê Lan Hương"]
    assert names(scope, "uong") == []
    assert names(scope, "lan", 1950) == []


def test_everyone_shown_is_audited_and_nobody_else(binh: StaffAccount, lan: Resident, commune_a: Division) -> None:
    other = resident_of(commune_a, "Trần Văn Ba")
    names(scope_for(binh), "lan")
    read = Entry.objects.filter(action=Permission.REGISTRY_RESIDENT_READ, subject="resident")
    assert [(e.subject_id, e.actor_id, e.purpose) for e in read] == [(lan.pk, binh.pk, "card_service")]
    assert not read.filter(subject_id=other.pk).exists()


def test_a_page_has_fifty_at_most(binh: StaffAccount, commune_a: Division) -> None:
    for _ in range(52):
        resident_of(commune_a, "Nguyễn Thị Lan")
    first = residents_named(scope_for(binh), ResidentSearch("lan"), P)
    assert (len(first.residents), first.total, first.has_next) == (50, 52, True)
    second = residents_named(scope_for(binh), ResidentSearch("lan"), P, page=2)
    assert (len(second.residents), second.first, second.last, second.has_next) == (2, 51, 52, False)
    assert Entry.objects.filter(subject="resident").count() == 52


def test_an_officer_of_b_sees_nobody_of_a(minh: StaffAccount, hanh: StaffAccount, lan: Resident) -> None:
    assert names(scope_for(minh), "lan") == []
    for read in (resident_for, resident_sheet):
        with pytest.raises(NotFound):
            read(scope_for(minh), lan.pk, P)
    assert not Entry.objects.filter(subject="resident").exists()
    assert names(scope_for(hanh), "lan") == ["Nguyễn Thị Lan"]
    with pytest.raises(NotAllowed):
        residents_named(Scope(actor_id=None), ResidentSearch("lan"), P)


def test_the_sheet_masks_numbers_and_audits_the_household(binh: StaffAccount, commune_a: Division) -> None:
    imported(commune_a, content(workbook(LAN, person(2, household="7"), person(3))))
    lan = Resident.objects.get(full_name="Nguyễn Thị Lan")
    sheet = resident_sheet(scope_for(binh), lan.pk, P)
    assert (sheet.id_number, sheet.phone) == ("••••••••0011", "••••••••1222")
    assert sheet.members
    assert [member.household_id for member in sheet.members] == [lan.household_id]
    read = set(Entry.objects.filter(subject="resident").values_list("subject_id", flat=True))
    assert read == {lan.pk, sheet.members[0].pk}
    assert Entry.objects.get(action="registry:household:read").subject_id == sheet.members[0].pk


def test_who_lives_with_whom_is_a_right_of_its_own(
    client: Client, hanh: StaffAccount, commune_a: Division, whole_province: Division
) -> None:
    """An administrator finds residents for their cards and accounts, and sees no household."""
    imported(commune_a, content(workbook(LAN, person(2, household="7"))))
    lan = Resident.objects.get(full_name="Nguyễn Thị Lan")
    other = Resident.objects.exclude(pk=lan.pk).get()
    keeper = staff("keeper", "Ngô Thị Ái", Role.ADMINISTRATOR, whole_province)
    sheet = resident_sheet(scope_for(keeper), lan.pk, P)
    assert (sheet.members, sheet.guardian, sheet.phone) == (None, None, "••••••••1222")
    client.force_login(keeper)
    text = client.get(reverse("registry:resident", args=[lan.pk]), {"purpose": "card_service"}).content.decode()
    assert other.full_name not in text
    assert not Entry.objects.filter(subject_id=other.pk, subject="resident").exists()
    assert resident_sheet(scope_for(hanh), lan.pk, P).members == [other]


def test_imports_and_their_files_are_of_the_jurisdiction(
    binh: StaffAccount, minh: StaffAccount, commune_a: Division
) -> None:
    done = imported(commune_a, content(workbook(LAN, person(2, name=None))))
    assert list(imports_in(scope_for(binh))) == [done]
    assert not imports_in(scope_for(minh))
    for read in (import_of, problems_of, rejected_file):
        with pytest.raises(NotFound):
            read(scope_for(minh), done.pk)
    path = rejected_file(scope_for(binh), done.pk)
    assert path.name == done.rejected_path
    taken = Entry.objects.get(action="registry:rejected:export")
    assert taken.detail["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (taken.actor_id, taken.subject_id, taken.purpose) == (binh.pk, done.pk, "correction")


def test_divisions_one_may_import_into(binh: StaffAccount, hanh: StaffAccount, commune_a: Division) -> None:
    assert commune_a in divisions_for_import(scope_for(binh))
    assert {division.name for division in divisions_for_import(scope_for(binh))} == {commune_a.name}
    today = divisions_for_import(scope_for(hanh))
    assert (len(today), today[0].kind) == (41, "province")
    imported(commune_a, content(workbook(LAN)))
    assert commune_a in divisions_for_import(scope_for(hanh))


@pytest.mark.parametrize("name", ["household_ids", "registered_by_id_number", "registered_in_households"])
def test_lookups_of_an_import_go_by_index(commune_a: Division, name: str) -> None:
    imported(commune_a, content(workbook(*(person(n, household=str(n)) for n in range(1, 60)))))
    group = Resident.objects.values_list("division", flat=True)[0]
    parameters = {"divisions": [group], "book_numbers": ["7"], "address_keys": [""], "keys": [b"0" * 16]}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # few rows: the question is whether an index fits at all
        cursor.execute("EXPLAIN " + queries_in("ksdb.registry")[name].text, parameters)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Seq Scan" not in plan


def test_the_search_costs_as_many_queries_whomever_it_finds(
    binh: StaffAccount, lan: Resident, commune_a: Division
) -> None:
    scope = scope_for(binh)
    names(scope, "lan")  # the first asks for the keys, too
    with CaptureQueriesContext(connection) as one:
        names(scope, "lan")
    for _ in range(20):
        resident_of(commune_a, "Nguyễn Thị Lan")
    with CaptureQueriesContext(connection) as many:
        assert len(names(scope, "lan")) == 21
    assert len(many) == len(one)
