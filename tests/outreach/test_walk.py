"""The officer of Bình Tiến in a real Chromium: from door to door, with network and without.

KSDB_GUIDE_PICTURES names a folder to leave the pictures of docs/vi/can-bo-phuong.md in.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.test import Client
from tests.conftest import commune, scope_for, staff
from tests.gateway import scanner
from tests.looking import looked_at

from ksdb.access.models import StaffAccount
from ksdb.cards.actions import activate_cards, issue_cards
from ksdb.cards.models import Card, IssuerKey
from ksdb.core.clock import now
from ksdb.core.decision import CardStatus
from ksdb.core.names import search_key, sort_key
from ksdb.core.scope import Role, Scope, system_scope
from ksdb.core.token import Form
from ksdb.coverage.actions import refresh
from ksdb.coverage.queries import coverage_of
from ksdb.duplicates.actions import search_pairs
from ksdb.outreach.actions import take_note
from ksdb.outreach.models import DoorNote, MissingReason
from ksdb.outreach.notes import Note, NoteKind
from ksdb.outreach.reasons import Reason
from ksdb.places.actions import ensure_group
from ksdb.places.models import Division
from ksdb.registry.jobs import check_list, run_import
from ksdb.registry.models import Household, Import, Resident

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PHONE = {"width": 360, "height": 740}
HOMES = {
    "4 xóm Đình": ["Nguyễn Văn Ba", "Trần Thị Bốn", "Nguyễn Thị Năm"],
    "9 xóm Đình": ["Hoàng Văn Sáu", "Lê Thị Bảy"],
    "9/2 xóm Đình": ["Phan Văn Tám", "Phan Thị Chín", "Phan Văn Mười"],
    "12 xóm Đình": ["Võ Thị Mười Một", "Võ Văn Hai"],
    "1 xóm Chợ": ["Đặng Thị Hoa", "Đặng Văn Quý", "Đặng Thị Lài", "Đặng Văn Tí"],
    "3 xóm Chợ": ["Huỳnh Văn Đức", "Hồ Thị Cúc", "Huỳnh Thị Mai"],
    "20 xóm Chợ": ["Bùi Văn Lộc", "Bùi Thị Thu", "Bùi Văn Xuân"],
}
WITHOUT = {
    "Nguyễn Thị Năm", "Lê Thị Bảy", "Phan Văn Tám", "Phan Văn Mười", "Võ Văn Hai",
    "Đặng Thị Hoa", "Huỳnh Văn Đức", "Hồ Thị Cúc", "Bùi Văn Lộc",
}  # fmt: skip
WAITING = ("Nguyễn Thị Năm", "Phan Văn Mười", "Huỳnh Văn Đức")
"""Of the nine of twenty without an active card these have one that waits to be handed over."""


@dataclass
class Village:
    """A hamlet of Bình Tiến with twenty people, eleven of whom have an active card: 55 %."""

    group: Division
    people: dict[str, Resident]
    tokens: dict[int, str] = field(default_factory=dict)

    def number(self, name: str) -> str:
        return Card.objects.get(resident=self.people[name]).number

    def shown(self, name: str) -> str:
        number = self.number(name)
        return f"{number[:4]} {number[4:8]} {number[8:]}"


@pytest.fixture
def village(clean_registry: None, issuer_key: IssuerKey, system: Scope) -> Village:
    group = ensure_group(system, commune("Xã Bình Tiến"), "Thôn Đông")
    people = {name: one for at, home in enumerate(HOMES) for name, one in _family(group, at, home)}
    made = Village(group, people)
    holders = [people[name].pk for name in people if name not in WITHOUT or name in WAITING]
    issued = issue_cards(system, holders, Form.PAPER)
    made.tokens = {card.resident_id: card.token for card in issued}
    waiting = {people[name].pk for name in WAITING}
    activate_cards(system, [card.index for card in issued if card.resident_id not in waiting])
    return made


def _family(group: Division, at: int, home: str) -> Iterator[tuple[str, Resident]]:
    household = Household.objects.create(division=group, book_number=f"{101 + at}", address=home, position=100 - at)
    for born, name in enumerate(HOMES[home], start=1950 + at * 3):
        keys = {"search_key": search_key(name), "sort_key": sort_key(name)}
        one = Resident(
            household=household, division=group, full_name=name, birth_year=born, registered_at=now(), **keys
        )
        one.save()
        yield name, one


@pytest.fixture
def officer_account(village: Village) -> StaffAccount:
    return staff("binh", "Lê Văn Bình", Role.WARD_OFFICER, commune("Xã Bình Tiến"))


@pytest.fixture
def other(village: Village) -> Scope:
    return scope_for(staff("mai", "Mai Thị Sáu", Role.WARD_OFFICER, commune("Xã Bình Tiến")))


def sign_in(context: Any, url: str, account: StaffAccount) -> None:
    client = Client()
    client.force_login(account)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": url}])


Phone = Callable[..., Any]


@pytest.fixture
def phone(live_server: Any, village: Village, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Phone]:
    """Opens the same phone again and again, `card` before its camera: what it keeps outlives its browser.

    Faults of script are failures.
    """
    playwright = pytest.importorskip("playwright.sync_api")
    if not (chromium := shutil.which("chromium")):
        pytest.skip("no chromium on this machine")
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright's loop runs in this thread; nobody awaits in it
    errors: list[str] = []
    with playwright.sync_playwright() as p:

        def opened(card: str = "") -> Any:
            context = p.chromium.launch_persistent_context(
                tmp_path / "phone",
                executable_path=chromium,
                args=[*FLAGS, *(before_the_camera(card, tmp_path) if card else [])],
                viewport=PHONE,
                locale="vi-VN",
                base_url=live_server.url,
            )
            context.on("weberror", lambda error: errors.append(str(error.error)))
            context.on("console", lambda m: errors.append(m.text) if "Security Policy" in m.text else None)
            return context

        yield opened
        connections.close_all()  # inside of Playwright's loop Django opens connections of its own
    assert errors == []


def picture(page: Any, name: str, top: str = "body") -> None:
    if folder := os.environ.get("KSDB_GUIDE_PICTURES"):
        page.locator(top).first.evaluate("part => part.scrollIntoView()")
        page.screenshot(path=Path(folder) / f"{name}.png")


def door(page: Any, address: str) -> Any:
    heading = page.get_by_role("heading", name=address, exact=True)
    return page.locator("section.door").filter(has=heading)


def occupant(page: Any, name: str) -> Any:
    return page.locator(".occupant").filter(has_text=name)


def _share(page: Any) -> str:
    page.goto("/doors/")
    text = page.locator(".figures").inner_text()
    return re.search(r"\d+,\d %", text.replace("\xa0", " "))[0]  # type: ignore[index]


def _covered() -> tuple[int, int | None]:
    """What coverage tells of the commune."""
    refresh(system_scope())
    share = coverage_of(system_scope(), commune("Xã Bình Tiến").pk).share
    return share.part, share.whole


NEWCOMER = (
    "Họ và tên,Ngày sinh,Thôn,Địa chỉ\r\n"
    "Nguyễn Thị Lành,08/03/1956,Thôn Đông,30 xóm Chợ\r\n"
    'Nguyen Thi Lanh,08/03/1956,Thôn Đông,"30, xóm chợ"\r\n'
    "Nguyễn Thị Hiền,31/02/1956,Thôn Đông,30 xóm Chợ\r\n"
).encode()
"""One person twice, and one whose date is no day."""


def _bring_in(page: Any) -> None:
    """The list of a newcomer's home, from the file to the report; the worker's part is done here."""
    page.goto("/imports/")
    page.get_by_label("Tệp").set_input_files({"name": "ho-moi.csv", "mimeType": "text/csv", "buffer": NEWCOMER})
    if page.locator("[name=division] option[value='']").count():
        page.locator("[name=division]").select_option(str(commune("Xã Bình Tiến").pk))
    page.get_by_role("button", name="Tải lên và kiểm tra").click()
    page.wait_for_url(re.compile(r"/imports/\d+/$"))
    source = Import.objects.get()
    check_list(import_id=source.pk, actor_id=None)
    start = page.get_by_role("button", name="Nhập danh sách", exact=True)
    start.wait_for()
    assert page.get_by_role("cell", name="không nhập").count() >= 1
    picture(page, "08-xem-truoc", "main")
    start.click()
    page.get_by_role("button", name="Nhập danh sách", exact=True).wait_for(state="detached")
    run_import(import_id=source.pk, actor_id=None)
    page.get_by_role("button", name="Tải tệp cần sửa").wait_for()
    source.refresh_from_db()
    assert (source.imported_count, source.rejected_count) == (2, 1)


def _merge(page: Any) -> None:
    """The two records of one person, as the search that follows an import brings them to the queue."""
    search_pairs(system_scope(), is_whole=True)
    page.reload()
    page.get_by_role("link", name="Hồ sơ có thể trùng").click()
    page.locator("tbody a").first.click()
    picture(page, "09-ho-so-trung", "main")
    page.locator("[name=survivor]").first.check()
    page.locator("[name=confirmed]").check()
    page.get_by_role("button", name="Gộp hai hồ sơ").click()
    page.get_by_role("button", name="Gộp hai hồ sơ").wait_for(state="detached")
    assert Resident.objects.exclude(merged_into=None).count() == 1


def test_the_officers_day_from_55_percent_upward(
    phone: Phone, live_server: Any, village: Village, officer_account: StaffAccount
) -> None:
    context = phone()
    sign_in(context, live_server.url, officer_account)
    page = context.pages[0]
    assert _share(page) == "55,0 %"
    assert _covered() == (11, 20)
    _bring_in(page)
    _merge(page)
    assert _share(page) == "52,4 %"
    picture(page, "01-cac-to", "main")
    page.get_by_role("link", name="Thôn Đông").click()
    assert page.locator(".door__address").all_inner_texts() == [
        "1 xóm Chợ", "3 xóm Chợ", "20 xóm Chợ", "30 xóm Chợ", "4 xóm Đình", "9 xóm Đình", "9/2 xóm Đình", "12 xóm Đình",
    ]  # fmt: skip
    picture(page, "02-tung-nha", ".doors__filter")
    looked_at(page, "doors")
    page.set_viewport_size(PHONE)

    occupant(page, "Bùi Văn Lộc").get_by_role("combobox").select_option("works_away")
    occupant(page, "Bùi Văn Lộc").get_by_role("button", name="Ghi").click()
    page.get_by_text("Đã ghi.").wait_for()
    assert door(page, "20 xóm Chợ").count() == 0

    for home, name, by in [("4 xóm Đình", "Nguyễn Thị Năm", "number"), ("3 xóm Chợ", "Huỳnh Văn Đức", "token")]:
        card = village.shown(name) if by == "number" else village.tokens[village.people[name].pk]
        field = door(page, home).get_by_role("textbox")
        field.press_sequentially(card)
        field.press("Enter")
        page.get_by_text("Đã giao thẻ. Thẻ dùng được ngay từ bây giờ.").wait_for()
    picture(page, "03-da-giao", "main")

    assert _share(page) == "65,0 %"  # of twenty: who works away is out of the count, here and in coverage
    assert _covered() == (13, 20)
    page.goto("/coverage/?era=2021-07-01")
    assert "65,0 %" in page.locator("main").inner_text().replace("\xa0", " ")
    picture(page, "10-do-phu", "main")
    page.goto("/doors/")
    row = page.get_by_role("row").filter(has_text="Lê Văn Bình").last
    assert [int(cell) for cell in row.locator(".govuk-table__cell--numeric").all_inner_texts()] == [3, 1, 2]
    context.close()


def test_the_wrong_card_stays_in_the_hand(
    phone: Phone, live_server: Any, village: Village, officer_account: StaffAccount, tmp_path: Path
) -> None:
    context = phone()
    sign_in(context, live_server.url, officer_account)
    page = context.pages[0]
    page.goto(f"/doors/{village.group.pk}/?only=1")
    field = door(page, "3 xóm Chợ").get_by_role("textbox")
    field.fill(village.number("Phan Văn Mười"))
    field.press("Enter")
    page.get_by_text("Thẻ này là của người ở hộ khác.").wait_for()
    picture(page, "04-nham-the", "main")
    assert Card.objects.filter(status=CardStatus.ISSUED).count() == 3

    person = village.people["Huỳnh Văn Đức"]

    # This browser has no camera: a picture of the code does as well.
    door(page, "3 xóm Chợ").get_by_role("button", name="Máy ảnh").click()
    page.get_by_text("Trình duyệt này không mở được máy ảnh.").wait_for()
    chosen = page.get_by_label("Hoặc chụp ảnh thẻ")
    chosen.set_input_files(_photo(tmp_path, "https://example.org/"))
    page.get_by_text("Mã này không phải của thẻ.").wait_for()
    looked_at(page, "doors-camera")
    page.set_viewport_size(PHONE)
    chosen.set_input_files(_photo(tmp_path, village.tokens[person.pk]))
    page.get_by_text("Đã giao thẻ. Thẻ dùng được ngay từ bây giờ.").wait_for()
    assert Card.objects.filter(status=CardStatus.ISSUED).count() == 2
    for path in (f"{village.group.pk}/order/", f"{village.group.pk}/helpers/", f"residents/{person.pk}/", "day/"):
        page.goto(f"/doors/{path}")
        looked_at(page, f"doors-{path.strip('/').replace('/', '-')}")
    page.goto(f"/doors/{village.group.pk}/")
    page.get_by_label("Để làm gì").select_option("doors")
    page.get_by_role("button", name="Bản in").click()
    page.locator(".paper__table").wait_for()
    looked_at(page, "doors-paper")
    context.close()


def _photo(folder: Path, text: str) -> Path:
    scanner.film(folder / "photo.jpg", [scanner.frame(text, 8, 1, 0.7)])
    return folder / "photo.jpg"


def test_without_script_the_list_is_a_page_of_forms(
    phone: Phone, live_server: Any, village: Village, officer_account: StaffAccount
) -> None:
    first = phone()
    context = first.browser.new_context(java_script_enabled=False, base_url=live_server.url) if first.browser else first
    if context is first:
        first.route("**/*.js", lambda route: route.abort())
    sign_in(context, live_server.url, officer_account)
    page = context.new_page()
    page.goto(f"/doors/{village.group.pk}/?only=1")
    assert not page.get_by_role("button", name="Mang theo trên máy này").is_visible()
    occupant(page, "Bùi Văn Lộc").get_by_role("combobox").select_option("moved")
    occupant(page, "Bùi Văn Lộc").get_by_role("button", name="Ghi").click()
    page.get_by_text("Đã ghi.").wait_for()
    assert MissingReason.objects.get().reason == "moved"
    first.close()


def _taken_along(page: Any, village: Village) -> None:
    page.goto(f"/doors/{village.group.pk}/?only=1")
    page.get_by_label("Để làm gì").select_option("doors")
    page.get_by_role("button", name="Mang theo trên máy này").click()
    page.wait_for_url("**/doors/day/")
    page.locator("#day[data-ready]").wait_for()


def _left(page: Any) -> str:
    return page.locator("[data-status]").get_attribute("data-left") or ""


def test_a_day_without_network(
    phone: Phone, live_server: Any, village: Village, officer_account: StaffAccount, other: Scope
) -> None:
    """Noted offline, the browser closed and opened, the network back: all arrives once, and a conflict is shown."""
    context = phone(card=village.tokens[village.people["Nguyễn Thị Năm"].pk])
    sign_in(context, live_server.url, officer_account)
    page = context.pages[0]
    _taken_along(page, village)
    picture(page, "05-mang-theo")

    context.set_offline(True)
    page.reload()
    occupant(page, "Bùi Văn Lộc").wait_for()
    assert occupant(page, "Đặng Văn Quý").count() == 0  # has a card: by name nobody is taken along without need
    _note(page, "Bùi Văn Lộc", "works_away")
    _note(page, "Võ Văn Hai", "refuses")
    _note(page, "Lê Thị Bảy", "no_phone")
    _scan(page, "3 xóm Chợ", "Thẻ này là của hộ khác: 4 xóm Đình.")
    _scan(page, "4 xóm Đình", "Thẻ của Nguyễn Thị Năm.")
    _hand_over(page, "3 xóm Chợ", village.tokens[village.people["Huỳnh Văn Đức"].pk], "Thẻ của Huỳnh Văn Đức.")
    _say(page, "9 xóm Đình", village.number("Phan Văn Mười"), "Thẻ này là của hộ khác: 9/2 xóm Đình.")
    door(page, "1 xóm Chợ").get_by_role("button", name="Đã ghé").click()
    page.locator("[data-status][data-left='6']").wait_for()
    picture(page, "06-mat-mang")
    context.close()
    assert DoorNote.objects.count() == 0

    meanwhile = village.people["Võ Văn Hai"]
    take_note(other, _of_other(village, meanwhile))

    context = phone()
    context.set_offline(True)
    context.clear_cookies()  # the session ended meanwhile, as it does after a while without a request
    page = context.pages[0]
    page.goto("/doors/day/")
    page.locator("[data-status][data-left='6']").wait_for()
    assert occupant(page, "Bùi Văn Lộc").get_by_text("chưa gửi").is_visible()
    context.set_offline(False)
    page.get_by_role("button", name="Đăng nhập").wait_for()
    assert DoorNote.objects.count() == 1  # the other's
    sign_in(context, live_server.url, officer_account)
    page.goto("/doors/day/")
    page.get_by_text("Đã gửi hết.").wait_for()

    own = DoorNote.objects.filter(actor=officer_account)
    assert sorted(own.values_list("kind", "outcome")) == [
        ("hand_over", "done"),
        ("hand_over", "done"),
        ("reason", "conflict"),
        ("reason", "done"),
        ("reason", "done"),
        ("visited", "done"),
    ]
    assert _covered() == (13, 18)  # one works away, one studies elsewhere, as the other said
    clash = page.locator(".clash")
    assert "Mai Thị Sáu" in clash.inner_text()
    assert MissingReason.objects.get(resident=meanwhile, withdrawn_at=None).reason == "studies_elsewhere"
    picture(page, "07-khac-nhau")
    clash.get_by_role("button", name="Đúng là: Không muốn nhận thẻ").click()
    clash.wait_for(state="detached")
    assert MissingReason.objects.get(resident=meanwhile, withdrawn_at=None).reason == "refuses"
    page.reload()
    page.get_by_text("Đã gửi hết.").wait_for()
    assert own.count() == 6


def _of_other(village: Village, resident: Resident) -> Note:
    return Note(
        key=uuid4(),
        kind=NoteKind.REASON,
        group=village.group.pk,
        household=resident.household_id or 0,
        resident=resident.pk,
        reason=Reason.STUDIES_ELSEWHERE,
    )


def _note(page: Any, name: str, reason: str) -> None:
    occupant(page, name).get_by_role("combobox").select_option(reason)
    occupant(page, name).get_by_role("button", name="Ghi", exact=True).click()
    occupant(page, name).get_by_text("chưa gửi").wait_for()


def _hand_over(page: Any, home: str, card: str, told: str) -> None:
    _say(page, home, card, told)


def before_the_camera(token: str, folder: Path) -> list[str]:
    """The flags of a browser that sees nothing at first, and then a card with this code in a hand that is not still."""
    empty = scanner.frame("1", 0, 20, 0.3)
    turned = [scanner.frame(token, degrees, 1.2, 0.5) for degrees in (-12, -7, -2, 4, 9)]
    scanner.film(folder / "card.mjpeg", [empty, empty, *turned])
    fakes = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    return [*fakes, f"--use-file-for-fake-video-capture={folder / 'card.mjpeg'}"]


def _scan(page: Any, home: str, told: str) -> None:
    """With the camera, which is off again afterwards."""
    door(page, home).get_by_role("button", name="Máy ảnh").click()
    page.get_by_text(told).first.wait_for()
    assert page.locator("dialog[open]").count() == 0
    assert page.evaluate("document.querySelector('#camera video').srcObject") is None


def _say(page: Any, home: str, card: str, told: str) -> None:
    field = door(page, home).get_by_role("textbox")
    field.fill(card)
    field.press("Enter")
    page.get_by_text(told).first.wait_for()


def test_an_answer_that_got_lost_is_asked_for_again(
    phone: Phone, live_server: Any, village: Village, officer_account: StaffAccount
) -> None:
    """The server does what it was sent, and the phone never hears of it: sent again, it is not done again.

    The card is that of a person of no household: no other card is handed over there.
    """
    loose = village.people["Nguyễn Thị Năm"]
    loose.household = None
    loose.save()
    context = phone()
    sign_in(context, live_server.url, officer_account)
    page = context.pages[0]
    _taken_along(page, village)

    def lose(route: Any) -> None:
        route.fetch()
        route.abort()

    page.route("**/doors/notes/", lose)
    _say(page, "Không thuộc hộ nào", village.number("Phan Văn Mười"), "Thẻ này là của hộ khác: 9/2 xóm Đình.")
    assert door(page, "Không thuộc hộ nào").get_by_role("button", name="Đã ghé").count() == 0
    _hand_over(page, "Không thuộc hộ nào", village.number("Nguyễn Thị Năm"), "Thẻ của Nguyễn Thị Năm.")
    page.locator("[data-status][data-left='1']").wait_for()
    page.unroute("**/doors/notes/")
    page.get_by_role("button", name="Gửi ngay").click()
    page.get_by_text("Đã gửi hết.").wait_for()
    assert page.locator(".clash").count() == 0
    assert list(DoorNote.objects.values_list("kind", "outcome")) == [("hand_over", "done")]
    context.close()


def test_nothing_readable_lies_on_the_phone_and_signing_out_removes_all(
    phone: Phone, live_server: Any, village: Village, officer_account: StaffAccount
) -> None:
    context = phone()
    sign_in(context, live_server.url, officer_account)
    page = context.pages[0]
    _taken_along(page, village)
    kept = page.evaluate(READ_STORE)
    assert len(kept["sealed"]) == 1
    assert kept["extractable"] is False
    assert "Bùi" not in kept["text"]
    page.goto("/doors/")
    page.get_by_role("button", name="Đăng xuất").click()
    page.get_by_role("heading", name="Đã gửi hết chưa?").wait_for()
    page.get_by_role("button", name="Đăng xuất và xóa danh sách").click()
    page.wait_for_url("**/sign-in/**")
    assert page.evaluate("indexedDB.databases().then(all => all.map(one => one.name))") == []
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then(all => all.length)") == 0
    context.close()


READ_STORE = """async () => {
  const db = await new Promise(resolve => {
    const asking = indexedDB.open('ksdb-doors')
    asking.onsuccess = () => resolve(asking.result)
  })
  const all = name => new Promise(resolve => {
    const asking = db.transaction(name).objectStore(name).getAll()
    asking.onsuccess = () => resolve(asking.result)
  })
  const [sealed, keys] = [await all('sealed'), await all('keys')]
  db.close()
  const text = sealed.map(one => new TextDecoder().decode(one.data)).join()
  return { sealed: sealed.map(one => Object.keys(one)), extractable: keys[0].extractable, text }
}"""


def test_the_list_of_another_day_is_gone(
    phone: Phone, live_server: Any, village: Village, officer_account: StaffAccount
) -> None:
    context = phone()
    sign_in(context, live_server.url, officer_account)
    page = context.pages[0]
    _taken_along(page, village)
    page.clock.install(time=now().timestamp() + 86_400)
    page.reload()
    page.get_by_text("Trên máy này không có danh sách nào").wait_for()
    assert occupant(page, "Bùi Văn Lộc").count() == 0
    context.close()
