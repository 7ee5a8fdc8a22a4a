"""What the scanner reads with besides camera and keyboard, and what it does by itself: serial port, pictures, groups,
people inside, background sync, new tokens."""

import hashlib
import re
import time
from pathlib import Path
from urllib.request import urlopen

import cv2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.sync_api import BrowserContext, Page
from tests.gateway import scanner
from tests.gateway.browsing import (
    TAKE,
    chromium,
    context,
    door,
    page,
    playwright,
    served,
    shown,
    until_stored,
)
from tests.gateway.devices import GatewayProcess
from tests.gateway.town import ASKED, KEY, KID, LAN, MARKET, MARKET_TOKEN, Town, token_of

from ksdb.core.electronic import bind_token, show_code
from ksdb.core.token import Claims, Form
from ksdb.gateway.pages import FOLDER

__all__ = ["chromium", "context", "door", "page", "playwright", "served"]
pytestmark = pytest.mark.browser

HARDWARE = """
window.asked = [];
window.port = {
  open: async (how) => {
    asked.push(how);
    port.readable = new ReadableStream({start: (line) => { window.line = line; }});
  },
  close: async () => void asked.push("closed"),
};
window.granted = [];
window.serial = Object.assign(new EventTarget(), {requestPort: async () => port, getPorts: async () => granted});
Object.defineProperty(Navigator.prototype, "serial", {get: () => serial, configurable: true});
window.streams = 0;
const given = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (how) => { window.streams += 1; return given(how); };
MediaStreamTrack.prototype.getCapabilities = () =>
  ({torch: true, zoom: {min: 1, max: 4, step: 1}, focusMode: ["manual", "continuous"]});
MediaStreamTrack.prototype.applyConstraints = async (how) => void asked.push(how);
"""
SAID = "(parts) => parts.forEach((part) => line.enqueue(new TextEncoder().encode(part)))"


@pytest.mark.django_db
def test_every_module_that_one_asks_for_is_served(served: GatewayProcess) -> None:
    """The one test here that is marked for the database: by it pytest-django knows to make one."""
    for path in FOLDER.glob("*.js"):
        for name in re.findall(r'from "\./([a-z-]+\.js)"', path.read_text("utf-8")):
            with urlopen(f"http://127.0.0.1:{served.port}/scanner/{name}") as answer:
                assert answer.headers["content-type"].startswith("text/javascript"), name


@pytest.fixture
def equipped(context: BrowserContext, door: GatewayProcess) -> Page:
    """A phone whose camera has torch and zoom, and a desk with a reader at a serial port; this machine has neither."""
    context.add_init_script(HARDWARE)
    return scanner.opened(context, door.port)


def test_a_reader_at_a_serial_port_says_whole_lines(equipped: Page, town: Town) -> None:
    equipped.locator("#menu-open").click()
    equipped.locator("#serial").click()
    equipped.locator("#serial", has_text="Đã nối đầu đọc").wait_for()
    assert equipped.evaluate("asked") == [{"baudRate": 9600}]
    text = token_of(LAN)
    equipped.evaluate(SAID, [text[:100], text[100:] + "\r", "\n" + token_of(ASKED) + "\r\n" + text[:50]])
    scanner.wait_for_result(equipped, "attention", 2)
    assert [row[2] for row in until_stored(town, 2)] == [LAN, ASKED]
    equipped.evaluate("line.close()")
    equipped.locator("#serial", has_text="Đầu đọc đã ngắt").wait_for()
    assert equipped.evaluate("asked.at(-1)") == "closed"
    equipped.evaluate("() => { granted.push(port); serial.dispatchEvent(new Event('connect')); }")
    equipped.locator("#serial", has_text="Đã nối đầu đọc").wait_for()  # plugged in again, and nobody asked
    equipped.evaluate(SAID, [token_of(LAN) + "\r"])
    scanner.wait_for_result(equipped, "accepted", 3)


