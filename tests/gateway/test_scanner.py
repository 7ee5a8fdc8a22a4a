"""The scanner in a real Chromium, with a real gateway and PostgreSQL behind it.

KSDB_SHOTS names a folder to leave pictures in. Those of the guides are made anew by
`KSDB_GUIDE=src/ksdb/enrolment/static/enrolment/guides/pictures pytest tests/gateway/test_scanner.py -k
"screen or printed"`.
"""

import hashlib
import hmac
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import cv2
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.sync_api import BrowserContext, Page, Playwright
from tests.gateway import scanner
from tests.gateway.browsing import (
    PHONE,
    ROOT,
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
from tests.gateway.devices import GatewayProcess, gateway
from tests.gateway.town import (
    ASKED,
    FUTURE_KID,
    HELD,
    KEY,
    KID,
    LAN,
    LOST,
    LOST_TOKEN,
    MARKET,
    NEW,
    SCHOOL_TOKEN,
    Town,
    token_of,
)
from tests.looking import violations

from ksdb.config import settings
from ksdb.core.clock import now
from ksdb.core.decision import CardStatus, ScanResult, Window, decide
from ksdb.core.electronic import bind_token, show_code
from ksdb.core.ids import card_number
from ksdb.core.token import Claims, Form, TokenFault, sign_token

pytestmark = pytest.mark.browser
__all__ = ["chromium", "context", "door", "page", "playwright", "served"]
NUMBER = "000000079444"
CODE = card_number(4_711_000_815)


@pytest.mark.django_db
def test_the_gateways_own_process_serves_the_app(served: GatewayProcess) -> None:
    """The one test here that is marked for the database: by it pytest-django knows to make one."""
    with urlopen(f"http://127.0.0.1:{served.port}/") as answer:
        assert answer.url.endswith("/scanner/")
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self' ")


def test_the_device_decides_as_the_core_does(page: Page) -> None:
    """Every fault with every status, beside what Python says. A card of which the list knows nothing is unverified."""
    listed = {
        0: CardStatus.ACTIVE,
        1: CardStatus.REVOKED,
        2: CardStatus.SUSPENDED,
        3: CardStatus.ATTENTION,
        None: CardStatus.UNKNOWN,
    }
    cases = [[fault.value if fault else None, bits] for fault in (None, *TokenFault) for bits in listed]
    script = """async (cases) => {
      const {resultOf, isVisit} = await import("/scanner/judge.js");
      return cases.map(([fault, bits]) => [resultOf(fault, bits), isVisit(resultOf(fault, bits))]);
    }"""
    at = now()
    window = Window(at, at)
    expected = []
    for fault, bits in cases:
        read = TokenFault(fault) if fault else Claims(1, Form.PAPER, 1)
        result: ScanResult = decide(read, listed[bits], at, window)
        expected.append([result.code, result.is_visit])
    assert page.evaluate(script, cases) == expected


@pytest.mark.parametrize("with_lists", [True, False])
def test_each_kind_of_card_has_its_answer(
    context: BrowserContext, door: GatewayProcess, town: Town, with_lists: bool
) -> None:
    if not with_lists:
        context.route("**/v1/*-list*", lambda route: route.abort())
    forged = sign_token(Claims(LAN, Form.PAPER, int(time.time()) + 900), KID, ec.generate_private_key(ec.SECP256R1()))
    cases = [
        (token_of(LAN), "accepted"),
        (token_of(NEW), "attention"),
        (token_of(ASKED), "attention"),
        (token_of(HELD), "suspended"),
        (token_of(LOST), "revoked"),
        (token_of(LAN, lasts_seconds=-10), "expired"),
        (token_of(LAN, FUTURE_KID), "unknown_key"),
        (forged, "bad_signature"),
        ("2" + token_of(LAN)[1:], "not_ours"),
    ]
    page = scanner.opened(context, door.port)
    results = []
    for text, _ in cases:
        results.append(page.evaluate(TAKE, [text, "reader"]))
    page.locator('[data-scanned="8"][data-safe="8"]').wait_for()
    # Without lists the gateway decides alone; the device lets nobody stand in the rain, and is amber.
    assert results == [result if with_lists or result == "not_ours" else "unverified" for _, result in cases]
    accepted = [row for row in town.visits() if row[4] == ScanResult.ACCEPTED]
    assert [row[2] for row in accepted] == [LAN]
    assert {row[2] for row in town.refusals() if row[2] == ScanResult.REVOKED} == {ScanResult.REVOKED}


def test_a_code_lets_the_device_in(context: BrowserContext, door: GatewayProcess, town: Town) -> None:
    """With a root it was never told: it keeps the one that signed its first trust list."""
    town.rows(
        "INSERT INTO enrol_code (point_id, code_sha256, made_at, expires_at)"
        " VALUES (%s, %s, now(), now() + interval '1 day')",
        MARKET,
        hashlib.sha256(CODE.encode()).digest(),
    )
    page = context.new_page()
    page.goto(f"http://localhost:{door.port}/scanner/#code={CODE}")
    page.locator('html[data-state="enrolling"]').wait_for()
    assert (page.locator("#code").input_value(), page.url.endswith("/scanner/")) == (CODE, True)
    for code, words in (("1234", "gõ sai"), (card_number(1), "không còn dùng được")):
        page.locator("#code").fill(code)
        page.locator("#enrol-form button.main").click()
        page.locator("#enrol-fault", has_text=words).wait_for(timeout=8_000)
    page.locator("#code").fill(f"{CODE[:4]} {CODE[4:8]} {CODE[8:]}")
    page.locator("#name").fill("Cổng 1")
    page.locator("#enrol-form button.main").click()
    page.locator(scanner.SCANNING).wait_for()
    assert page.evaluate(TAKE, [token_of(LAN), "reader"]) == "accepted"
    assert [row[2] for row in until_stored(town, 1)] == [LAN]
    assert not [row for row in scanner.queue_of(page) if CODE in row]


def test_an_electronic_card_must_be_fresh_shown_once_and_no_picture(page: Page, town: Town) -> None:
    device = ec.generate_private_key(ec.SECP256R1())
    claims = Claims(LAN, Form.ELECTRONIC, int(time.time()) + 900)
    bound = bind_token(claims, KID, KEY, device.public_key())
    codes = {age: show_code(bound, int(time.time()) - age, device) for age in (0, 1, 300, -300)}
    answers = [page.evaluate(TAKE, [codes[age], "reader"]) for age in (0, 0, 300, -300)]
    assert answers == ["accepted", "seen", "old_code", "from_the_future"]
    assert page.evaluate(TAKE, [codes[1], "photo"]) == "photo"
    page.reload()
    page.locator(scanner.SCANNING).wait_for()
    assert page.evaluate(TAKE, [codes[0], "reader"]) == "seen", "after a reload, too"
    assert not [row for row in scanner.queue_of(page) if codes[0][:60] in row]
    assert [(row[2], row[4]) for row in until_stored(town, 1)] == [(LAN, ScanResult.ACCEPTED)]


def test_a_reader_is_read_whatever_the_input_method_makes_of_its_keys(page: Page, town: Town) -> None:
    """Telex, a French layout and caps lock change what a key says, never which key it is."""
    page.locator("#menu-open").focus()  # a reader's Enter must not press the button
    session = page.context.new_cdp_session(page)
    for made_of in ("Process", "&", "ă"):
        for digit in [*token_of(LAN), "Enter"]:
            code = "Enter" if digit == "Enter" else f"Digit{digit}"
            event = {"code": code, "key": "Enter" if digit == "Enter" else made_of, "windowsVirtualKeyCode": 229}
            session.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **event})
        page.wait_for_timeout(50)
    scanner.wait_for_result(page, "accepted", 3)
    assert not page.locator("#menu").is_visible()
    assert [row[2] for row in until_stored(town, 3)] == [LAN] * 3
    # The focus in the choice of a picture, then on a tick; a reader that ends with Tab, and one that ends with nothing.
    for count, (field, end) in enumerate((("#photo", "Tab"), ("#quiet", "")), 4):
        if field == "#quiet":
            page.locator("#menu-open").click()
        page.locator(field).focus()
        page.keyboard.type(token_of(LAN), delay=1)
        if end:
            page.keyboard.press(end)
        scanner.wait_for_result(page, "accepted", count)
        assert page.evaluate("document.activeElement.id") == field[1:], "the reader's Tab moved nothing"
    assert not page.locator("#quiet").is_checked()


