"""One person at the desk: registered, found again, corrected; and the codes that fill the form."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests.conftest import resident_of, scope_for

from ksdb.access.models import StaffAccount
from ksdb.audit.models import Entry
from ksdb.core.clock import today
from ksdb.core.errors import NotAllowed, NotFound
from ksdb.core.scope import system_scope
from ksdb.duplicates.actions import search_pairs
from ksdb.duplicates.models import Pair
from ksdb.places.models import Division
from ksdb.registry.actions import Person, correct_person, register_person
from ksdb.registry.models import Household, Resident
from ksdb.registry.sealing import opened, sealer

pytestmark = pytest.mark.django_db

CARD = "046156000011|191234567|Nguyễn Thị Lan|05091956|Nữ|12 Lý Thái Tổ|01052021"


@pytest.fixture
def desk(client: Client, binh: StaffAccount, commune_a: Division) -> Client:
    """Bình's desk, in a commune with one residential group."""
    resident_of(commune_a, "Trần Văn Tám", 1940)
    client.force_login(binh)
    return client


def typed(home: Division, **changes: str) -> dict[str, str]:
    said = {
        "name": "Nguyễn Thị Lan", "birth": "05/09/1956", "sex": "female", "document": "", "id_number": "046156000011",
        "nationality": "", "phone": "0905 111 222", "guardian_number": "", "commune": str(home.pk), "group": "1",
        "household": "7", "relation": "Chủ hộ", "address": "12 Lý Thái Tổ",
    }  # fmt: skip
    return {**said, **changes}


def sent(desk: Client, said: dict[str, str], **more: str) -> Any:
    return desk.post(reverse("registry:person_new"), {**said, **more})


def latest() -> Resident:
    return Resident.objects.order_by("-pk")[0]


def test_a_person_is_registered_and_the_record_opens(desk: Client, commune_a: Division) -> None:
    answer = sent(desk, typed(commune_a))
    lan = latest()
    assert answer["Location"] == reverse("registry:resident", args=[lan.pk]) + "?purpose=registration"
    assert (lan.full_name, lan.birth_year, lan.sex) == ("Nguyễn Thị Lan", 1956, "female")
    assert lan.household is not None
    assert (lan.household.book_number, lan.household.address) == ("7", "12 Lý Thái Tổ")
    assert opened("phone", bytes(lan.phone_sealed or b"")) == "0905111222"
    written = Entry.objects.get(action="registry:resident:write")
    assert (written.subject_id, written.purpose) == (lan.pk, "registration")
    assert "Nguyễn Thị Lan" in desk.get(answer["Location"]).content.decode()


def test_an_existing_household_is_joined(desk: Client, commune_a: Division) -> None:
    sent(desk, typed(commune_a, household="1", address=""))
    assert Household.objects.get().residents.count() == 2


def test_an_address_without_a_number_makes_a_household_of_its_own(desk: Client, commune_a: Division) -> None:
    sent(desk, typed(commune_a, household="", address="5 Kim Trà"))
    home = latest().household
    assert home is not None
    assert (home.book_number, home.address) == ("", "5 Kim Trà")
    sent(desk, typed(commune_a, name="Trần Văn Ba", id_number="", household="", address="5, kim  trà"), confirmed="1")
    assert latest().household == home


def test_who_is_registered_is_not_doubled_but_opened(desk: Client, commune_a: Division) -> None:
    sent(desk, typed(commune_a))
    lan = latest()
    answer = sent(desk, typed(commune_a, name="Nguyễn Thị Lan Anh"), confirmed="1")
    assert answer["Location"] == reverse("registry:resident", args=[lan.pk]) + "?purpose=registration"
    assert Resident.objects.count() == 2


def test_a_number_of_another_commune_is_refused_and_tells_nothing(
    desk: Client, commune_a: Division, commune_b: Division, hanh: StaffAccount
) -> None:
    other = Person("Hồ Thị Xa", 1956, None, "female", commune_b.pk, "Tổ dân phố 1", id_number="046156000011")
    register_person(scope_for(hanh), other)
    answer = sent(desk, typed(commune_a), confirmed="1")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "ngoài địa bàn" in page
    assert "Hồ Thị Xa" not in page
    assert Resident.objects.count() == 2


