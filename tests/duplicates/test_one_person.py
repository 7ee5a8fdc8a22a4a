"""After a merge a person stands once: in searches, lists, imports, guardians, figures, by every name and number."""

from typing import Any

import pytest
from django.db import connection
from tests.conftest import resident_of, scope_for
from tests.duplicates.conftest import card_of
from tests.registry.lists import LAN, content, counts, imported, person, said, workbook

from ksdb.access.models import StaffAccount
from ksdb.core.decision import CardStatus
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.duplicates.actions import merge, search_pairs
from ksdb.duplicates.models import Pair
from ksdb.duplicates.queries import pair_sheet
from ksdb.outreach.queries import person_in, person_sheet, work_list
from ksdb.places.models import Division
from ksdb.postgres.named import sql
from ksdb.registry.actions import NumberOfMerged, Person, PersonKnown, correct_person, people_like, register_person
from ksdb.registry.models import Household, Resident
from ksdb.registry.queries import resident_sheet, residents_named, residents_to_export
from ksdb.registry.sealing import ID_NUMBER, PHONE, end_key, sealer
from ksdb.registry.searching import ResidentSearch

pytestmark = pytest.mark.django_db
OLD_NUMBER, NEW_NUMBER = "191234567", "046156000011"


@pytest.fixture
def officer(binh: StaffAccount) -> Scope:
    return scope_for(binh)


@pytest.fixture
def one(officer: Scope, commune_a: Division, system: Scope) -> tuple[Resident, Resident]:
    """Lan by her old number with a household, merged into Lan Anh by the number of her chip card, with another."""
    home = {"commune_id": commune_a.pk, "group": "Tổ dân phố 1", "sex": "female", "born_on": None}
    older = Person("Nguyễn Thị Lan", 1956, id_number=OLD_NUMBER, phone="0905111222", household="7", **home)  # type: ignore[arg-type]
    newer = Person(
        "Nguyễn Thị Lan Anh",
        1956,
        id_number=NEW_NUMBER,
        old_id_number=OLD_NUMBER,
        household="8",
        **home,  # type: ignore[arg-type]
    )
    gone, counting = register_person(officer, older), register_person(officer, newer)
    search_pairs(system, is_whole=True)
    pair = Pair.objects.get()
    assert "old_number" in pair.reasons
    merge(officer, pair.pk, counting.pk)
    gone.refresh_from_db()
    return gone, counting


Two = tuple[Resident, Resident]


def test_either_name_and_either_number_finds_the_one_that_counts(officer: Scope, one: Two) -> None:
    ends = [
        (one[0].pk, end_key(sealer(), ID_NUMBER, OLD_NUMBER[-4:]), end_key(sealer(), PHONE, "1222")),
        (one[1].pk, end_key(sealer(), ID_NUMBER, NEW_NUMBER[-4:]), None),
    ]
    for pk, id_end, phone_end in ends:
        Resident.objects.filter(pk=pk).update(id_number_end=id_end, phone_end=phone_end)
    for asked in (
        ResidentSearch("lan"),
        ResidentSearch("lan", phone_end="1222"),
        ResidentSearch(id_number_end=OLD_NUMBER[-4:]),
        ResidentSearch(id_number_end=NEW_NUMBER[-4:]),
    ):
        found = residents_named(officer, asked, Purpose.CARD_SERVICE)
        assert ([shown.pk for shown in found.residents], found.total) == ([one[1].pk], 1), asked


def test_a_record_merged_into_one_elsewhere_is_shown_itself(
    officer: Scope, hanh: StaffAccount, one: Two, commune_b: Division
) -> None:
    elsewhere = resident_of(commune_b, "Lê Xa")
    Resident.objects.filter(pk=one[1].pk).update(division=elsewhere.division)
    found = residents_named(officer, ResidentSearch("lan"), Purpose.CARD_SERVICE)
    assert [shown.pk for shown in found.residents] == [one[0].pk]
    found = residents_named(scope_for(hanh), ResidentSearch("lan"), Purpose.CARD_SERVICE)
    assert [shown.pk for shown in found.residents] == [one[1].pk]


def test_the_desk_and_guardians_know_the_one_that_counts(officer: Scope, one: Two, commune_a: Division) -> None:
    again = Person("Nguyễn Thị Lan", 1956, None, "female", commune_a.pk, "Tổ dân phố 1", id_number=OLD_NUMBER)
    assert [alike.pk for alike in people_like(officer, again)] == [one[1].pk]
    with pytest.raises(PersonKnown) as known:
        register_person(officer, again)
    assert known.value.resident_id == one[1].pk
    child = Person("Lê Bé", 2022, None, "", commune_a.pk, "Tổ dân phố 1", guardian_number=OLD_NUMBER)
    made = register_person(officer, child)
    assert made.guardian_id == one[1].pk
    Resident.objects.filter(pk=made.pk).update(guardian=one[0])
    guardian = resident_sheet(officer, made.pk, Purpose.CARD_SERVICE).guardian
    assert guardian is not None
    assert guardian.pk == one[1].pk