def test_letters_at_a_readers_speed_mean_an_input_method(page: Page) -> None:
    scanner.typed_by_reader(page, "HTTPS THE HUE GOV VN ABCDEFGH")
    page.locator('.lane[data-result="spoilt"]').wait_for()
    assert "Tắt bộ gõ" in (page.locator(".lane .hint").text_content() or "")


def test_a_person_who_types_slowly_is_no_reader(page: Page) -> None:
    page.keyboard.type(NUMBER, delay=80)
    page.keyboard.press("Enter")
    page.wait_for_timeout(400)
    assert shown(page) == ""


def test_a_typed_number_is_checked_here_and_decided_there(page: Page, town: Town) -> None:
    town.rows('UPDATE card SET number = %s WHERE "index" = %s', NUMBER, LAN)
    page.locator("#type-open").click()
    page.locator("#number").fill("0000 0007 9445")
    page.locator("#type-send").click()
    assert page.locator("#number-fault").text_content()
    page.locator("#number").fill("0000 0007 9444")
    page.locator("#type-send").click()
    scanner.wait_for_result(page, "accepted", 2)
    assert [row[2] for row in town.visits()] == [LAN]


def test_other_systems_codes_leave_the_device_as_keyed_hashes(page: Page, town: Town) -> None:
    number = "046012345678"
    texts = {
        "chip_id": f"{number}||Nguyễn Thị Lan|02031994|Nữ|1 Bến Nghé, Huế|15082021",
        "qd1405": f"{number}|Nguyễn Thị Lan|02/03/1994|1|QID123|",
        "health_insurance": "GD4797932500000|4e677579|02/03/1994|2|48|79|01|15|2021|2021|A|B|12|34$",
        "vneid": number,
        "hc1": "HC1:NCFOXN%TS3DH3ZSUZK",
    }
    for text in texts.values():
        assert page.evaluate(TAKE, [text, "reader"]) == "unverified"
    for strange in ("WIFI:S:cafe;P:secret;;", "999999999999"):
        assert page.evaluate(TAKE, [strange, "reader"]) == "unknown_code"
    until_stored(town, len(texts))
    kept = dict(town.rows("SELECT kind, id_key FROM foreign_scan"))
    foreign_key = settings().foreign_key()
    assert foreign_key is not None
    digest = hmac.new(foreign_key[1], number.encode(), hashlib.sha256).digest()[:16]
    assert len(kept) == len(texts)
    assert [kept[kind] for kind in (1, 2, 5)] == [digest] * 3


