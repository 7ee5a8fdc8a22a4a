"""A place is registered by whoever holds the phone, decided about by its ward alone, and its owner owns it alone."""

import re
from collections.abc import Iterator
from datetime import date, time
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse
from tests.conftest import PASSWORD, commune, scope_for, staff

from ksdb.access.actions import give_grant
from ksdb.access.models import StaffAccount
from ksdb.audit.models import Entry
from ksdb.config import settings
from ksdb.core.clock import today
from ksdb.core.errors import NotFound
from ksdb.core.scope import PERMISSIONS, Permission, Role, Scope, system_scope
from ksdb.enrolment import actions, guides, queries
from ksdb.enrolment.models import Place
from ksdb.places.models import Division, ScanPoint
from ksdb.sms.models import Text
from ksdb.sms.queries import outbox
from ksdb.visits.actions import enrol_device, make_enrol_code, revoke_device
from ksdb.visits.models import EnrolCode
from ksdb.visits.queries import points_of

ERA = date(2025, 7, 1)
PHONE = "0905123456"


@pytest.fixture(autouse=True)
def demo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("KSDB_IS_DEMO", "1")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def hoa_chau(db: None) -> Division:
    return commune("Phường Hóa Châu", ERA)


@pytest.fixture
def officer(hoa_chau: Division) -> StaffAccount:
    return staff("binh25", "Lê Văn Bình", Role.WARD_OFFICER, hoa_chau)


@pytest.fixture
def stranger(db: None) -> StaffAccount:
    return staff("minh25", "Hồ Nhật Minh", Role.WARD_OFFICER, commune("Phường Kim Trà", ERA))


def typed(**other: Any) -> dict[str, Any]:
    given = {
        "name": "Tạp hóa Bà Năm",
        "kind": "shop",
        "commune": "Phường Hóa Châu",
        "address": "12 Nguyễn Văn Linh",
        "opens_at": "06:30",
        "closes_at": "21:00",
        "contact_name": "Lê Thị Năm",
        "phone": PHONE,
    }
    return given | other


def code_sent() -> str:
    return re.search(r"\d{6}", outbox(system_scope())[0].body)[0]  # type: ignore[index]


def register(client: Client, **other: Any) -> Place:
    client.post(reverse("enrolment:register"), typed(**other))
    assert client.post(reverse("enrolment:code"), {"code": code_sent()}).status_code == 302
    return Place.objects.latest("id")


def approved(officer: StaffAccount, place: Place) -> Place:
    return actions.approve_place(scope_for(officer), place.pk)


def owner_scope(place: Place) -> Scope:
    assert place.account is not None
    return scope_for(place.account)


def test_nobody_sees_a_place_before_the_code_came_back(client: Client, officer: StaffAccount) -> None:
    client.post(reverse("enrolment:register"), typed())
    assert list(queries.places_waiting(scope_for(officer))) == []
    with pytest.raises(NotFound):
        queries.place(scope_for(officer), Place.objects.get().pk)
    client.post(reverse("enrolment:code"), {"code": code_sent()})
    assert [place.name for place in queries.places_waiting(scope_for(officer))] == ["Tạp hóa Bà Năm"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("phone", "12345"), ("commune", "Phường Không Có"), ("commune", "Phường"), ("kind", "casino"),
     ("opens_at", "25:00"), ("capacity", "-1"), ("name", ""), ("contact_name", "x" * 200)],
)  # fmt: skip
def test_a_form_that_is_wrong_sends_nothing(client: Client, db: None, field: str, value: str) -> None:
    assert client.post(reverse("enrolment:register"), typed(**{field: value})).status_code == 422
    assert (Place.objects.count(), Text.objects.count()) == (0, 0)


def test_phone_and_message_are_sealed(client: Client, hoa_chau: Division) -> None:
    place = register(client)
    text = Text.objects.latest("id")
    for sealed in (place.phone_sealed, text.phone_sealed, text.body_sealed):
        assert PHONE.encode() not in bytes(sealed)
        assert code_sent().encode() not in bytes(sealed)
    assert PHONE not in str(dict(client.session))
    assert PHONE not in str(list(Entry.objects.values()))


def test_six_digits_cannot_be_guessed(client: Client, hoa_chau: Division) -> None:
    client.post(reverse("enrolment:register"), typed())
    right = code_sent()
    wrong = [f"{(int(right) + n) % 10**6:06d}" for n in range(1, 6)]
    for guess in wrong:
        assert client.post(reverse("enrolment:code"), {"code": guess}).status_code == 422
    assert client.post(reverse("enrolment:code"), {"code": right}).status_code == 422  # too late now
    assert Place.objects.get().state == "unproven"


