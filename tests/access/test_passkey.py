"""A passkey in a real Chromium, whose authenticator the browser itself plays (WebAuthn over the DevTools protocol)."""

import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from tests.conftest import PASSWORD, commune, staff

from ksdb.access.models import StaffAccount
from ksdb.core.scope import Role

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PHONE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def binh_at_work(clean_registry: None) -> StaffAccount:
    return staff("binh", "Lê Văn Bình", Role.WARD_OFFICER, commune("Phường Hương Vân"))


@pytest.fixture
def page(live_server: Any, binh_at_work: StaffAccount) -> Iterator[Any]:
    """A browser whose errors of policy and script are failures."""
    playwright = pytest.importorskip("playwright.sync_api")
    if not (chromium := shutil.which("chromium")):
        pytest.skip("no chromium on this machine")
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(base_url=live_server.url)
        errors: list[str] = []
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
        browser.close()
        assert errors == []


def _sign_in(page: Any) -> None:
    page.goto("/sign-in/")
    page.get_by_label("Tên đăng nhập").fill("binh")
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_role("button", name="Đăng nhập", exact=True).click()


def test_a_passkey_is_added_and_opens(page: Any) -> None:
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    phone = session.send("WebAuthn.addVirtualAuthenticator", {"options": PHONE})["authenticatorId"]
    _sign_in(page)
    page.get_by_role("link", name="Dùng khóa truy cập (passkey) thay cho ứng dụng").click()
    page.get_by_role("button", name="Thêm", exact=True).click()
    page.wait_for_url("**/account/recovery-codes/")
    assert page.get_by_role("listitem").filter(has_text=re.compile(r"^\d{8}$")).count() == 10
    kept = session.send("WebAuthn.getCredentials", {"authenticatorId": phone})["credentials"]
    assert len(kept) == 1

    page.get_by_role("button", name="Đăng xuất").click()
    _sign_in(page)
    page.wait_for_url("**/sign-in/code/")
    page.get_by_role("button", name="Dùng khóa truy cập (passkey)", exact=True).click()
    page.wait_for_url("**/coverage/**")
    page.goto("/residents/")
    assert page.locator("h1").inner_text() == "Người dân"


def test_another_phone_opens_nothing(page: Any) -> None:
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    first = session.send("WebAuthn.addVirtualAuthenticator", {"options": PHONE})["authenticatorId"]
    _sign_in(page)
    page.goto("/account/passkeys/add/")
    page.get_by_role("button", name="Thêm", exact=True).click()
    page.wait_for_url("**/account/recovery-codes/")
    page.get_by_role("button", name="Đăng xuất").click()
    session.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": first})
    session.send("WebAuthn.addVirtualAuthenticator", {"options": PHONE})
    _sign_in(page)
    button = page.get_by_role("button", name="Dùng khóa truy cập (passkey)", exact=True)
    refusal = page.get_by_text("Trình duyệt không đưa ra khóa truy cập")
    button.wait_for()
    assert not refusal.is_visible()
    button.click()
    refusal.wait_for()
    assert page.url.endswith("/sign-in/code/")