BOTH = "046094000070"
"""An identity number that has a card number's check digits by chance, as one of 97 has."""


def test_an_identity_number_never_goes_for_a_card_number(page: Page) -> None:
    """From a reader it is hashed; typed, one is asked which it is."""
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or "") if "/v1/scans" in request.url else None)
    assert page.evaluate(TAKE, [BOTH, "reader"]) == "unverified"
    for answer, kind in (("#number-id", "foreign"), ("#number-card", "number")):
        page.locator("#type-open").click()
        page.locator("#number").fill(BOTH)
        page.locator("#type-send").click()
        page.locator("#number-fault", has_text="số căn cước").wait_for()
        if kind == "number":
            _picture(page, "which")
            page.locator('[data-safe="2"]').wait_for()
            assert not [body for body in sent if BOTH in body or '"number"' in body]
        page.locator(answer).click()
        page.locator("#type").wait_for(state="hidden")
    page.locator('[data-safe="3"]').wait_for()
    assert [body.count(BOTH) for body in sent if BOTH in body] == [1]


def test_five_hundred_scans_without_a_network_survive_a_killed_browser(
    playwright: Playwright, town: Town, tmp_path: Path
) -> None:
    count = 500
    many = """async ([text, count]) => {
      const {take} = await import("/scanner/scanning.js");
      for (let i = 0; i < count; i += 1) await take(text, "reader");
    }"""
    scanner.publish(town, ROOT)
    town.rows("UPDATE scan_point SET is_exit_scanned = true")
    with gateway(town.url) as process:
        port = process.port
        with scanner.browser(playwright, tmp_path, viewport=PHONE) as context:
            page = scanner.opened(context, port)
            page.evaluate("navigator.serviceWorker.ready.then(() => null)")
            faults = context.new_cdp_session(page).send("Page.getInstallabilityErrors")["installabilityErrors"]
            assert faults == [], "it can be put on the home screen"
            page.locator("#menu-open").click()
            page.locator("#two-lanes").check()
            page.locator("#menu .closes").click()
            page.locator(".way").last.click()
            page.locator(".group").first.click()
            context.set_offline(True)
            page.evaluate(many, [token_of(LAN), count])
            assert page.locator("#counts").get_attribute("data-safe") == "0"
            kept = scanner.queue_of(page)
            assert not [row for row in kept if token_of(LAN)[:40] in row or scanner.MARKET_TOKEN in row]
            assert town.visits() == []
            scanner.kill(tmp_path)
        process.stop()
        with scanner.browser(playwright, tmp_path, viewport=PHONE) as context:
            page = scanner.opened(context, port)  # no gateway: the app comes from the device
            page.locator(f'[data-scanned="{count}"][data-safe="0"]').wait_for()
            assert page.locator(".way").all_text_contents() == ["→ VÀO", "← RA"], "as they were turned"
            assert page.locator(".group").first.get_attribute("aria-pressed") == "true"
            with gateway(town.url, port=port):
                page.evaluate("window.dispatchEvent(new Event('online'))")
                page.locator(f'[data-safe="{count}"]').wait_for(timeout=30_000)
    rows = town.rows("SELECT sequence, is_exit FROM visit ORDER BY scanned_at, sequence")
    assert rows == [(sequence, True) for sequence in range(1, count + 1)], "the reader's lane was the way out"


