"""Pages of the work at the doors as an officer gets them, and what a phone is given."""

import json
import re
from uuid import uuid4

import pytest
from django.test import Client
from tests.conftest import commune, resident_of, staff
from tests.outreach.conftest import Street

from ksdb.access.models import StaffAccount
from ksdb.audit.models import Entry
from ksdb.cards.actions import activate_cards
from ksdb.core.decision import CardStatus
from ksdb.core.scope import Permission, Role, Scope
from ksdb.gateway import pages as scanner_pages
from ksdb.outreach import reader_views
from ksdb.outreach.models import Assignment, DoorNote, MissingReason
from ksdb.places.models import Division

SCANNER = scanner_pages.FOLDER


@pytest.fixture
def desk(client: Client, binh: StaffAccount) -> Client:
    client.force_login(binh)
    return client


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def sent(street: Street, **said: object) -> dict[str, object]:
    return {"key": str(uuid4()), "household": street.lan.household_id, "resident": street.lan.pk, **said}


def test_the_commune_opens_at_once_and_names_the_groups(desk: Client, street: Street) -> None:
    text = page(desk, "/doors/")
    assert "Đi từng nhà: Phường Hương Vân" in text
    assert f'href="/doors/{street.group.pk}/?only=1"' in text


def test_who_governs_several_communes_chooses_one(
    client: Client, street: Street, hanh: StaffAccount, commune_b: Division
) -> None:
    resident_of(commune_b, "Phan Văn Xa")
    client.force_login(hanh)
    assert "Hãy chọn phường, xã." in page(client, "/doors/")
    assert "Đi từng nhà: Phường Hương Văn" in page(client, f"/doors/?commune={commune_b.pk}")
    assert client.get("/doors/?commune=999999").status_code == 404


def test_a_helper_of_one_group_sees_that_group_alone(client: Client, street: Street, commune_a: Division) -> None:
    helper = staff("tam", "Trần Tám", Role.WARD_OFFICER, street.group)
    client.force_login(helper)
    assert page(client, "/doors/").count('?only=1"') == 1
    stranger = resident_of(commune("Xã Bình Tiến"), "Phan Văn Xa")
    assert client.get(f"/doors/{stranger.division_id}/").status_code == 404


def test_the_filter_leaves_out_who_has_a_card(desk: Client, street: Street, system: Scope) -> None:
    activate_cards(system, [street.card(street.lan).pk])
    everybody, lacking = (page(desk, f"/doors/{street.group.pk}/{query}") for query in ("", "?only=1"))
    assert "Nguyễn Thị Lan" in everybody
    assert "Nguyễn Thị Lan" not in lacking
    assert "Trần Văn Hòa" in lacking


def test_a_form_sent_twice_is_one_note_and_leads_back_to_the_door(desk: Client, street: Street) -> None:
    said = sent(street, kind="reason", reason="works_away", page="1", only="1")
    for _ in range(2):
        answer = desk.post(f"/doors/{street.group.pk}/note/", said)
        where = f"/doors/{street.group.pk}/?page=1&only=1#door-{street.lan.household_id}"
        assert answer.headers["Location"] == where
    assert DoorNote.objects.count() == MissingReason.objects.count() == 1


def test_a_form_without_a_reason_says_what_is_missing(desk: Client, street: Street) -> None:
    answer = desk.post(f"/doors/{street.group.pk}/note/", sent(street, kind="reason", reason=""), follow=True)
    assert "Thiếu lý do, tên người hoặc hộ gia đình." in answer.content.decode()
    assert not MissingReason.objects.exists()


def test_no_phone_leads_to_a_paper_card(desk: Client, street: Street) -> None:
    said = sent(street, kind="reason", reason="no_phone") | {"from": "person"}
    answer = desk.post(f"/doors/{street.group.pk}/note/", said, follow=True)
    text = answer.content.decode()
    assert answer.redirect_chain[-1][0] == f"/doors/residents/{street.lan.pk}/"
    assert "Cấp và in thẻ giấy" in text
    assert f'href="/residents/{street.lan.pk}/cards/"' in text