def test_a_code_is_good_in_its_own_session_only_and_once(client: Client, hoa_chau: Division) -> None:
    client.post(reverse("enrolment:register"), typed())
    right = code_sent()
    assert Client().post(reverse("enrolment:code"), {"code": right}).status_code == 422
    assert client.post(reverse("enrolment:code"), {"code": right}).status_code == 302
    assert client.post(reverse("enrolment:code"), {"code": right}).status_code == 422


def test_a_number_gets_three_messages_an_hour_whoever_asks(db: None) -> None:
    for n in range(5):
        Client(REMOTE_ADDR=f"192.0.2.{n}").post(reverse("enrolment:register"), typed())
    assert Text.objects.count() == 3


def test_a_browser_reaches_three_numbers(client: Client, hoa_chau: Division) -> None:
    for n in range(5):
        client.post(reverse("enrolment:register"), typed(phone=f"090512345{n}"))
    assert Text.objects.count() == 3


def test_an_address_reaches_twenty_numbers(hoa_chau: Division) -> None:
    for n in range(23):
        Client(REMOTE_ADDR="192.0.2.9").post(reverse("enrolment:register"), typed(phone=f"09051234{n:02d}"))
    assert Text.objects.count() == 20


def test_whether_a_number_is_known_cannot_be_told(client: Client, hoa_chau: Division) -> None:
    register(client)
    before = Text.objects.count()
    answers = []
    for phone in (PHONE, "0912000111"):
        asking = Client()
        asked = asking.post(reverse("enrolment:status"), {"phone": phone})
        tried = asking.post(reverse("enrolment:code"), {"code": "000000"})
        page = re.sub(r'value="[^"]{40,}"|hx-headers=\S+ "[^"]+"', "", tried.content.decode())
        answers.append((asked.status_code, asked.headers["Location"], tried.status_code, len(page)))
    assert answers[0] == answers[1]
    assert Text.objects.count() == before + 1  # nothing went to the number we do not know


def test_forms_ask_for_their_token(hoa_chau: Division) -> None:
    strict = Client(enforce_csrf_checks=True)
    for name in ("register", "code", "status", "link"):
        assert strict.post(reverse(f"enrolment:{name}"), typed()).status_code == 403