def test_torch_zoom_and_focus_are_asked_of_the_camera(equipped: Page) -> None:
    """Two touches in a row open one camera; opened anew it has neither light nor zoom."""
    equipped.locator("#camera-toggle").evaluate("(button) => { button.click(); button.click(); }")
    torch, zoom = equipped.locator("#torch"), equipped.locator("#zoom")
    torch.click()
    equipped.locator('#torch[aria-pressed="true"]').wait_for()
    for times in (2, 3, 4, 1, 2):
        zoom.click()
        equipped.locator("#zoom", has_text=f"{times}×").wait_for()
    given = [how["advanced"][0] for how in equipped.evaluate("asked")]
    assert given[:2] == [{"focusMode": "continuous"}, {"torch": True}]
    assert [how.get("zoom") for how in given[2:]] == [2, 3, 4, 1, 2]
    assert equipped.evaluate("streams") == 1
    equipped.locator("#camera-toggle").click()
    torch.wait_for(state="hidden")
    equipped.locator("#camera-toggle").click()
    equipped.locator('#torch[aria-pressed="false"]').wait_for()
    equipped.locator("#zoom", has_text="1×").wait_for()
    equipped.evaluate("document.querySelector('#video').srcObject.getTracks()[0].dispatchEvent(new Event('ended'))")
    equipped.locator("#camera-fault", has_text="Máy ảnh vừa bị ngắt").wait_for()
    assert not equipped.locator("#video").is_visible()


def test_a_picture_of_paper_is_read_and_one_of_a_phone_is_not(page: Page, town: Town, tmp_path: Path) -> None:
    phone = ec.generate_private_key(ec.SECP256R1())
    bound = bind_token(Claims(LAN, Form.ELECTRONIC, int(time.time()) + 900), KID, KEY, phone.public_key())
    codes = {"paper": token_of(LAN), "phone": show_code(bound, int(time.time()), phone)}
    for name, text in codes.items():
        cv2.imwrite(str(tmp_path / f"{name}.jpg"), scanner.frame(text, 4, 0.8, 0.9, pixels=8))
    cv2.imwrite(str(tmp_path / "nothing.jpg"), scanner.frame("1", 0, 30, 0.3))
    page.locator("#photo").set_input_files(tmp_path / "paper.jpg")
    scanner.wait_for_result(page, "accepted")
    page.locator("#photo").set_input_files(tmp_path / "phone.jpg")
    scanner.wait_for_result(page, "photo", 2)
    assert "trực tiếp trên điện thoại" in (page.locator(".lane .hint").text_content() or "")
    page.locator("#photo").set_input_files(tmp_path / "nothing.jpg")
    page.locator(".lane .hint", has_text="Không thấy mã QR").wait_for()
    assert [row[2] for row in until_stored(town, 1)] == [LAN]


def test_people_inside_and_a_group_are_counted(context: BrowserContext, door: GatewayProcess, town: Town) -> None:
    town.rows("UPDATE scan_point SET capacity = 2, is_exit_scanned = true WHERE id = %s", MARKET)
    page = scanner.opened(context, door.port)
    inside = page.locator(".lane .inside")
    page.locator(".lane .group").click()
    answers = [page.evaluate(TAKE, [token_of(index), "reader"]) for index in (LAN, LAN, ASKED)]
    assert answers == ["accepted", "seen", "attention"], "who is in the group is not counted again"
    assert "Nhóm: 2" in (page.locator(".lane .group").text_content() or "")
    assert inside.text_content() == "ĐÃ ĐỦ NGƯỜI: 2/2"
    assert "full" in (inside.get_attribute("class") or "")
    page.locator(".lane .group").click()
    assert page.locator(".lane .group").get_attribute("aria-pressed") == "false"
    page.locator(".way").click()
    assert page.evaluate(TAKE, [token_of(LAN), "reader"]) == "accepted"
    assert inside.text_content() == "Đang ở trong: 1/2"
    page.locator("#menu-open").click()
    page.locator("#inside-reset").click()
    page.locator(".lane .inside", has_text="Đang ở trong: 0/2").wait_for()
    until_stored(town, 3)
    assert town.rows("SELECT is_exit FROM visit ORDER BY sequence") == [(False,), (False,), (True,)]


REGISTERED = """window.registered = [];
const register = SyncManager.prototype.register;
SyncManager.prototype.register = async function asked(tag) { await register.call(this, tag); registered.push(tag); };
"""


