"""A shop from its registration to a device that is out of service, in a real Chromium and at a real gateway.

KSDB_GUIDE_PICTURES names a folder to leave the pictures of the guides src/ksdb/enrolment/static/enrolment/guides in.
"""

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.db import connection, connections
from django.test import Client
from psycopg.conninfo import make_conninfo
from tests.conftest import PASSWORD, commune, staff
from tests.gateway.devices import GatewayProcess, gateway
from tests.gateway.town import now_ms

from ksdb.config import settings
from ksdb.core.scope import Role, system_scope
from ksdb.visits.actions import keep_partitions

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
SHOP = "Tạp hóa Bà Năm"
COMMUNE = "Phường Hóa Châu"


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Messages to phones stand on a page."""
    monkeypatch.setenv("KSDB_IS_DEMO", "1")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def door(clean_registry: None) -> Iterator[GatewayProcess]:
    """The gateway as a process on the database that the pages write to."""
    keep_partitions(system_scope())
    url = make_conninfo(settings().database_url, dbname=connection.settings_dict["NAME"])
    with gateway(url) as process:
        yield process
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE visit, refusal, device_intake, device_state")


@pytest.fixture
def browser(demo: None, live_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Any]]:
    """Opens browsers of different people; faults of the policy are failures."""
    playwright = pytest.importorskip("playwright.sync_api")
    if not (chromium := shutil.which("chromium")):
        pytest.skip("no chromium on this machine")
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright's loop runs in this thread; nobody awaits in it
    errors: list[str] = []
    with playwright.sync_playwright() as p:
        program = p.chromium.launch(executable_path=chromium, args=FLAGS)

        def opened(width: int = 360) -> Any:
            size = {"width": width, "height": 740}
            context = program.new_context(base_url=live_server.url, locale="vi-VN", viewport=size)
            context.on("console", lambda m: errors.append(m.text) if "Security Policy" in m.text else None)
            return context.new_page()

        yield opened
        connections.close_all()  # inside of Playwright's loop Django opens connections of its own
    assert errors == []


def picture(page: Any, name: str) -> None:
    if folder := os.environ.get("KSDB_GUIDE_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def signed_in_as(page: Any, account: Any) -> None:
    client = Client()
    client.force_login(account)
    value = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": value, "url": page.context.browser and _url(page)}])


def _url(page: Any) -> str:
    return re.match(r"https?://[^/]+", page.url)[0]  # type: ignore[index]


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert holds()


def registered(page: Any, open_another: Callable[[], Any]) -> None:
    """The owner fills in the form and types the code from the outbox."""
    page.goto("/places/register/")
    picture(page, "dq-01-dang-ky")
    page.get_by_label("Tên nơi quét").fill(SHOP)
    page.get_by_label("Loại").select_option("shop")
    page.get_by_label("Phường, xã").fill("hoa chau")
    page.get_by_label("Địa chỉ").first.fill("12 Nguyễn Văn Linh")
    page.get_by_label("Giờ mở cửa").fill("00:00")
    page.get_by_label("Giờ đóng cửa").fill("23:59")
    page.get_by_label("Họ và tên của bạn").fill("Lê Thị Năm")
    page.get_by_label("Số điện thoại di động").fill("0905 123 456")
    page.get_by_role("button", name="Gửi mã đến điện thoại").click()
    page.get_by_role("heading", name="Mã gửi đến điện thoại").wait_for()
    picture(page, "dq-02-ma-otp")
    other = open_another()
    other.goto(page.url.split("/places")[0] + "/outbox/")
    code = re.search(r"\b\d{6}\b", other.locator(".govuk-summary-list__value").first.inner_text())[0]  # type: ignore[index]
    page.get_by_label("Mã", exact=False).first.fill(code)
    page.get_by_role("button", name="Tiếp tục").click()
    page.get_by_text("chờ phường, xã duyệt").wait_for()


def test_from_registering_to_out_of_service(
    browser: Callable[..., Any], door: GatewayProcess, live_server: Any
) -> None:
    owner, officer = browser(), browser(1280)
    registered(owner, browser)

    ward = staff("binh", "Lê Văn Bình", Role.WARD_OFFICER, commune(COMMUNE, date(2025, 7, 1)))
    officer.goto("/sign-in/")
    signed_in_as(officer, ward)
    officer.goto("/places/waiting/")
    officer.get_by_role("link", name=SHOP).click()
    officer.get_by_text("0905123456").wait_for()
    picture(officer, "dq-03-phuong-duyet")
    officer.get_by_role("button", name="Phê duyệt", exact=True).click()
    officer.get_by_role("heading", name=SHOP).wait_for()

    owner.reload()
    owner.get_by_role("button", name="Lấy đường dẫn đặt mật khẩu").click()
    name = owner.locator("strong").first.inner_text()
    owner.locator("#owner-link").click()
    owner.get_by_label("Mật khẩu mới").first.fill(PASSWORD)
    owner.get_by_label("Mật khẩu mới").last.fill(PASSWORD)
    owner.locator("main button").first.click()
    owner.get_by_label("Tên đăng nhập").fill(name)
    owner.get_by_label("Mật khẩu").fill(PASSWORD)
    owner.locator("main button").first.click()
    owner.get_by_role("link", name=SHOP).click()
    owner.get_by_role("button", name="Tạo mã cho máy mới").click()
    picture(owner, "dq-04-ma-may")
    code = owner.locator("#enrol-code").inner_text()

    base = f"http://127.0.0.1:{door.port}"
    enrolled = httpx.post(f"{base}/v1/enrol", json={"code": code, "name": "Cửa trước"}, timeout=20).json()
    assert enrolled["point"]["name"] == SHOP
    bearer = {"authorization": f"Bearer {enrolled['token']}"}

    def send() -> int:
        scan = {"sequence": 1, "token": "079201001234", "scanned_at": now_ms()}
        state = {"app_version": "1.0", "battery_percent": 61, "waiting_count": 0, "scanned_count": 1}
        body = {"sent_at": now_ms(), "scans": [scan], "state": state}
        return httpx.post(f"{base}/v1/scans", json=body, headers=bearer, timeout=20).status_code

    assert send() == 200
    assert httpx.post(f"{base}/v1/enrol", json={"code": code}, timeout=20).status_code == 404

    owner.get_by_role("button", name="Về danh sách máy").click()
    owner.get_by_text("đã quét 1 / đã lưu an toàn 1").wait_for()
    picture(owner, "dq-05-may-cua-toi")
    owner.get_by_role("link", name="Ngừng dùng").click()
    owner.get_by_role("button", name="Ngừng dùng").click()
    owner.get_by_text("đã ngừng dùng").first.wait_for()
    until(lambda: send() == 403)