def test_a_namesake_of_the_year_is_shown_before_a_second_is_made(desk: Client, commune_a: Division) -> None:
    sent(desk, typed(commune_a))
    lan = latest()
    said = typed(commune_a, name="Nguyễn Thị Lân", id_number="")
    page = sent(desk, said).content.decode()
    assert reverse("registry:resident", args=[lan.pk]) in page
    assert Resident.objects.count() == 2
    assert Entry.objects.filter(action="registry:resident:read", subject_id=lan.pk).exists()
    sent(desk, said, confirmed="1")
    assert latest().full_name == "Nguyễn Thị Lân"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"id_number": "046056000011"}, "giới tính khác"),
        ({"id_number": "999156000011"}, "Không tỉnh nào"),
        ({"group": "Thôn Mới"}, "chưa có"),
        ({"birth": f"01/02/{today().year - 5}", "id_number": ""}, "trẻ em"),
    ],
)
def test_what_is_odd_is_asked_once_and_never_refused(
    desk: Client, commune_a: Division, changes: dict[str, str], says: str
) -> None:
    said = typed(commune_a, **changes)
    assert says in sent(desk, said).content.decode()
    assert Resident.objects.count() == 1
    assert sent(desk, said, confirmed="1").status_code == 302
    assert Resident.objects.count() == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Lan 2"),
        ("name", ""),
        ("birth", "31/02/1956"),
        ("id_number", "12345"),
        ("phone", "12"),
        ("commune", "1"),
    ],
)
def test_what_is_wrong_is_refused_at_its_field(desk: Client, commune_a: Division, field: str, value: str) -> None:
    answer = sent(desk, typed(commune_a, **{field: value}), confirmed="1")
    assert answer.status_code == 422
    assert "govuk-error-message" in answer.content.decode()
    assert Resident.objects.count() == 1


def test_a_year_alone_no_number_a_passport_and_a_child(desk: Client, commune_a: Division) -> None:
    sent(desk, typed(commune_a))
    lan = latest()
    sent(desk, typed(commune_a, name="Cao Văn Năm", birth="1950", id_number="", sex=""))
    assert (latest().born_on, latest().birth_year, latest().id_number_key) == (None, 1950, None)
    visitor = typed(commune_a, name="Kim Min Ji", document="passport", id_number="M 123-456", nationality="kor", sex="")
    assert sent(desk, visitor).status_code == 302
    kim = latest()
    assert (kim.id_document, kim.nationality) == ("passport", "KOR")
    assert opened("id_number", bytes(kim.id_number_sealed or b"")) == "M123456"
    again = sent(desk, {**visitor, "name": "Kim Minji"}, confirmed="1")
    assert str(kim.pk) in again["Location"]
    child = typed(commune_a, name="Lê Bé", birth="01/02/2022", id_number="", guardian_number="046156000011", sex="")
    assert sent(desk, child).status_code == 302
    assert latest().guardian_id == lan.pk
    page = desk.get(reverse("registry:resident", args=[latest().pk]) + "?purpose=registration").content.decode()
    assert "Nguyễn Thị Lan" in page


def test_a_guardian_is_found_by_name_and_year_and_chosen(
    desk: Client, commune_a: Division, commune_b: Division
) -> None:
    """Nobody of another commune is offered or taken; who is chosen is in the record, who was shown in the trail."""
    sent(desk, typed(commune_a))
    lan = latest()
    far = resident_of(commune_b, "Nguyễn Thị Lan", 1956)
    asked = {"guardian_name": "nguyen thi LAN", "guardian_year": "1956"}
    child = typed(commune_a, name="Lê Bé", birth="01/02/2022", id_number="", sex="", **asked)
    page = sent(desk, child)
    body = page.content.decode()
    assert page.status_code == 200
    assert f'value="{lan.pk}"' in body
    assert f'value="{far.pk}"' not in body
    assert Entry.objects.filter(subject="resident", subject_id=lan.pk, purpose="registration").exists()
    assert sent(desk, child, guardian=str(far.pk)).status_code == 422
    assert latest().pk == far.pk
    assert sent(desk, child, guardian=str(lan.pk)).status_code == 302
    assert (latest().full_name, latest().guardian_id) == ("Lê Bé", lan.pk)
    nobody = sent(desk, {**child, "guardian_year": "1957"})
    assert nobody.status_code == 422
    assert "Chưa có ai" in nobody.content.decode()
    assert sent(desk, {**child, "guardian_year": ""}).status_code == 422


def test_an_unknown_guardian_is_said(desk: Client, commune_a: Division) -> None:
    said = typed(commune_a, name="Lê Bé", birth="01/02/2022", id_number="", guardian_number="046156000099")
    assert sent(desk, said).status_code == 422
    assert Resident.objects.count() == 1


def test_the_code_fills_the_form_without_a_script_too(desk: Client, commune_a: Division) -> None:
    page = sent(desk, {"code": CARD, "fill": "1", "group": "1"}).content.decode()
    for value in ("Nguyễn Thị Lan", "05/09/1956", "046156000011", "12 Lý Thái Tổ"):
        assert f'value="{value}"' in page
    assert Resident.objects.count() == 1