def test_chromium_sends_with_the_app_closed(context: BrowserContext, door: GatewayProcess, town: Town) -> None:
    """The page cannot reach the gateway; later it is closed, and the worker that stays behind can."""
    context.add_init_script(REGISTERED)
    page = scanner.opened(context, door.port)
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    session = context.new_cdp_session(page)
    found: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.extend(one["registrationId"] for one in event["registrations"]),
    )
    session.send("ServiceWorker.enable")
    page.route("**/v1/scans", lambda route: route.abort())
    assert page.evaluate(TAKE, [token_of(LAN), "reader"]) == "accepted"
    page.locator('[data-scanned="1"][data-safe="0"]').wait_for()
    deadline = time.monotonic() + 10
    while page.evaluate("registered") == [] and time.monotonic() < deadline:
        page.wait_for_timeout(50)
    assert set(page.evaluate("registered")) == {"ksdb-flush"}, "the page asked to be called when the network is back"
    other = context.new_page()
    page.close()
    event = {"origin": f"http://localhost:{door.port}", "tag": "ksdb-flush", "lastChance": False}
    other_session = context.new_cdp_session(other)
    other_session.send("ServiceWorker.enable")
    other_session.send("ServiceWorker.dispatchSyncEvent", {**event, "registrationId": found[-1]})
    assert [row[2] for row in until_stored(town, 1)] == [LAN]


OLD = """async (given) => {
  const {get, put} = await import("/scanner/db.js");
  const {seal} = await import("/scanner/vault.js");
  const device = await get("enrolment", "device");
  const next = given.next ? await seal({token: given.next}, device.key) : null;
  await put("enrolment", "device", {...device, renewed_at: given.at, ...(next ? {next} : {})});
}"""
TOKENS = """async () => {
  const {get} = await import("/scanner/db.js");
  const {unseal} = await import("/scanner/vault.js");
  const device = await get("enrolment", "device");
  return [(await unseal(device.secret, device.key)).token, device.next ?? null, device.renewed_at];
}"""
RENEW = """async () => (await import("/scanner/renewal.js")).renew()"""
FLUSH = """async () => (await (await import("/scanner/queue.js")).flush()).error"""


def hash_here(town: Town) -> bytes:
    ((known,),) = town.rows("SELECT token_sha256 FROM device WHERE id = 1")
    return bytes(known)


def test_the_token_is_renewed_whenever_it_ends_half_way(page: Page, door: GatewayProcess, town: Town) -> None:
    """A week old: a new one. The app killed before it could note the first use; a gateway from a backup."""
    assert not page.evaluate(RENEW), "it is fresh"
    page.evaluate(OLD, {"at": time.time() * 1000 - 8 * 86_400_000})
    assert page.evaluate(RENEW)
    first, pending, renewed_at = page.evaluate(TOKENS)
    assert (hash_here(town), pending) == (hashlib.sha256(first.encode()).digest(), None)
    assert first != MARKET_TOKEN
    assert abs(renewed_at / 1000 - time.time()) < 60
    # The new token was used and the device did not come to note it: the next sending is refused once, and mends that.
    scanner_token = "used-and-not-noted"
    town.rows("UPDATE device SET token_sha256 = sha256(%s::bytea) WHERE id = 1", scanner_token)
    page.evaluate(OLD, {"at": renewed_at, "next": scanner_token})
    scanner.wait_until_known(door.port, scanner_token)
    assert page.evaluate(TAKE, [token_of(LAN), "reader"]) == "accepted"
    assert [row[2] for row in until_stored(town, 1)] == [LAN]
    assert page.evaluate(TOKENS)[0] == scanner_token
    # An offer that no gateway knows: the token it has goes on, and it asks again tomorrow, not at once.
    page.evaluate(OLD, {"at": renewed_at, "next": "of-another-database"})
    assert not page.evaluate(RENEW)
    token, pending, renewed_at = page.evaluate(TOKENS)
    assert (token, pending) == (scanner_token, None)
    assert 0 < renewed_at / 1000 + 7 * 86_400 - time.time() < 86_401
    assert page.evaluate(FLUSH) is None
    assert shown(page) == "accepted"