def test_a_number_of_the_merged_record_is_not_written_twice(officer: Scope, one: Two, commune_a: Division) -> None:
    same = Person("Nguyễn Thị Lan Anh", 1956, None, "female", commune_a.pk, "Tổ dân phố 1", id_number=OLD_NUMBER)
    with pytest.raises(NumberOfMerged):
        correct_person(officer, one[1].pk, same)


def test_a_list_that_names_the_merged_record_means_the_person(one: Two, commune_a: Division, system: Scope) -> None:
    Resident.objects.filter(pk=one[1].pk).update(phone_key=None, phone_sealed=None)
    lan = [*LAN[:4], OLD_NUMBER, "0905111222", *LAN[6:]]
    done = imported(commune_a, content(workbook(lan)))
    assert (counts(done), said(done)) == ((0, 1, 0), {4: {"known_completed"}})
    one[1].refresh_from_db()
    assert bytes(one[1].phone_key or b"") == sealer().match_key(PHONE, "0905111222")
    mixed = person(3, name="Nguyễn Thị Lan Anh", birth="1956", id_number=OLD_NUMBER, household="7")
    assert counts(imported(commune_a, content(workbook(mixed)))) == (0, 1, 0)
    other = person(3, name="Trần Thị Hoa", birth="1956", id_number=OLD_NUMBER, household="7")
    assert said(imported(commune_a, content(workbook(other)))) == {4: {"id_number_taken"}}
    assert Resident.objects.count() == 3
    search_pairs(system, is_whole=False)
    waiting = Pair.objects.get(status="waiting")
    assert (waiting.first_id, waiting.reasons.split()[0]) == (one[1].pk, "claimed_number"), "the record that counts"


def test_at_the_doors_the_merged_record_has_no_door_and_leads_to_the_person(officer: Scope, one: Two) -> None:
    listed = work_list(officer, one[1].division_id)
    assert [door.book_number for door in listed.doors] == ["8"]
    assert Household.objects.filter(book_number="7").exists(), "nothing is lost"
    for record in one:
        resident, shown = person_in(officer, Permission.OUTREACH_LIST_READ, record.pk)
        assert (resident.pk, shown.id) == (one[1].pk, one[1].pk)
        assert person_sheet(officer, record.pk).resident.pk == one[1].pk


def test_lists_and_figures_around_a_case_count_the_person_once(officer: Scope, one: Two, hanh: StaffAccount) -> None:
    card_of(one[0], 1)
    exported = residents_to_export(scope_for(hanh), one[1].division_id)
    assert [resident.pk for resident in exported] == [one[1].pk]
    with connection.cursor() as cursor:
        given = {"points": [], "case": one[1].pk, "active": int(CardStatus.ACTIVE)}
        cursor.execute(sql("ksdb.tracing", "coverage_around"), given)
        assert cursor.fetchone() == (1, 1), "the card of the merged record covers the person"


def test_a_number_that_a_list_gives_to_another_waits_for_an_officer(
    officer: Scope, system: Scope, commune_a: Division
) -> None:
    imported(commune_a, content(workbook(LAN)))
    imported(commune_a, content(workbook(person(9, name="Trần Thị Nga", birth="1/2/1971", id_number=LAN[4]))))
    search_pairs(system, is_whole=False)
    pair = Pair.objects.select_related("first", "second").get()
    assert pair.reasons.split()[0] == "claimed_number"
    sheet = pair_sheet(officer, pair.pk)
    assert [side.sheet.claimed[-4:] for side in sheet.sides] == ["", "0011"]
    home: dict[str, Any] = {"commune_id": commune_a.pk, "group": "Tổ dân phố 1", "sex": "female", "born_on": None}
    with pytest.raises(PersonKnown):
        correct_person(officer, pair.second_id, Person("Trần Thị Nga", 1971, id_number=str(LAN[4]), **home))
    correct_person(officer, pair.second_id, Person("Trần Thị Nga", 1971, id_number="046171000077", **home))
    search_pairs(system, is_whole=False)
    assert not Pair.objects.exists(), "the desk wrote the right number: nothing is left to decide"
    assert resident_sheet(officer, pair.second_id, Purpose.CORRECTION).claimed == ""


def test_one_person_under_another_name_is_merged_and_known_by_the_list(
    officer: Scope, system: Scope, commune_a: Division
) -> None:
    imported(commune_a, content(workbook(LAN)))
    again = content(workbook(person(9, name="Nguyễn Thị Lan Anh", id_number=LAN[4])))
    imported(commune_a, again)
    search_pairs(system, is_whole=False)
    pair = Pair.objects.get()
    merge(officer, pair.pk, pair.first_id)
    assert said(imported(commune_a, again)) == {4: {"known_elsewhere"}}
