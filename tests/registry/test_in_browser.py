"""The officer's way from a file to the report, and a chip card read at the desk, in a real Chromium."""

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.test import Client
from playwright.sync_api import expect
from tests.conftest import commune, resident_of, staff
from tests.looking import looked_at
from tests.registry.lists import content, person, workbook
from tests.registry.test_previews import STRANGE

from ksdb.access.models import StaffAccount
from ksdb.core.scope import Role
from ksdb.registry.jobs import check_list, run_import
from ksdb.registry.models import Import, Resident

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
OTHER_CARD = "046056000028||Trần Văn Tám|01021956|Nam|5 Kim Trà|01052021"
CARD = "046156000011||Nguyễn Thị Lan|05091956|Nữ|12 Lý Thái Tổ|01052021"
NAMED = {"Người": "name", "Sinh vào": "birth", "Khối": "group", "Số thẻ": "id_number", "Sổ": "household"}


@pytest.fixture
def binh_at_work(clean_registry: None) -> StaffAccount:
    resident_of(commune("Phường Hương Vân"), "Trần Văn Tám", 1940)
    return staff("binh", "Lê Văn Bình", Role.WARD_OFFICER, commune("Phường Hương Vân"))


@pytest.fixture
def page(live_server: Any, binh_at_work: StaffAccount) -> Iterator[Any]:
    """Bình's browser, signed in; errors of policy and script are failures."""
    playwright = pytest.importorskip("playwright.sync_api")
    if not (chromium := shutil.which("chromium")):
        pytest.skip("no chromium on this machine")
    client = Client()
    client.force_login(binh_at_work)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    assert SessionStore(cookie["value"]).load()
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(base_url=live_server.url)
        page.context.add_cookies([cookie])
        errors: list[str] = []
        page.on(
            "console",
            lambda told: errors.append(told.text) if told.type == "error" and "422" not in told.text else None,
        )
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
        browser.close()
        assert errors == []


def apart(act: Callable[[], Any]) -> Any:
    """In a thread of its own: the browser's loop runs in this one, and Django keeps away from it."""

    def acted() -> Any:
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(acted).result()


def test_a_list_with_strange_headings_from_upload_to_report(page: Any, tmp_path: Path) -> None:
    path = tmp_path / "danh sách.xlsx"
    path.write_bytes(content(workbook(person(1), person(2, birth="09/13/1956"), person(3), heading=STRANGE)))
    page.goto("/imports/")
    page.get_by_label("Tệp").set_input_files(path)
    page.get_by_role("button", name="Tải lên và kiểm tra").click()
    page.wait_for_url("**/columns/")
    looked_at(page, "columns")
    page.get_by_role("button", name="Kiểm tra danh sách").click()
    page.get_by_text("Hãy chọn cột cho").first.wait_for()
    for heading, column in NAMED.items():
        page.get_by_label(heading, exact=True).select_option(column)
    page.get_by_role("button", name="Kiểm tra danh sách").click()
    number = apart(Import.objects.get).pk
    page.wait_for_url(f"**/imports/{number}/")
    assert page.get_by_text("Đang kiểm tra danh sách").is_visible()
    apart(lambda: check_list(import_id=number, actor_id=None))
    page.get_by_role("button", name="Nhập danh sách", exact=True).wait_for()
    assert apart(Resident.objects.filter(source_id=number).count) == 0
    page.reload()
    looked_at(page, "preview")
    assert page.get_by_role("cell", name="không nhập").first.is_visible()
    page.get_by_role("button", name="Nhập danh sách", exact=True).click()
    apart(lambda: run_import(import_id=number, actor_id=None))
    page.get_by_role("button", name="Tải tệp cần sửa").wait_for()
    looked_at(page, "report")
    assert apart(Resident.objects.filter(source_id=number).count) == 2


def test_a_chip_card_typed_by_a_reader_fills_the_desk_s_form(page: Any) -> None:
    page.goto("/residents/new/")
    page.get_by_label("Mã trên thẻ căn cước").focus()
    page.keyboard.type(CARD, delay=2)
    page.keyboard.press("Enter")
    page.get_by_text("Đã điền các ô theo mã").wait_for()
    assert page.get_by_label("Họ và tên").input_value() == "Nguyễn Thị Lan"
    assert page.get_by_label("Ngày sinh").input_value() == "05/09/1956"
    assert page.get_by_label("Mã trên thẻ căn cước").input_value() == ""
    looked_at(page, "desk")
    page.locator("[name=phone]").fill("0905111222")
    page.get_by_label("Tổ dân phố").fill("1")
    for name, phone, code in [("Trần Văn Tám", "0905111333", OTHER_CARD), ("Nguyễn Thị Lan", "", CARD)]:
        page.get_by_label("Mã trên thẻ căn cước").focus()
        page.keyboard.type(code, delay=2)
        page.keyboard.press("Enter")
        expect(page.locator("[name=name]")).to_have_value(name)
        expect(page.locator("[name=phone]")).to_have_value("")  # that of the person before
        page.locator("[name=phone]").fill(phone)
    assert page.get_by_label("Tổ dân phố").input_value() == "1"
    page.get_by_label("Số hộ").fill("7")
    page.get_by_role("button", name="Đăng ký", exact=True).click()
    page.get_by_text("Đã đăng ký người này").wait_for()
    lan = apart(lambda: Resident.objects.get(full_name="Nguyễn Thị Lan"))
    assert f"/residents/{lan.pk}/" in page.url
    page.goto("/residents/new/")
    page.keyboard.type(CARD.replace("Nguyễn Thị", "Nguye6n Thi5"), delay=2)
    page.keyboard.press("Tab")
    page.get_by_text("UniKey, Telex, VNI").wait_for()
    page.get_by_label("Họ và tên").fill("Nguyễn Thị Lan")
    page.get_by_label("Tổ dân phố").fill("1")
    page.get_by_role("button", name="Đăng ký", exact=True).click()
    page.get_by_role("alert").wait_for()
    looked_at(page, "desk_asks")
    page.get_by_role("link", name="Nguyễn Thị Lan, 05/09/1956").click()
    assert f"/residents/{lan.pk}/" in page.url
    page.get_by_role("link", name="Sửa hồ sơ này").click()
    looked_at(page, "correct")
    page.get_by_label("Hoặc họ tên người giám hộ").fill("tran van tam")
    page.get_by_label("Năm sinh của người giám hộ").fill("1940")
    page.get_by_role("button", name="Lưu thông tin đã sửa").click()
    page.get_by_label("Trần Văn Tám, 1940").check()
    looked_at(page, "guardian")
    page.get_by_role("button", name="Lưu thông tin đã sửa").click()
    page.get_by_role("link", name="Trần Văn Tám").wait_for()