def test_two_tabs_send_each_scan_once(context: BrowserContext, door: GatewayProcess, town: Town) -> None:
    pages = [scanner.opened(context, door.port) for _ in range(2)]
    context.set_offline(True)
    for turn in range(6):
        pages[turn % 2].evaluate(TAKE, [token_of(LAN), "reader"])
    context.set_offline(False)
    for tab in pages:
        tab.evaluate("window.dispatchEvent(new Event('online'))")
    until_stored(town, 6)
    assert [row[1] for row in town.visits()] == [1, 2, 3, 4, 5, 6]


FILL = """async () => {
  const {StorageFull, put} = await import("/scanner/db.js");
  for (let size = 1 << 20, n = 0; size > 64; n += 1) {
    try { await put("lists", `filler ${n}`, crypto.getRandomValues(new Uint8Array(Math.min(size, 65536)))); }
    catch (error) { if (!(error instanceof StorageFull)) throw error; size >>= 1; }
    if (size === 1 << 20 && n > 400) throw new Error("the storage has no end");
  }
}"""


def test_a_full_storage_is_said_and_nothing_shows_green(
    context: BrowserContext, door: GatewayProcess, town: Town
) -> None:
    """Nor is what it holds kept back, though the page never heard the time and has no room to note it."""
    quota = {"origin": f"http://localhost:{door.port}", "quotaSize": 8 << 20}
    context.new_cdp_session(context.new_page()).send("Storage.overrideQuotaForOrigin", quota)
    scanner.opened(context, door.port).close()
    context.route("**/v1/**", lambda route: route.abort())
    page = scanner.opened(context, door.port)
    assert page.evaluate(TAKE, [token_of(LAN), "reader"]) == "accepted"
    page.evaluate(FILL)
    assert page.evaluate(TAKE, [token_of(LAN), "reader"]) == "storage_full"
    page.locator(".notices .red", has_text="Bộ nhớ đầy").wait_for()
    page.reload()
    page.locator(scanner.SCANNING).wait_for()
    assert town.visits() == []
    context.unroute("**/v1/**")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    assert len(until_stored(town, 1)) == 1


