"""Old numbers, passports and guardians in a list: kept as the desk keeps them, and what is odd is told."""

import pytest
from msgspec import structs
from tests.conftest import scope_for
from tests.registry.lists import HEADING, LAN, content, counts, imported, person, said, workbook

from ksdb.access.models import StaffAccount
from ksdb.places.models import Division
from ksdb.registry.actions import Person, PersonKnown, register_person
from ksdb.registry.models import Resident
from ksdb.registry.sealing import sealer

pytestmark = pytest.mark.django_db
PAPERS = ("Số CMND cũ", "Hộ chiếu", "Quốc tịch", "CCCD người giám hộ")


def with_papers(*rows: tuple[list[object], tuple[object, ...]]) -> bytes:
    return content(workbook(*([*row, *papers] for row, papers in rows), heading=[*HEADING, *PAPERS]))


def test_old_numbers_passports_and_guardians_come_in_as_at_the_desk(
    commune_a: Division, commune_b: Division, binh: StaffAccount
) -> None:
    scope = scope_for(binh)
    data = with_papers(
        (person(1, name="Trần Văn An", birth="2015", id_number=None), (None, None, None, "046156000011")),
        (list(LAN), (191234567, None, "Việt Nam", None)),
        (person(3, name="Kim Min Jun", birth="1990", id_number=None), (None, "m 1234-5678", "Hàn Quốc", None)),
        (person(4, name="John Smith", birth="1980", id_number="C1234567"), (None, None, "USA", None)),
    )
    done = imported(commune_a, data)
    assert (counts(done), said(done)) == ((4, 0, 0), {})
    by_name = {one.full_name: one for one in Resident.objects.all()}
    lan = by_name["Nguyễn Thị Lan"]
    assert by_name["Trần Văn An"].guardian_id == lan.pk
    assert (lan.old_id_number_key, lan.nationality) == (sealer().match_key("id_number", "191234567"), "")
    kim, john = by_name["Kim Min Jun"], by_name["John Smith"]
    assert (kim.id_document, kim.nationality, john.id_document, john.nationality) == (
        "passport",
        "KOR",
        "passport",
        "USA",
    )
    assert sealer().open("id_number", bytes(kim.id_number_sealed or b"")) == "M12345678"
    asked = Person("Kim Min Jun", 1990, None, "male", commune_a.pk, "Tổ dân phố 1", document="passport")
    with pytest.raises(PersonKnown):
        register_person(scope, structs.replace(asked, nationality="KOR", id_number="M12345678"))
    assert counts(imported(commune_a, data)) == (0, 4, 0)
    elsewhere = person(8, name="Lê Văn Bé", birth="2016", id_number=None, commune="Phường Hương Văn")
    other = imported(commune_b, with_papers((elsewhere, (None, None, None, "046156000011"))))
    assert said(other) == {4: {"guardian_unknown"}}, "a guardian of another commune is not told of"


def test_what_a_list_said_too_little_of_is_completed_by_the_next(commune_a: Division) -> None:
    child = person(2, name="Trần Văn An", birth="2015", id_number=None)
    imported(commune_a, content(workbook(LAN, child)))
    rows = ((list(LAN), ("191234567", None, None, None)), (child, (None, None, None, "046156000011")))
    done = imported(commune_a, with_papers(*rows))
    assert (counts(done), said(done)) == ((0, 2, 0), {4: {"known_completed"}})
    lan, an = Resident.objects.order_by("birth_year")
    assert (an.guardian_id, lan.old_id_number_key is not None) == (lan.pk, True)


def test_odd_papers_are_told_and_keep_nobody_out(commune_a: Division) -> None:
    rows = [
        (person(1), ("12345", None, None, None)),
        (person(2), (None, "M12345678", "Lào", None)),
        (person(3, id_number=None), (None, "M12345678", "Nước nào", None)),
        (person(4, id_number=None), (None, "???", "Lào", None)),
        (person(5), (None, None, None, "12345")),
        (person(6), (None, None, None, "046156000106")),
    ]
    done = imported(commune_a, with_papers(*rows))
    assert counts(done) == (6, 0, 0)
    assert said(done) == {
        4: {"old_id_number_wrong"},
        5: {"passport_beside_number"},
        6: {"passport_not_taken"},
        7: {"passport_wrong"},
        8: {"guardian_wrong"},
        9: {"guardian_unknown"},
    }
