"""What goes wrong on a device: its disk, its clock, its camera, a browser that is too old, a week without a network."""

import json
import re
import time
from typing import Any
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from tests.gateway import scanner
from tests.gateway.browsing import PHONE, TAKE, chromium, context, door, page, playwright, served, until_stored
from tests.gateway.devices import GatewayProcess
from tests.gateway.town import LAN, LOST, Town, token_of

__all__ = ["chromium", "context", "door", "page", "playwright", "served"]
pytestmark = pytest.mark.browser

CLOSED = """async () => (await (await import("/scanner/db.js")).database()).close()"""
BROKEN = """() => {
  window.add = IDBObjectStore.prototype.add;
  IDBObjectStore.prototype.add = () => { throw new DOMException("the disk is gone", "UnknownError"); };
}"""
MENDED = "() => { IDBObjectStore.prototype.add = window.add; }"
ONLINE = "window.dispatchEvent(new Event('online'))"


@pytest.mark.django_db
def test_the_check_of_browsers_is_written_for_the_oldest(served: GatewayProcess) -> None:
    """The one test here that is marked for the database: by it pytest-django knows to make one."""
    with urlopen(f"http://127.0.0.1:{served.port}/scanner/fit.js") as answer:
        script = re.sub(r"/\*.*?\*/", "", answer.read().decode(), flags=re.DOTALL)
    assert re.findall(r"=>|`|\?\.|\?\?|\b(?:const|let|class|async|await|import|export)\b", script) == []


def test_what_was_not_kept_is_said_and_never_green(page: Page, town: Town) -> None:
    assert page.evaluate(TAKE, [token_of(LAN), "reader"]) == "accepted"
    page.evaluate(CLOSED)
    assert page.evaluate(TAKE, [token_of(LAN), "reader"]) == "accepted", "a database that closed is opened again"
    page.evaluate(BROKEN)
    text = token_of(LOST, lasts_seconds=4000)
    assert page.evaluate(TAKE, [text, "camera"]) == "not_saved"
    assert "refused" in (page.locator(".lane").get_attribute("class") or "")
    assert page.locator(".lane .word").text_content() == "CHƯA LƯU!"
    page.evaluate(MENDED)
    assert page.evaluate(TAKE, [text, "camera"]) == "revoked", "it is not taken for the card that is still there"
    assert page.evaluate(TAKE, [text, "camera"]) is None
    assert [row[1] for row in until_stored(town, 2)] == [1, 2]


MOVABLE = """window.ahead = 0; const real = Date.now; Date.now = () => real() + window.ahead;"""
HOUR = 3_600_000


def test_a_clock_that_is_set_right_does_not_move_the_scans_before(chromium: Browser, door: GatewayProcess) -> None:
    """Two hours ahead, noticed by the first answer, whatever it answers; then set right without a network."""
    context = chromium.new_context(viewport=PHONE, service_workers="block")  # whose sendings are not seen here
    context.add_init_script(MOVABLE)
    page = scanner.opened(context, door.port, is_kept=False)
    page.evaluate("ahead => { window.ahead = ahead; }", 2 * HOUR)
    page.evaluate("async () => (await import('/scanner/clock.js')).epochNow()")
    page.evaluate(ONLINE)
    page.locator(".notices .amber", has_text="Đồng hồ thiết bị lệch 2 giờ").wait_for(timeout=15_000)
    context.set_offline(True)
    page.evaluate(TAKE, [token_of(LAN), "reader"])
    page.evaluate("() => { window.ahead = -600000; }")
    page.evaluate(TAKE, [token_of(LAN), "reader"])
    page.evaluate("() => { window.ahead = -1200000; }")
    page.evaluate(TAKE, [token_of(LAN), "reader"])
    bodies: list[Any] = []
    page.on("request", lambda one: bodies.append(json.loads(one.post_data or "")) if "/v1/scans" in one.url else None)
    with page.expect_response(lambda answer: "status-list" in answer.url):
        context.set_offline(False)
    page.locator('[data-safe="3"]').wait_for()
    sent = {scan["sequence"]: scan.get("ahead_ms") for body in bodies for scan in body["scans"]}
    assert abs(sent[1] - 2 * HOUR) < 60_000, "as it was told before"
    assert abs(sent[2] - -600_000) < 60_000, "worked out from what is told now and by how much it was set back"
    assert sent[3] is None, "the gateway sees that itself"
    assert bodies[-1]["state"]["waiting_count"] == 0
    page.locator(".notices .amber", has_text="Đồng hồ thiết bị lệch 20 phút").wait_for()
    context.close()