def test_a_conflict_stands_on_the_groups_page_until_it_is_decided(desk: Client, street: Street) -> None:
    other = Client()
    other.force_login(staff("mai", "Mai Thị Sáu", Role.WARD_OFFICER, commune("Phường Hương Vân")))
    other.post(f"/doors/{street.group.pk}/note/", sent(street, kind="reason", reason="moved"))
    desk.post(f"/doors/{street.group.pk}/note/", sent(street, kind="reason", reason="refuses"))
    text = page(desk, f"/doors/{street.group.pk}/")
    assert "Hai người ghi khác nhau về Nguyễn Thị Lan" in text
    assert "Mai Thị Sáu" in text
    number = DoorNote.objects.get(outcome="conflict").pk
    desk.post(f"/doors/notes/{number}/settle/", {"keep": "theirs"})
    assert "Hai người ghi khác nhau" not in page(desk, f"/doors/{street.group.pk}/")
    assert MissingReason.objects.get(withdrawn_at=None).reason == "moved"
    again = desk.post(f"/doors/notes/{number}/settle/", {"keep": "mine"}, follow=True)
    assert "Việc này đã có người quyết định." in again.content.decode()
    assert desk.post(f"/doors/notes/{number}/settle/", {"as": "json"}).status_code == 409


def test_the_order_is_changed_by_buttons_alone(desk: Client, street: Street) -> None:
    path = f"/doors/{street.group.pk}/order/"

    def walked() -> list[str]:
        return re.findall(r'walk__address">([^<]*) <', page(desk, path))

    assert walked() == ["12 Lý Thái Tổ", "14 Lý Thái Tổ"]
    desk.post(path, {"household": street.dung.household_id, "step": "up"})
    assert walked() == ["14 Lý Thái Tổ", "12 Lý Thái Tổ"]
    desk.post(path, {"household": street.dung.household_id, "after": street.lan.household_id})
    assert walked() == ["12 Lý Thái Tổ", "14 Lý Thái Tổ"]
    desk.post(path, {"household": street.dung.household_id, "after": 0})
    assert "sắp bằng tay" in page(desk, path)
    desk.post(f"{path}address/")
    assert walked() == ["12 Lý Thái Tổ", "14 Lý Thái Tổ"]
    told = desk.post(path, {"household": street.dung.household_id}, follow=True).content.decode()
    assert "Hãy chọn hộ và vị trí của hộ đó." in told


def test_helpers_are_assigned_and_ended(desk: Client, street: Street, minh: StaffAccount) -> None:
    helper = staff("tam", "Trần Tám", Role.WARD_OFFICER, street.group)
    path = f"/doors/{street.group.pk}/helpers/"
    assert "Hồ Nhật Minh" not in page(desk, path)
    assert desk.post(path, {"account": minh.pk}).status_code == 422
    desk.post(path, {"account": helper.pk})
    assert "Trần Tám" in page(desk, f"/doors/{street.group.pk}/")
    desk.post(f"{path}end/", {"account": helper.pk})
    assert not Assignment.objects.filter(ended_at=None).exists()


def test_to_whom_is_of_no_household_the_own_card_is_handed_over(desk: Client, street: Street) -> None:
    street.lan.household = None
    street.lan.save()
    path = f"/doors/{street.group.pk}/?only=1"
    text = page(desk, path)
    assert f'id="card-of-{street.lan.pk}"' in text
    assert "Không thuộc hộ nào" in text
    said = {"kind": "hand_over", "household": 0, "resident": street.lan.pk}
    others = {**said, "card": street.card(street.dung).number}
    assert "Thẻ này là của người ở hộ khác." in told(desk, path, sent(street, **others))
    assert "Đã giao thẻ." in told(desk, path, sent(street, **said, card=street.tokens[street.lan.pk]))
    assert street.card(street.lan).status == CardStatus.ACTIVE
    assert street.card(street.dung).status == CardStatus.ISSUED


def told(client: Client, path: str, note: dict[str, object]) -> str:
    return client.post(f"{path.split('?', maxsplit=1)[0]}note/", note, follow=True).content.decode()


def test_pages_of_the_doors_alone_may_ask_for_the_camera(desk: Client, street: Street) -> None:
    seeing = [f"/doors/{street.group.pk}/", f"/doors/residents/{street.lan.pk}/", "/doors/day/"]
    for path in [*seeing, "/doors/", "/residents/"]:
        policy = desk.get(path).headers["Permissions-Policy"]
        assert ("camera=(self)" in policy) == (path in seeing), path
        assert ("camera=()" in policy) == (path not in seeing), path


def test_the_reader_alone_may_run_what_it_is_made_of(client: Client, desk: Client, street: Street) -> None:
    """And no page. Its files are the scanner's own; a stranger gets none of them."""
    names = [name for name in reader_views.FILES if name in desk.get("/doors/day/worker.js").content.decode()]
    assert names == list(reader_views.FILES)
    for name in names:
        answer = desk.get(f"/doors/day/reader/{name}")
        assert b"".join(answer) == (SCANNER / name).read_bytes()  # type: ignore[call-overload]
        assert "wasm-unsafe-eval" in answer.headers["Content-Security-Policy"]
    assert "wasm-unsafe-eval" not in desk.get("/doors/day/").headers["Content-Security-Policy"]
    desk.logout()
    assert client.get("/doors/day/reader/camera.js").status_code == 302