def test_old_lists_are_said_and_then_not_believed(page: Page, context: BrowserContext) -> None:
    script = """async (hours) => {
      const {get, put} = await import("/scanner/db.js");
      const heard = await get("lists", "heard");
      await put("lists", "heard", {...heard, at: Date.now() / 1000 - hours * 3600});
    }"""
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    context.set_offline(True)
    for hours, level, result in ((25, "amber", "revoked"), (73, "red", "unverified")):
        page.evaluate(script, hours)
        page.reload()
        page.locator(scanner.SCANNING).wait_for()
        page.locator(f".notices .{level}", has_text="Danh sách thẻ").wait_for()
        assert page.evaluate(TAKE, [token_of(LOST), "reader"]) == result


ASIDE_AT = """async () => (await (await import("/scanner/db.js")).get("aside", 2)).aside_at"""


def test_one_scan_that_the_gateway_will_not_take_does_not_hold_up_the_others(page: Page, town: Town) -> None:
    """Its time is no time: it is set aside, counted and said."""
    token = token_of(LAN)
    page.evaluate(
        """async (token) => {
          const {enrolment} = await import("/scanner/vault.js");
          const {keep, flush} = await import("/scanner/queue.js");
          const {key} = await enrolment();
          const scan = {is_exit: false, token};
          for (const at of [Date.now(), "yesterday", Date.now()]) await keep({...scan, scanned_at: at}, key);
          await flush();
        }""",
        token,
    )
    assert [row[1] for row in until_stored(town, 2)] == [1, 3]
    page.locator("#menu-open").click()
    page.locator("#send-now").click()
    page.locator(".notices .red", has_text="1 lượt máy chủ không nhận").wait_for()
    page.evaluate(
        """async () => {
          const {get, put} = await import("/scanner/db.js");
          const row = await get("aside", 2);
          await put("aside", 2, {...row, aside_at: row.aside_at - 25 * 3600_000});
          await (await import("/scanner/aside.js")).putBack(false);
          await (await import("/scanner/queue.js")).flush();
        }"""
    )
    assert time.time() - page.evaluate(ASIDE_AT) / 1000 < 60, "after a day it was tried again"
    page.locator("#aside-again").click()
    page.locator("#aside", has_text="1 lượt máy chủ không nhận").wait_for()
    with page.expect_download() as download:
        page.locator("#aside-save").click()
    saved = json.loads(Path(download.value.path()).read_text("utf-8"))
    assert saved == [{"sequence": 2, "is_exit": False, "token": token, "scanned_at": "yesterday"}]
    _picture(page, "aside")
    page.locator("#aside-discard").click()
    page.locator("#sure-words", has_text="Xoá hẳn 1 lượt").wait_for()
    page.locator("#sure-yes").click()
    page.locator("#aside").wait_for(state="hidden")
    page.locator(".notices .red").wait_for(state="hidden")


def test_a_revoked_device_is_told_and_logging_out_leaves_nothing(context: BrowserContext, door: GatewayProcess) -> None:
    page = scanner.opened(context, door.port, LOST_TOKEN)
    page.locator(".notices .red", has_text="ngừng sử dụng").wait_for()
    page.locator("#menu-open").click()
    page.locator("#log-out").click()
    page.locator("#sure-yes").click()
    page.locator('html[data-state="enrolling"]').wait_for()
    assert scanner.queue_of(page) == []


SEEN = """window.seen = new Set();
new MutationObserver((changes) => changes.forEach(({target}) => seen.add(target.dataset.result)))
  .observe(document, {subtree: true, attributeFilter: ["data-result"]});"""


