"""A resident's own pages: visits, notices, health, what is held, who read it; and the ward's answers."""

import json
import re

import pytest
from django.test import Client
from django.urls import reverse
from tests.attacks.asking import signed_in
from tests.conftest import StaffAccount, scope_for, staff
from tests.tracing.conftest import ScanAt, moment, profiles, scan
from tests.wallet.conftest import NUMBER, keeps, phone_of

from ksdb.audit.models import Entry
from ksdb.cards.queries import cards_of
from ksdb.core.clock import today
from ksdb.core.scope import Role, Scope
from ksdb.notices.actions import make_notices
from ksdb.notices.kinds import Kind
from ksdb.notices.models import Notice, Subscription
from ksdb.notices.queries import reach_of
from ksdb.notices.words import ADVICE
from ksdb.places.models import ScanPoint
from ksdb.registry.models import Resident
from ksdb.visits.actions.disputes import decide_dispute
from ksdb.visits.models import Dispute
from ksdb.wallet.actions import MOST_PHONES
from ksdb.wallet.actions.mine import forget_said, tell_decided
from ksdb.wallet.asking import DECLARED_KEPT
from ksdb.wallet.models import Consent, DataRequest, Declaration, DeskRequest, Holding
from ksdb.wallet.queries.mine import my_visits

__all__ = ["profiles", "scan"]
pytestmark = pytest.mark.django_db

WELL = {"met_ill": "no", "travelled": "no", "travelled_to": "", "may_keep": "on"}


def shown(client: Client, name: str, *arguments: object) -> str:
    answer = client.get(reverse(f"wallet:{name}", args=arguments))
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def at_market(scan: ScanAt, lan: Resident, son: Resident, market_a: ScanPoint) -> ScanPoint:
    """Lan was there twice, her son once."""
    scan(lan, market_a, moment(8))
    scan(lan, market_a, moment(8, 30), is_exit=True)
    scan(son, market_a, moment(17))
    return market_a


def visit_key(page: str) -> str:
    found = re.search(r'name="visit" value="([\d-]+)"', page)
    assert found
    return found[1]


def test_my_visits_are_mine_alone(phone: Client, at_market: ScanPoint) -> None:
    page = shown(phone, "visits")
    assert page.count("Chợ Hương Vân") >= 2
    assert "08:30" in page
    assert "17:00" not in page


def test_a_phone_of_a_household_shows_whoever_is_chosen(
    family_phone: Client, at_market: ScanPoint, son: Resident
) -> None:
    family_phone.post(reverse("wallet:choose"), {"resident": son.pk})
    page = shown(family_phone, "visits")
    assert "17:00" in page
    assert "08:30" not in page


def test_a_visit_is_disputed_and_the_answer_stands_beside_it(
    phone: Client, at_market: ScanPoint, hanh: StaffAccount, system: Scope
) -> None:
    key = visit_key(shown(phone, "visits"))
    assert phone.post(reverse("wallet:dispute"), {"visit": key}).status_code == 200
    assert phone.post(reverse("wallet:dispute"), {"visit": key, "text": ""}).status_code == 422
    said = {"visit": key, "reason": "not_there", "text": "Tôi ở nhà"}
    assert phone.post(reverse("wallet:dispute"), said).status_code == 302
    assert phone.post(reverse("wallet:dispute"), said).status_code == 422
    page = shown(phone, "visits")
    assert "mine-visit--disputed" in page
    decide_dispute(scope_for(hanh), Dispute.objects.get().pk, True, "Thẻ đã cho mượn")
    assert "Thẻ đã cho mượn" in shown(phone, "visits")
    assert [tell_decided(system), tell_decided(system)] == [1, 0]


@pytest.mark.parametrize("key", ["", "1-2-3", "1-2-3-x", "1-2-3-999999999999999999", "1-99999999999999999-3-4"])
def test_a_visit_that_is_none_is_not_found(phone: Client, at_market: ScanPoint, key: str) -> None:
    assert phone.post(reverse("wallet:dispute"), {"visit": key}).status_code == 404


def test_somebody_elses_visit_is_not_found(phone: Client, at_market: ScanPoint, son: Resident) -> None:
    other = phone_of("0905999999")
    keeps(other, son)
    key = visit_key(shown(other, "visits"))
    said = {"visit": key, "reason": "not_there", "text": ""}
    assert phone.post(reverse("wallet:dispute"), said).status_code == 404
    assert not Dispute.objects.exists()


