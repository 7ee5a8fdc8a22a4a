"""The gallery in a real Chromium, on a phone and on a desk.

KSDB_SHOTS names a folder to leave pictures in.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.wsgi import get_wsgi_application
from tests.looking import violations

pytestmark = [pytest.mark.browser, pytest.mark.urls("tests.web.gallery")]

SIZES = {"phone": (360, 740), "narrow": (320, 640), "desk": (1280, 800)}
PAGES = {
    "desk": "/coverage/divisions/",
    "resident": "/resident/",
    "errors": "/resident/?errors",
    "lost": "/lost/",
    "missing": "/nowhere/",
}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Tests need no log of requests."""


@pytest.fixture
def address(settings: Any) -> Iterator[str]:
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    with make_server("127.0.0.1", 0, StaticFilesHandler(get_wsgi_application()), _Server, _Quiet) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    if not (chromium := shutil.which("chromium")):
        pytest.skip("no chromium on this machine")
    with playwright.sync_playwright() as p:
        yield p.chromium.launch(executable_path=chromium, args=FLAGS)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("page_name", PAGES)
def test_page_fits_and_is_accessible(browser: Any, address: str, page_name: str, size: str) -> None:
    width, height = SIZES[size]
    page = browser.new_context(viewport={"width": width, "height": height}, locale="vi-VN").new_page()
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if "Content Security Policy" in m.text else None)
    page.on("pageerror", lambda e: complaints.append(str(e)))
    page.goto(address + PAGES[page_name])
    _take_picture(page, f"{page_name}-{size}")
    assert complaints == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert _violations(page) == []


def test_errors_are_read_first(browser: Any, address: str) -> None:
    page = browser.new_context(locale="vi-VN").new_page()
    page.goto(address + PAGES["errors"])
    assert page.evaluate("document.activeElement.className") == "govuk-error-summary"
    page.locator(".govuk-error-summary a").first.click()
    assert page.evaluate("document.activeElement.id") == "id_name"


def test_a_list_is_filtered_in_place(browser: Any, address: str) -> None:
    page = browser.new_context(locale="vi-VN").new_page()
    page.goto(address)
    page.locator("[name=name]").fill("Hương")
    with page.expect_response("**/?name=*") as answer:
        page.get_by_role("button", name="Lọc").click()
    assert answer.value.request.headers["hx-request"] == "true"
    assert page.locator("[name=name]").input_value() == "Hương"
    assert page.locator("#rows tbody tr").count() == 6


def test_an_error_behind_a_button_is_seen(browser: Any, address: str) -> None:
    page = browser.new_context(locale="vi-VN").new_page()
    page.goto(address)
    with page.expect_response("**/lost/") as answer:
        page.get_by_role("button", name="In danh sách").click()
    assert answer.value.status == 404  # and not 403: the token went along
    page.get_by_role("heading", name="Không thực hiện được").wait_for()


def test_paper_has_the_table_and_no_chrome(browser: Any, address: str) -> None:
    page = browser.new_context(locale="vi-VN").new_page()
    page.goto(address)
    page.emulate_media(media="print")
    _take_picture(page, "desk-paper")
    assert page.locator("table").is_visible()
    assert not any(page.locator(part).is_visible() for part in (".masthead", ".rooms", ".filters", ".govuk-pagination"))


def _take_picture(page: Any, name: str) -> None:
    if folder := os.environ.get("KSDB_SHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def _violations(page: Any) -> list[str]:
    return [f"{v['id']}: {n['html'][:120]}" for v in violations(page) for n in v["nodes"]]