def test_printed_cards_before_the_camera(
    playwright: Playwright, door: GatewayProcess, town: Town, tmp_path: Path
) -> None:
    """As they leave the printer: blurred, turned, dim. One becomes a visit, a forged and a revoked one are refused."""
    forged = sign_token(Claims(LAN, Form.PAPER, int(time.time()) + 900), KID, ec.generate_private_key(ec.SECP256R1()))
    empty = [scanner.frame("1", 0, 20, 0.3)] * 4
    shown_cards = [scanner.printed_frames(text) for text in (token_of(LAN), forged, token_of(LOST))]
    scanner.film(tmp_path / "card.mjpeg", [one for frames in shown_cards for one in [*empty, *frames]])
    flag = f"--use-file-for-fake-video-capture={tmp_path / 'card.mjpeg'}"
    with scanner.browser(playwright, tmp_path / "profile", flag, viewport=PHONE) as context:
        context.add_init_script(SEEN)
        page = scanner.opened(context, door.port)
        page.locator("#camera-toggle").click()
        wanted = {"accepted", "bad_signature", "revoked"}
        deadline = time.monotonic() + 30
        while not wanted <= set(page.evaluate("[...seen]")) and time.monotonic() < deadline:
            page.wait_for_timeout(100)
        _picture(page, "camera")
        assert wanted <= set(page.evaluate("[...seen]"))
        page.locator('#counts:not([data-safe="0"])').wait_for()
        assert [(one["id"], one["nodes"][0]["html"]) for one in violations(page)] == []
    until_stored(town, 1)
    assert {(row[2], row[4]) for row in town.visits()} == {(LAN, ScanResult.ACCEPTED)}
    assert {row[2] for row in town.refusals()} <= {ScanResult.BAD_SIGNATURE, ScanResult.REVOKED}


SIZES = {"tablet": (1024, 768), "desk": (1440, 900), "phone": (360, 740)}
AT_A_DESK = {"ready", "revoked", "two-lanes"}
SMALL = """() => [...document.querySelectorAll("button, .button, a, .tick")].filter((one) => one.checkVisibility())
  .map((one) => [one.id || one.className, one.getBoundingClientRect()])
  .filter(([, {width, height}]) => width < 44 || height < 44).map(([name]) => name)"""
"""What is too small for a thumb."""