def test_notices_stand_on_the_page_with_what_to_do(phone: Client, lan: Resident) -> None:
    make_notices(Scope(None), Kind.EXPOSURE, "case:1", {lan.pk: {"type": "market", "on": "2026-11-22"}})
    page = shown(phone, "notices")
    assert "Chợ" in page
    assert "22/11" in page
    assert "mine-notice--new" in page
    assert "mine-notice--new" not in shown(phone, "notices")


def test_every_phone_that_keeps_the_card_is_reached(family_phone: Client, son: Resident, system: Scope) -> None:
    assert reach_of(system, son.pk).phones == {NUMBER}


def test_a_test_is_sent_three_times_an_hour(phone: Client) -> None:
    for _ in range(4):
        phone.post(reverse("wallet:notice_test"))
    assert Notice.objects.filter(kind=Kind.TEST).count() == 3


def pushed(client: Client, **said: object) -> int:
    keys = {
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    }
    content = {"endpoint": "https://fcm.googleapis.com/fcm/send/x", "keys": keys, "takes": True, **said}
    return client.post(reverse("wallet:pushes"), json.dumps(content), content_type="application/json").status_code


def test_a_browser_takes_pushes_and_leaves_them(phone: Client) -> None:
    assert pushed(phone) == 200
    assert Subscription.objects.count() == 1
    assert Consent.objects.get().withdrawn_at is None
    assert pushed(phone, takes=False) == 200
    assert not Subscription.objects.exists()
    assert Consent.objects.get().withdrawn_at is not None


def test_what_was_allowed_for_one_and_taken_back_pushes_for_the_other_alone(
    family_phone: Client, lan: Resident, son: Resident, system: Scope
) -> None:
    assert pushed(family_phone) == 200
    assert len(reach_of(system, lan.pk).owners) == len(reach_of(system, son.pk).owners) == 1
    family_phone.post(reverse("wallet:take_back"), {"what": "push"})
    assert reach_of(system, lan.pk).owners == frozenset()
    assert len(reach_of(system, son.pk).owners) == 1
    family_phone.post(reverse("wallet:choose"), {"resident": son.pk})
    family_phone.post(reverse("wallet:take_back"), {"what": "push"})
    assert not Subscription.objects.exists()


def test_a_phone_that_signed_out_or_was_put_out_is_pushed_to_no_more(
    phone: Client, lan: Resident, system: Scope
) -> None:
    assert pushed(phone) == 200
    phone.post(reverse("wallet:leave"))
    assert reach_of(system, lan.pk).owners == frozenset()
    assert not Subscription.objects.exists()
    again = phone_of()
    assert pushed(again) == 200
    for _ in range(MOST_PHONES):
        phone_of()
    assert not Subscription.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"endpoint": "https://127.0.0.1/x"},
        {"endpoint": "https://fcm.googleapis.com/" + "x" * 3000},
        {"keys": {"p256dh": "AAAA", "auth": "BTBZMqHH6r4Tts7J_aSIgg"}},
        {"keys": {}},
        {"takes": "perhaps"},
    ],
)
def test_a_browser_that_says_nonsense_is_refused(phone: Client, wrong: dict[str, object]) -> None:
    assert pushed(phone, **wrong) == 422
    assert not Subscription.objects.exists()


def test_health_is_declared_once_a_day_and_repeated_with_one_tap(phone: Client, lan: Resident) -> None:
    assert "mine-mark" not in shown(phone, "declaration")
    without = {name: value for name, value in WELL.items() if name != "may_keep"}
    assert phone.post(reverse("wallet:declaration"), without).status_code == 422
    ill = {**WELL, "symptoms": ["fever"], "travelled": "yes"}
    assert phone.post(reverse("wallet:declaration"), ill).status_code == 422
    assert phone.post(reverse("wallet:declaration"), {**ill, "travelled_to": "Đà Nẵng"}).status_code == 302
    page = shown(phone, "declaration")
    assert "mine-mark" in page
    assert "notice--error" in page
    Declaration.objects.update(on=today().replace(year=today().year - 1))
    page = shown(phone, "declaration")
    assert "mine-mark" not in page
    assert "Đà Nẵng" in page
    assert phone.post(reverse("wallet:declaration_same")).status_code == 302
    latest = Declaration.objects.latest("on")
    assert (latest.on, latest.symptoms, latest.travelled_to) == (today(), ["fever"], "Đà Nẵng")