def test_a_week_without_a_network(context: BrowserContext, door: GatewayProcess, town: Town) -> None:
    """A day: amber; three: only signatures; after seven everything arrives, in order and a week apart."""
    town.rows("SELECT ensure_partitions(current_date - 8, current_date + 1)")
    context.clock.install()
    page = scanner.opened(context, door.port)
    good, lost = (token_of(index, lasts_seconds=30 * 86_400) for index in (LAN, LOST))
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    context.set_offline(True)
    assert page.evaluate(TAKE, [good, "reader"]) == "accepted"
    for hours, level, result in ((25, "amber", "revoked"), (48, "red", "unverified"), (95, "red", "unverified")):
        context.clock.fast_forward(hours * HOUR)
        page.locator(f".notices .{level}", has_text="Danh sách thẻ").wait_for()
        assert page.evaluate(TAKE, [lost, "reader"]) == result
    page.locator("#notices", has_text="4 lượt chờ gửi, cũ nhất 7 ngày").wait_for()
    context.set_offline(False)
    page.evaluate(ONLINE)
    page.locator('[data-scanned="4"][data-safe="4"]').wait_for()
    assert [row[1] for row in until_stored(town, 1)] == [1]
    stored = town.rows(
        "SELECT sequence, scanned_at FROM visit UNION SELECT sequence, scanned_at FROM refusal ORDER BY 1"
    )
    assert [sequence for sequence, _ in stored] == [1, 2, 3, 4]
    assert abs((stored[3][1] - stored[0][1]).total_seconds() - 168 * 3600) < 120


def test_a_storage_that_fills_up_is_said_before_it_is_full(context: BrowserContext, door: GatewayProcess) -> None:
    context.add_init_script("StorageManager.prototype.estimate = async () => ({usage: 81, quota: 100});")
    page = scanner.opened(context, door.port)
    page.locator(".notices .red", has_text="Bộ nhớ sắp đầy (81 %)").wait_for()


NATIVE = """
window.looks = 0;
window.BarcodeDetector = class {
  static async getSupportedFormats() { return ["ean_13", "qr_code"]; }
  async detect(video) {
    if (!(video instanceof HTMLVideoElement) || !video.videoWidth) throw new Error("nothing to look at");
    looks += 1;
    if (window.isBroken) throw new Error("its service is gone");
    return window.text ? [{rawValue: window.text}] : [];
  }
};
const post = Worker.prototype.postMessage;
window.pictures = 0;
Worker.prototype.postMessage = function (said, given) { window.pictures += 1; return post.call(this, said, given); };
"""


def test_the_browsers_own_reader_is_asked_first_and_ours_goes_on_where_it_fails(
    context: BrowserContext, door: GatewayProcess, town: Town
) -> None:
    context.add_init_script(NATIVE)
    page = scanner.opened(context, door.port)
    page.evaluate("(text) => { window.text = text; }", token_of(LAN))
    page.locator("#camera-toggle").click()
    scanner.wait_for_result(page, "accepted")
    assert page.evaluate("pictures") == 0, "what it saw needed no second look"
    page.evaluate("() => { window.text = ''; }")
    _until(page, "pictures > 1")
    page.evaluate("() => { window.isBroken = true; }")
    looks, pictures = page.evaluate("[looks, pictures]")
    _until(page, f"pictures > {pictures + 3}")
    assert page.evaluate("looks") <= looks + 1, "it is not asked again"
    assert [row[2] for row in until_stored(town, 1)] == [LAN]


def _until(page: Page, script: str) -> None:
    deadline = time.monotonic() + 20
    while not page.evaluate(script):
        assert time.monotonic() < deadline, script
        page.wait_for_timeout(50)


def test_a_reader_of_codes_that_does_not_load_is_said(chromium: Browser, door: GatewayProcess) -> None:
    """The camera is shut with a sentence, and opened again when the engine is there."""
    context = chromium.new_context(viewport=PHONE, service_workers="block")
    page = scanner.opened(context, door.port, is_kept=False)
    page.route("**/vendor/*", lambda route: route.abort())
    page.locator("#camera-toggle").click()
    page.locator("#camera-fault", has_text="Bộ đọc mã không chạy được").wait_for()
    assert not page.locator("#video").is_visible()
    page.unroute("**/vendor/*")
    page.locator("#camera-toggle").click()
    page.locator("#video").wait_for()
    assert page.locator("#camera-fault").text_content() == ""
    context.close()


@pytest.mark.parametrize(
    ("lacks", "words"),
    [
        ("delete window.DecompressionStream;", "Cần Chrome hoặc Edge từ 108"),
        ("Object.defineProperty(window, 'isSecureContext', {value: false});", "Hãy mở https://"),
    ],
)
def test_a_browser_that_cannot_do_it_says_so(
    context: BrowserContext, door: GatewayProcess, lacks: str, words: str
) -> None:
    context.add_init_script(lacks)
    page = context.new_page()
    page.goto(f"http://localhost:{door.port}/scanner/")
    page.locator("#unfit", has_text=words).wait_for()
    assert not page.locator("#enrol").is_visible()