def test_every_screen_fits_and_is_accessible(context: BrowserContext, door: GatewayProcess, town: Town) -> None:
    """At the sizes of a tablet, a desk and a phone; axe at the phone's, and where the desk's layout is another."""
    town.rows(
        "UPDATE scan_point SET is_exit_scanned = true, name = %s, capacity = 400, lanes = 2", scanner.POINT["name"]
    )
    page = scanner.opened(context, door.port, SCHOOL_TOKEN)  # of whose point the gateway was not asked in this minute
    page.emulate_media(reduced_motion="reduce")
    faults = []
    for screen in _screens(page):
        for name, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(20)
            _picture(page, f"{name}-{screen}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{screen} at {name}"
            assert page.evaluate(SMALL) == [], f"{screen} at {name}"
            if name == "phone" or (name == "desk" and screen in AT_A_DESK):
                faults += [(screen, name, one["id"], one["nodes"][0]["html"]) for one in violations(page)]
    assert faults == []


FAILING_DISK = """() => {
  window.add = IDBObjectStore.prototype.add;
  IDBObjectStore.prototype.add = () => { throw new DOMException("worn out", "UnknownError"); };
}"""
FOCUSED = "document.activeElement.id || document.activeElement.className.split(' ')[0]"


def _screens(page: Page) -> Iterator[str]:
    yield "ready"
    order = []
    for _ in range(6):
        page.keyboard.press("Tab")
        order.append(page.evaluate(FOCUSED))
    assert order == ["menu-open", "camera-toggle", "way", "group", "type-open", "photo"], "from the top down"
    for index, result in ((LAN, "accepted"), (ASKED, "attention"), (LOST, "revoked")):
        page.evaluate(TAKE, [token_of(index), "reader"])
        yield result
    page.evaluate(TAKE, ["046012345678", "reader"])
    yield "unverified"
    page.locator(".lane .group").click()
    for _ in range(2):
        page.evaluate(TAKE, ["046012345678", "reader"])
    yield "seen"
    page.locator("#menu-open").click()
    yield "menu"
    page.locator("#two-lanes").check()
    page.locator("#menu .closes").click()
    page.evaluate(TAKE, [token_of(LAN), "camera"])
    page.evaluate(TAKE, [token_of(LOST), "reader"])
    yield "two-lanes"
    page.locator("#menu-open").click()
    page.locator("#two-lanes").uncheck()
    page.locator("#menu .closes").click()
    yield from _larger_text(page)
    page.locator("#type-open").click()
    yield "type"
    page.locator("#type .closes").click()
    page.evaluate(FAILING_DISK)
    assert page.evaluate(TAKE, [token_of(LOST), "reader"]) == "not_saved"
    yield "not_saved"
    page.evaluate("() => { IDBObjectStore.prototype.add = window.add }")
    page.context.set_offline(True)
    page.evaluate(TAKE, [token_of(LAN), "reader"])
    page.locator(".notices .amber", has_text="Mất mạng").wait_for()
    yield "offline"
    page.context.set_offline(False)
    page.locator("#menu-open").click()
    page.locator("#menu .language").click()
    page.locator('html[lang="en"][data-state="scanning"]').wait_for()
    page.evaluate(TAKE, [token_of(LOST), "reader"])
    yield "english"
    page.locator("#menu-open").click()
    page.locator("#log-out").click()
    yield "sure"
    page.locator("#sure-yes").click()
    page.locator('html[data-state="enrolling"]').wait_for()
    assert page.locator("html").get_attribute("lang") == "vi", "logging out forgets the language, too"
    yield "enrol"


def _larger_text(page: Page) -> Iterator[str]:
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    page.evaluate(TAKE, [token_of(LOST), "reader"])
    yield "twice-as-large"
    page.evaluate("document.documentElement.style.fontSize = ''")


def test_answers_differ_without_colours(page: Page) -> None:
    """As somebody sees them who sees no colour: signs of other shapes, and other words."""
    page.context.new_cdp_session(page).send("Emulation.setEmulatedVisionDeficiency", {"type": "achromatopsia"})
    signs, words = [], []
    for text in (token_of(LAN), token_of(ASKED), token_of(LOST), "046012345678", None):
        if text is None:
            page.locator(".lane .group").click()
            page.evaluate(TAKE, ["046012345678", "reader"])
        page.evaluate(TAKE, [text or "046012345678", "reader"])
        page.wait_for_timeout(300)
        shot = cv2.imdecode(np.frombuffer(page.locator(".lane .sign").screenshot(), np.uint8), cv2.IMREAD_GRAYSCALE)
        middle, half = shot.shape[1] // 2, shot.shape[0] // 2
        square = cv2.resize(shot[:, middle - half : middle + half], (96, 96))
        signs.append(cv2.threshold(square, 0, 255, cv2.THRESH_OTSU)[1] > 0)
        words.append(page.locator(".lane .word").text_content())
    assert len(set(words)) == 5
    alike = [
        (words[i], words[j])
        for i in range(5)
        for j in range(i)
        if min(np.mean(signs[i] != signs[j]), np.mean(signs[i] == signs[j])) < 0.04
    ]
    assert alike == []


GUIDE = {"phone-enrol", "phone-accepted", "phone-revoked", "camera", "tablet-two-lanes", "desk-ready"}


def _picture(page: Page, name: str) -> None:
    if folder := os.environ.get("KSDB_SHOTS"):
        page.screenshot(path=f"{folder}/{name}.png")
    if (folder := os.environ.get("KSDB_GUIDE")) and name in GUIDE:
        page.screenshot(path=f"{folder}/quet-{name}.png")