def test_taken_back_what_was_declared_is_deleted(phone: Client) -> None:
    phone.post(reverse("wallet:declaration"), WELL)
    phone.post(reverse("wallet:take_back"), {"what": "health"})
    assert not Declaration.objects.exists()
    assert Consent.objects.get().withdrawn_at is not None
    assert phone.post(reverse("wallet:declaration_same")).status_code == 302
    assert not Declaration.objects.exists()


def test_what_was_declared_goes_with_the_days(phone: Client, system: Scope) -> None:
    phone.post(reverse("wallet:declaration"), WELL)
    assert forget_said(system) == 0
    Declaration.objects.update(on=today() - DECLARED_KEPT * 2)
    assert forget_said(system) == 1
    assert Entry.objects.get(action="wallet:declaration:forget").detail == {"count": 1}


def asked(phone: Client, text: str = "Tôi sinh năm 1957") -> DataRequest:
    assert phone.post(reverse("wallet:correct"), {"about": "birth", "text": text}).status_code == 302
    return DataRequest.objects.latest("pk")


def test_a_correction_is_asked_and_answered(phone: Client, lan: Resident, client: Client, binh: StaffAccount) -> None:
    one = asked(phone)
    assert b"1957" not in bytes(one.text_sealed)
    client.force_login(binh)
    assert "Nguyễn Thị Lan" in shown(client, "requests")
    assert "Tôi sinh năm 1957" in shown(client, "request", one.pk)
    address = reverse("wallet:request", args=[one.pk])
    assert client.post(address, {"decision": "no", "note": ""}).status_code == 422
    assert client.post(address, {"decision": "no", "note": "Giấy khai sinh ghi 1956"}).status_code == 302
    assert client.post(address, {"decision": "yes", "note": ""}).status_code == 422
    assert "Giấy khai sinh ghi 1956" in shown(phone, "data")
    assert Notice.objects.get().kind == Kind.DECIDED
    reads = Entry.objects.filter(subject_id=lan.pk, purpose="correction", actor_id=binh.pk)
    assert {"wallet:request:read", "wallet:request:decide"} <= set(reads.values_list("action", flat=True))


def test_another_ward_sees_no_request(phone: Client, client: Client, minh: StaffAccount) -> None:
    one = asked(phone)
    client.force_login(minh)
    assert "Lan" not in shown(client, "requests")
    assert client.get(reverse("wallet:request", args=[one.pk])).status_code == 404
    assert client.post(reverse("wallet:request", args=[one.pk]), {"decision": "yes"}).status_code == 404


def test_ten_requests_may_wait(phone: Client) -> None:
    for n in range(10):
        asked(phone, f"Lần {n}")
    assert phone.post(reverse("wallet:correct"), {"about": "birth", "text": "nữa"}).status_code == 422


def test_who_read_is_told_by_office_and_purpose_without_a_name(
    phone: Client, lan: Resident, binh: StaffAccount
) -> None:
    for _ in range(2):
        cards_of(scope_for(binh), lan.pk)
    page = shown(phone, "readers")
    assert "Phường Hương Vân" in page
    assert "2 lần" in page or "2 times" in page
    assert binh.full_name not in page
    assert binh.username not in page


def test_my_own_looks_are_no_readings(phone: Client, at_market: ScanPoint) -> None:
    for name in ("visits", "data", "readers", "my_sheet"):
        shown(phone, name)
    assert not Entry.objects.exclude(purpose="").exists()


def test_everything_as_a_file(phone: Client, at_market: ScanPoint, lan: Resident, binh: StaffAccount) -> None:
    cards_of(scope_for(binh), lan.pk)
    phone.post(reverse("wallet:declaration"), WELL)
    asked(phone)
    make_notices(Scope(None), Kind.EXPOSURE, "case:1", {lan.pk: {"type": "market", "on": "2026-11-22"}})
    assert "22/11/2026" in shown(phone, "my_sheet")
    answer = phone.get(reverse("wallet:export"))
    held = json.loads(answer.content)
    assert "Lan" not in answer.headers["Content-Disposition"]
    assert held["person"]["full_name"] == "Nguyễn Thị Lan"
    assert {name: len(held[name]) for name in held["counts"]} == held["counts"]
    assert [one["number_ends_in"] for one in held["phones_that_keep_the_card"]] == [NUMBER[-3:]]
    assert [one["takes_pushes"] for one in held["signed_in_phones"]] == [False]
    assert (held["counts"]["visits"], held["counts"]["who_read"]) == (2, 1)
    assert held["notices"][0]["facts"] == {"type": "market", "on": "2026-11-22"}
    assert held["requests"][0]["text"] == "Tôi sinh năm 1957"