@pytest.mark.parametrize(
    ("code", "name", "says"),
    [
        (CARD, "Nguyễn Thị Lan", ""),
        (CARD.replace("Nguyễn Thị", "Nguye6n Thi5"), "Nguye6n Thi5 Lan", "UniKey"),
        ("046156000011|Nguyễn Thị Lan|1956|1|QID9|", "Nguyễn Thị Lan", ""),
        ("https://evil.example/", None, "UniKey"),
        ("", None, "UniKey"),
    ],
)
def test_the_script_is_told_what_a_code_says(desk: Client, code: str, name: str | None, says: str) -> None:
    answer = desk.post(reverse("registry:person_code"), {"code": code}).json()
    assert answer["fields"].get("name") == name
    assert says in " ".join(answer["says"])
    assert bool(says) == bool(answer["says"])


def test_a_correction_keeps_numbers_and_leaves_the_fields_in_the_trail(desk: Client, commune_a: Division) -> None:
    sent(desk, typed(commune_a))
    lan = latest()
    url = reverse("registry:person_edit", args=[lan.pk])
    page = desk.get(url).content.decode()
    assert 'value="Nguyễn Thị Lan"' in page
    assert "046156000011" not in page
    desk.post(url, typed(commune_a, birth="06/09/1956", id_number="", phone="-", guardian_number=""))
    lan.refresh_from_db()
    assert (lan.born_on is not None and lan.born_on.day, lan.phone_key) == (6, None)
    assert opened("id_number", bytes(lan.id_number_sealed or b"")) == "046156000011"
    trail = Entry.objects.filter(action="registry:resident:write").latest("pk")
    assert (trail.purpose, trail.detail) == ("correction", {"changed": ["born_on", "phone_key"]})


def test_a_correction_of_nothing_is_not_written(desk: Client, commune_a: Division, binh: StaffAccount) -> None:
    sent(desk, typed(commune_a))
    url = reverse("registry:person_edit", args=[latest().pk])
    desk.post(url, typed(commune_a, id_number="", phone=""))
    assert Entry.objects.filter(action="registry:resident:write").count() == 1


def test_nobody_writes_outside_the_own_commune(minh: StaffAccount, lan: Resident, commune_a: Division) -> None:
    person = Person("Nguyễn Thị Lan", 1956, None, "", commune_a.pk, "Tổ dân phố 1")
    with pytest.raises(NotAllowed):
        register_person(scope_for(minh), person)
    with pytest.raises(NotFound):
        correct_person(scope_for(minh), lan.pk, person)
    client = Client()
    client.force_login(minh)
    assert client.get(reverse("registry:person_edit", args=[lan.pk])).status_code == 404


def test_the_code_brings_the_old_number_and_it_is_kept_as_a_key_alone(desk: Client, commune_a: Division) -> None:
    filled = desk.post(reverse("registry:person_code"), {"code": CARD}).json()["fields"]
    assert filled["old_id_number"] == "191234567"
    sent(desk, typed(commune_a, old_id_number=filled["old_id_number"]))
    lan = latest()
    assert bytes(lan.old_id_number_key or b"") == sealer().match_key("id_number", "191234567")
    desk.post(reverse("registry:person_edit", args=[lan.pk]), typed(commune_a, id_number="", old_id_number=""))
    lan.refresh_from_db()
    assert lan.old_id_number_key is not None, "empty stays as it is"
    desk.post(reverse("registry:person_edit", args=[lan.pk]), typed(commune_a, id_number="", old_id_number="-"))
    lan.refresh_from_db()
    assert lan.old_id_number_key is None


def test_who_had_the_old_number_is_shown_before_a_second_record_is_made(desk: Client, commune_a: Division) -> None:
    sent(desk, typed(commune_a, name="Nguyễn Lan", birth="1956", id_number="191234567"))
    older = latest()
    said = typed(commune_a, old_id_number="191234567")
    assert reverse("registry:resident", args=[older.pk]) in sent(desk, said).content.decode()
    assert sent(desk, said, confirmed="1").status_code == 302
    search_pairs(system_scope(), is_whole=False)
    found = Pair.objects.get()
    assert (found.first_id, found.second_id) == (older.pk, latest().pk)
    assert "old_number" in found.reasons


def test_an_old_number_of_another_length_is_refused_at_its_field(desk: Client, commune_a: Division) -> None:
    answer = sent(desk, typed(commune_a, old_id_number="046156000011"))
    assert answer.status_code == 422
    assert "chín chữ số" in answer.content.decode()