def test_without_a_carrier_nothing_is_kept(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KSDB_IS_DEMO", "0")
    settings.cache_clear()
    answer = client.post(reverse("enrolment:register"), typed())
    assert answer.status_code == 422
    assert Place.objects.count() == 0
    assert client.get(reverse("sms:outbox")).status_code == 404


def test_only_the_ward_of_the_place_decides(client: Client, officer: StaffAccount, stranger: StaffAccount) -> None:
    place = register(client)
    for act in (lambda s: actions.approve_place(s, place.pk), lambda s: actions.refuse_place(s, place.pk, "x" * 20)):
        with pytest.raises(NotFound):
            act(scope_for(stranger))
    actions.refuse_place(scope_for(officer), place.pk, "Địa chỉ không có trong phường.")
    assert "Địa chỉ không có trong phường." in client.get(reverse("enrolment:status")).content.decode()
    with pytest.raises(actions.PlaceDecided):
        approved(officer, place)


def test_where_a_place_lies_goes_to_its_point(client: Client, officer: StaffAccount) -> None:
    assert client.post(reverse("enrolment:register"), typed(position="Huế")).status_code == 422
    place = register(client, position="16.46370, 107.59090")
    assert "geolocation=(self)" in client.get(reverse("enrolment:register")).headers["Permissions-Policy"]
    ward = Client()
    ward.force_login(officer)
    path = reverse("enrolment:correct", args=[place.pk])
    assert 'value="16.46370, 107.59090"' in ward.get(path).content.decode()
    assert ward.post(path, typed(position="16.47, 107.6")).status_code == 302
    point = ScanPoint.objects.get(pk=approved(officer, place).point_id)
    assert (point.latitude, point.longitude, point.search_name) == (16.47, 107.6, "tap hoa ba nam")


def test_the_guides_are_pages_for_everybody(client: Client, db: None) -> None:
    """Each guide is linked, and each link and picture in it leads somewhere."""
    pages = client.get(reverse("enrolment:guides")).content.decode()
    assert reverse("enrolment:guides") in client.get(reverse("enrolment:register")).content.decode()
    for name in guides.NAMES:
        address = reverse("enrolment:guide", args=[name])
        assert address in pages
        text = client.get(address).content.decode()
        assert ".md" not in text
        for picture in re.findall(r'<img [^>]*src="/static/([^"]+)"', text):
            assert finders.find(picture), picture
        for link in re.findall(r'<a class="govuk-link" href="(/guides/[^"]+)"', text):
            assert client.get(link).status_code == 200
    assert client.get("/guides/nothing/").status_code == 404


def test_twins_are_shown(client: Client, officer: StaffAccount) -> None:
    approved(officer, register(client))
    again = register(client, name="Tạp hoá bà Năm")
    assert [twin.name for twin in queries.twins_of(scope_for(officer), again.pk)] == ["Tạp hóa Bà Năm"]


def test_an_owner_has_his_points_and_no_others(client: Client, officer: StaffAccount) -> None:
    mine = approved(officer, register(client))
    theirs = approved(officer, register(Client(REMOTE_ADDR="192.0.2.7"), phone="0912000111", name="Chùa Từ Đàm"))
    scope = owner_scope(mine)
    assert [point.pk for point in points_of(scope)] == [mine.point_id]
    assert mine.point_id
    assert theirs.point_id
    make_enrol_code(scope, mine.point_id)
    device, _ = enrol_device(system_scope(), theirs.point_id, "Cổng chùa")
    for act in (lambda: make_enrol_code(scope, theirs.point_id), lambda: revoke_device(scope, device.pk)):
        with pytest.raises(NotFound):
            act()
    browser = Client()
    assert mine.account
    browser.force_login(mine.account)
    for name in ("point", "ways"):
        assert browser.get(reverse(f"visits:{name}", args=[theirs.point_id])).status_code == 404
        assert browser.get(reverse(f"visits:{name}", args=[mine.point_id])).status_code == 200
    assert browser.get(reverse("visits:points")).status_code == 403  # other places, sensitive ones among them


def test_a_second_place_of_the_same_phone_has_the_same_owner(client: Client, officer: StaffAccount) -> None:
    first = approved(officer, register(client))
    second = approved(officer, register(client, name="Kho hàng Bà Năm", address="14 Nguyễn Văn Linh"))
    assert first.account_id == second.account_id
    assert {point.name for point in points_of(owner_scope(first))} == {"Tạp hóa Bà Năm", "Kho hàng Bà Năm"}


def test_the_link_opens_the_owners_account_and_no_other(client: Client, officer: StaffAccount) -> None:
    place = approved(officer, register(client))
    link = client.post(reverse("enrolment:link"), {"place": place.pk})
    token = re.search(r"/welcome/([\w-]+)/", link.content.decode())[1]  # type: ignore[index]
    client.post(reverse("access:welcome", args=[token]), {"password1": PASSWORD, "password2": PASSWORD})
    assert place.account
    place.account.refresh_from_db()
    assert place.account.check_password(PASSWORD)
    assert Client().post(reverse("enrolment:link"), {"place": place.pk}).headers["Location"] == reverse(
        "enrolment:status"
    )
    give_grant(system_scope(), place.account, Role.WARD_OFFICER, place.division_id, today())
    assert client.post(reverse("enrolment:link"), {"place": place.pk}).status_code == 404


def test_who_approves_gives_no_other_role(client: Client, officer: StaffAccount) -> None:
    place = approved(officer, register(client))
    assert place.account
    assert list(place.account.grants.values_list("role", "division_id")) == [(Role.POINT_OWNER, place.division_id)]
    assert PERMISSIONS[Role.POINT_OWNER] == {Permission.PLACES_DIVISION_READ, Permission.VISITS_DEVICE_ENROL}


def test_a_sensitive_place_stays_so(client: Client, officer: StaffAccount) -> None:
    place = approved(officer, register(client, is_sensitive="on", kind="shelter"))
    assert ScanPoint.objects.get(pk=place.point_id).is_sensitive


def test_codes_are_kept_as_hashes_and_in_bounds(client: Client, officer: StaffAccount) -> None:
    point_id = approved(officer, register(client)).point_id
    assert point_id
    codes = {make_enrol_code(scope_for(officer), point_id)[0] for _ in range(20)}
    assert len(codes) == 20
    for row in EnrolCode.objects.all():
        assert not any(code.encode() in bytes(row.code_sha256) for code in codes)
    browser = Client()
    browser.force_login(officer)
    browser.post(reverse("visits:code", args=[point_id]))
    assert EnrolCode.objects.count() == 20


def test_old_messages_and_drafts_are_forgotten(client: Client, hoa_chau: Division) -> None:
    from datetime import timedelta

    from ksdb.core.clock import now
    from ksdb.sms.actions import forget_texts

    client.post(reverse("enrolment:register"), typed())
    Text.objects.update(made_at=now() - timedelta(days=2))
    Place.objects.update(applied_at=now() - timedelta(days=2))
    assert (forget_texts(system_scope()), actions.forget_unproven(system_scope())) == (1, 1)
    proofs = Entry.objects.filter(action__endswith=":forget").order_by("action").values_list("action", "detail")
    assert list(proofs) == [("enrolment:place:forget", {"count": 1}), ("sms:text:forget", {"count": 1})]


def test_hours_are_those_that_were_typed(client: Client, officer: StaffAccount) -> None:
    point = ScanPoint.objects.get(pk=approved(officer, register(client)).point_id)
    assert (point.opens_at, point.closes_at, point.usual_stay_minutes) == (time(6, 30), time(21), 15)