def test_paper_has_a_box_for_each_reason(desk: Client, street: Street) -> None:
    unsaid = desk.post(f"/doors/{street.group.pk}/paper/")
    assert (unsaid.status_code, Entry.objects.filter(action=Permission.OUTREACH_LIST_TAKE).count()) == (302, 0)
    text = desk.post(f"/doors/{street.group.pk}/paper/", {"occasion": "doors"}).content.decode()
    assert Entry.objects.get(action=Permission.OUTREACH_LIST_TAKE, subject="division").detail["sha256"] in text
    assert text.count('class="paper__box"') == 3 * 8
    assert street.card(street.dung).number[:4] in text
    assert Entry.objects.filter(action=Permission.OUTREACH_LIST_TAKE, subject="resident").count() == 3


def test_the_list_for_the_day_holds_no_more_than_the_door_needs(desk: Client, street: Street, system: Scope) -> None:
    activate_cards(system, [street.card(street.lan).pk])
    assert desk.post(f"/doors/{street.group.pk}/take/").status_code == 422
    taken = desk.post(f"/doors/{street.group.pk}/take/", {"occasion": "meeting"}).json()
    assert (taken["rows"], len(taken["sha256"])) == (2, 64)
    assert taken["name"] == "Tổ dân phố 1"
    first, second = taken["doors"]
    assert (first["address"], first["active"], [one["name"] for one in first["persons"]]) == (
        "12 Lý Thái Tổ",
        1,
        ["Trần Văn Hòa"],
    )
    (dung,) = second["persons"]
    assert set(dung) == {"id", "name", "born", "phone", "card", "index", "number", "reason", "reason_id", "lacking"}
    assert dung["number"] == street.card(street.dung).number


def test_notes_of_a_phone_are_answered_one_by_one(desk: Client, street: Street) -> None:
    note = {
        "kind": "reason",
        "group": street.group.pk,
        "key": str(uuid4()),
        "reason": "moved",
        "resident": street.lan.pk,
    }
    bad = {"kind": "hand_over", "group": street.group.pk, "key": str(uuid4()), "card": "123456789012"}
    body = json.dumps({"notes": [note, bad, note]})
    answers = desk.post("/doors/notes/", body, content_type="application/json").json()
    assert [answer["outcome"] for answer in answers] == ["done", "refused", "done"]
    assert answers[1]["code"] == "number_mistyped"
    assert answers[1]["message"].startswith("Đây không phải")
    assert desk.post("/doors/notes/", "{}", content_type="application/json").status_code == 422


def test_the_worker_reaches_no_further_than_its_page_and_keeps_no_person(desk: Client, street: Street) -> None:
    answer = desk.get("/doors/day/worker.js")
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert "Service-Worker-Allowed" not in answer.headers
    assert "worker-src 'self'" in answer.headers["Content-Security-Policy"]
    kept = json.loads(re.search(r"KEPT = (\[.*\])", answer.content.decode())[1])  # type: ignore[index]
    for path in kept:
        assert path.startswith(("/static/", "/doors/day/"))
    shell = page(desk, "/doors/day/")
    assert "Nguyễn" not in shell
    assert "Lê Văn Bình" not in shell
    assert "csrf" not in shell
    assert json.loads(page(desk, "/doors/day/manifest.webmanifest"))["scope"] == "/doors/day/"


def test_the_worker_changes_with_the_language(desk: Client, street: Street) -> None:
    before = desk.get("/doors/day/worker.js").content
    assert desk.get("/doors/day/worker.js").content == before
    desk.post("/language/", {"language": "en"})
    assert desk.get("/doors/day/worker.js").content != before


def test_signing_out_asks_first_when_a_list_was_taken_along(desk: Client, street: Street) -> None:
    desk.post(f"/doors/{street.group.pk}/take/", {"occasion": "doors"})
    asked = desk.post("/sign-out/")
    assert "Đã gửi hết chưa?" in asked.content.decode()
    assert page(desk, "/doors/day/state")
    done = desk.post("/sign-out/", {"sure": "1"})
    assert done.headers["Clear-Site-Data"] == '"storage"'
    assert desk.get("/doors/").status_code == 302


def test_signing_out_asks_nothing_of_others(desk: Client) -> None:
    done = desk.post("/sign-out/")
    assert done.status_code == 302
    assert "Clear-Site-Data" not in done.headers