def test_the_file_has_no_end_where_pages_have_one(phone: Client, at_market: ScanPoint, lan: Resident) -> None:
    assert len(my_visits(Scope(None, own=frozenset({lan.pk})), lan.pk, 1)) == 1
    held = json.loads(phone.get(reverse("wallet:export")).content)
    assert held["counts"]["visits"] == 2


ASKED = {"came": "self", "proven": "papers", "wanted": "advice"}


def test_the_ward_prints_the_same_and_it_is_written_down(
    at_market: ScanPoint, lan: Resident, client: Client, binh: StaffAccount, minh: StaffAccount
) -> None:
    """Opening the page prints nothing. Who came, how that was made sure and why is kept."""
    make_notices(Scope(None), Kind.EXPOSURE, "case:1", {lan.pk: {"type": "market", "on": "2026-11-22"}})
    client.force_login(binh)
    assert "Chợ Hương Vân" not in shown(client, "sheet", lan.pk)
    address = reverse("wallet:sheet", args=[lan.pk])
    assert client.post(address, {**ASKED, "wanted": ""}).status_code == 422
    assert client.post(address, {**ASKED, "came": "sent"}).status_code == 422
    assert not Entry.objects.filter(action="wallet:sheet:print").exists()
    page = client.post(address, ASKED).content.decode()
    for word in ("Chợ Hương Vân", "22/11", "Chợ.", str(ADVICE[Kind.EXPOSURE][0])):
        assert word in page
    entry = Entry.objects.get(action="wallet:sheet:print")
    assert (entry.subject_id, entry.purpose, entry.actor_id) == (lan.pk, "subject_request", binh.pk)
    assert (entry.detail["came"], DeskRequest.objects.get().wanted) == ("self", "advice")
    assert [client.post(address, ASKED).status_code for _ in range(3)] == [200, 200, 422]
    client.force_login(minh)
    assert client.get(address).status_code == client.post(address, ASKED).status_code == 404


def test_a_right_over_the_province_prints_no_sheet(lan: Resident, client: Client, hanh: StaffAccount) -> None:
    """Neither an administrator, who may not read cases, nor an officer of all wards."""
    client.force_login(hanh)
    address = reverse("wallet:sheet", args=[lan.pk])
    assert client.get(address).status_code == client.post(address, ASKED).status_code == 403
    province = hanh.grants.all()[0].division
    client.force_login(staff("tinh", "Lê Thị Tỉnh", Role.WARD_OFFICER, province))
    assert client.get(address).status_code == client.post(address, ASKED).status_code == 404


def test_who_keeps_the_card_is_told_and_taken_off(phone: Client, lan: Resident, system: Scope) -> None:
    """A second holder: the first reads of it, sees the end of the number, and takes the card off that phone."""
    assert not Notice.objects.exists()
    other = phone_of("0912000777")
    holding = keeps(other, lan, "other")
    assert "777" in shown(phone, "notices")
    assert "777" in shown(phone, "data")
    other.post(reverse("wallet:take_off"), {"holding": Holding.objects.get(relation="self").pk})
    assert Holding.objects.get(relation="self").until is None
    assert phone.post(reverse("wallet:take_off"), {"holding": holding.pk}).status_code == 302
    holding.refresh_from_db()
    assert holding.until is not None
    assert other.get(reverse("wallet:visits")).headers["Location"] == reverse("wallet:members")
    assert phone.post(reverse("wallet:take_off"), {"holding": holding.pk}).status_code == 404


def test_the_ward_takes_a_card_off_a_number_that_is_a_strangers_now(
    phone: Client, lan: Resident, binh: StaffAccount, minh: StaffAccount
) -> None:
    holding = Holding.objects.get()
    address = reverse("wallet:phones", args=[lan.pk])
    officer, other = signed_in(binh), signed_in(minh)
    assert other.get(address).status_code == other.post(address, {"holding": holding.pk}).status_code == 404
    assert NUMBER[-3:] in officer.get(address).content.decode()
    assert NUMBER not in officer.get(address).content.decode()
    assert officer.post(address, {"holding": holding.pk}).status_code == 302
    assert officer.post(address, {"holding": holding.pk}).status_code == 404
    assert phone.get(reverse("wallet:visits")).headers["Location"] == reverse("wallet:members")
    ended = Entry.objects.get(action="wallet:holding:end")
    assert (ended.subject_id, ended.actor_id, ended.purpose) == (lan.pk, binh.pk, "correction")
