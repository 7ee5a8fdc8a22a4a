"""What the operator sees and hears: two lanes, sounds, answers alike, what the gateway says later, what is revoked."""

import time
from urllib.request import Request, urlopen

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.sync_api import BrowserContext, Page, Route
from tests.gateway import scanner
from tests.gateway.browsing import TAKE, chromium, context, door, page, playwright, served, until_stored
from tests.gateway.devices import GatewayProcess
from tests.gateway.town import ASKED, KID, LAN, LOST, MARKET, MARKET_TOKEN, NEW, Town, token_of

from ksdb.core.decision import CardStatus
from ksdb.core.status_list import Listed
from ksdb.core.token import Claims, Form, sign_token

__all__ = ["chromium", "context", "door", "page", "playwright", "served"]
pytestmark = pytest.mark.browser

EARS = """
window.heard = [];
class Context {
  state = "suspended"; currentTime = 0; destination = {};
  constructor() { window.sound = this; }
  async resume() { this.state = "running"; }
}
class Node { connect(to) { return to; } }
window.AudioContext = Context;
window.GainNode = class extends Node { gain = {setTargetAtTime: () => null}; };
window.OscillatorNode = class extends Node {
  constructor(_, how) { super(); this.how = how; }
  start(at) { heard.push([this.how.type, this.how.frequency, at]); }
  stop() {}
};
window.shaken = [];
Navigator.prototype.vibrate = function vibrate(how) { shaken.push(how); return true; };
"""
HEARD = "() => [heard.splice(0), shaken.splice(0)]"
TELL_AGAIN = "window.dispatchEvent(new Event('online'))"


def lane(page: Page, number: int, part: str) -> str:
    return page.locator(".lane").nth(number - 1).locator(part).text_content() or ""


@pytest.mark.django_db
def test_the_gateway_tells_its_time_with_the_lists(door: GatewayProcess) -> None:
    """The one test here that is marked for the database: by it pytest-django knows to make one."""
    headers = {"authorization": f"Bearer {MARKET_TOKEN}"}
    request = Request(f"http://127.0.0.1:{door.port}/v1/status-list", headers=headers)
    with urlopen(request) as answer:  # noqa: S310
        assert abs(int(answer.headers["ksdb-now-ms"]) / 1000 - time.time()) < 60


def test_two_lanes_have_each_their_answer_direction_and_group(
    context: BrowserContext, door: GatewayProcess, town: Town
) -> None:
    town.rows("UPDATE scan_point SET is_exit_scanned = true WHERE id = %s", MARKET)
    page = scanner.opened(context, door.port)
    page.locator("#menu-open").click()
    page.locator("#two-lanes").check()
    page.locator("#menu .closes").click()
    page.locator(".lane .way").nth(1).click()
    page.locator(".lane .group").nth(0).click()
    assert page.evaluate(TAKE, [token_of(LAN), "camera"]) == "accepted"
    assert page.evaluate(TAKE, [token_of(LOST), "reader"]) == "revoked"
    assert page.evaluate(TAKE, [token_of(LAN), "reader"]) == "accepted", (
        "the group of the other lane has nothing to say"
    )
    assert [lane(page, number, ".word") for number in (1, 2)] == ["MỜI QUA", "MỜI QUA"]
    assert [lane(page, number, ".group") for number in (1, 2)] == ["Nhóm: 1 · xong", "Nhóm"]
    assert [lane(page, number, ".nth").split(" · ")[0] for number in (1, 2)] == ["Lượt 1", "Lượt 2"]
    until_stored(town, 2)
    assert town.rows("SELECT is_exit FROM visit ORDER BY sequence") == [(False,), (True,)]
    town.rows("UPDATE scan_point SET is_exit_scanned = false WHERE id = %s", MARKET)
    page.locator("#menu-open").click()
    page.locator("#send-now").click()
    page.locator(".lane .way").nth(1).wait_for(state="hidden")
    assert page.evaluate(TAKE, [token_of(LAN), "reader"]) == "accepted"
    until_stored(town, 3)
    assert town.rows("SELECT is_exit FROM visit ORDER BY sequence DESC LIMIT 1") == [(False,)]


def test_each_kind_of_answer_has_a_sound_and_a_shake_of_its_own(context: BrowserContext, door: GatewayProcess) -> None:
    context.add_init_script(EARS)
    page = scanner.opened(context, door.port)
    page.evaluate(TAKE, [token_of(LAN), "reader"])
    assert page.evaluate(HEARD) == [[], [[60]]], "nobody touched the page yet"
    page.locator(".notices", has_text="Chạm màn hình").wait_for()
    page.locator("#point").click()
    tunes: list[str] = []
    for text in (token_of(LAN), token_of(LOST), token_of(ASKED), "046094012345"):
        page.evaluate(TAKE, [text, "reader"])
        tunes += [str(part) for part in page.evaluate(HEARD)]
    assert len(set(tunes)) == len(tunes) == 8
    page.locator(".notices", has_text="Chạm màn hình").wait_for(state="hidden")
    page.evaluate("() => { sound.state = 'interrupted'; }")  # as iOS says after a call
    page.evaluate(TAKE, [token_of(LAN), "reader"])
    assert page.evaluate(HEARD) == [[], [[60]]]
    page.locator("#point").click()
    page.evaluate(TAKE, [token_of(LAN), "reader"])
    assert len(page.evaluate(HEARD)[0]) == 2
    page.locator("#menu-open").click()
    page.locator("#quiet").check()
    page.evaluate(TAKE, [token_of(LAN), "reader"])
    assert page.evaluate(HEARD) == [[], [[60]]]


FLASH = "() => getComputedStyle(document.querySelector('.lane .answer')).animationName"
LIVE = """() => {
  window.told = [];
  const answer = document.querySelector(".lane .answer");
  new MutationObserver(() => told.push([answer.getAttribute("aria-live"), answer.innerText]))
    .observe(answer, {subtree: true, childList: true, characterData: true});
}"""


def test_two_answers_alike_are_told_apart(page: Page) -> None:
    """By a flash for the eye; a screen reader says a region again only where its words changed."""
    page.evaluate(LIVE)
    flashes = []
    for _ in range(3):
        page.evaluate(TAKE, [token_of(LAN), "reader"])
        flashes.append(page.evaluate(FLASH))
    assert flashes == ["flash-odd", "flash-even", "flash-odd"]
    told = {words for how, words in page.evaluate("told") if how == "assertive" and "MỜI QUA" in words}
    assert {number for number in (1, 2, 3) if any(f"Lượt {number} " in words for words in told)} == {1, 2, 3}


def test_a_late_refusal_is_told_beside_the_next_persons_answer(
    context: BrowserContext, door: GatewayProcess, town: Town
) -> None:
    """Without lists a forged card is amber here; what the gateway says of it must not turn the next one red."""
    forged = sign_token(Claims(LAN, Form.PAPER, int(time.time()) + 900), KID, ec.generate_private_key(ec.SECP256R1()))
    context.route("**/v1/*-list*", lambda route: route.abort())
    held: list[Route] = []
    page = scanner.opened(context, door.port)
    page.locator(".lane .inside", has_text="Đang ở trong: 0").wait_for()
    assert page.evaluate(TAKE, [forged, "reader"]) == "unverified"
    page.locator('.lane[data-result="bad_signature"]').wait_for()
    page.locator(".lane .inside", has_text="Đang ở trong: 0").wait_for()
    page.route("**/v1/scans", lambda route: route.fallback() if held else held.append(route))
    assert page.evaluate(TAKE, [forged, "reader"]) == "unverified"
    page.locator('.lane[data-result="unverified"]').wait_for()
    while not held:
        page.wait_for_timeout(20)
    assert page.evaluate(TAKE, [token_of(NEW), "reader"]) == "unverified"
    held[0].fallback()
    page.locator(".lane .late", has_text="Người vừa qua: KHÔNG NHẬN").wait_for()
    assert lane(page, 1, ".word") == "ĐÃ GHI"
    page.locator(".lane .inside", has_text="Đang ở trong: 1").wait_for()
    assert [row[2] for row in until_stored(town, 1)] == [NEW]


def test_a_device_that_was_revoked_says_so_and_lets_nobody_pass(page: Page, town: Town) -> None:
    assert page.evaluate(TAKE, [token_of(LAN), "reader"]) == "accepted"
    town.rows("UPDATE device SET revoked_at = now() WHERE id = 1")
    page.locator(".notices .red", has_text="ngừng sử dụng").wait_for()
    assert page.evaluate(TAKE, [token_of(LAN), "reader"]) == "stopped"
    assert lane(page, 1, ".word") == "MÁY ĐÃ NGỪNG"
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    page.context.set_offline(True)
    page.reload()
    page.locator(scanner.SCANNING).wait_for()
    assert page.evaluate(TAKE, [token_of(LAN), "reader"]) == "stopped", "started again without a network"
    page.context.set_offline(False)
    town.rows("UPDATE device SET revoked_at = NULL WHERE id = 1")
    page.evaluate(TELL_AGAIN)
    page.locator(".notices .red").wait_for(state="hidden")
    assert page.evaluate(TAKE, [token_of(LAN), "reader"]) == "accepted"


def test_a_card_revoked_at_a_desk_is_red_here_within_seconds(page: Page, town: Town) -> None:
    """Signed by hand here, where the publisher would; the rest is as in earnest. It prints how long it took.

    The last of this file: its gateway goes on with this list, because serials only grow.
    """
    assert page.evaluate(TAKE, [token_of(LAN), "reader"]) == "accepted"
    began = time.monotonic()
    town.set_status(LAN, CardStatus.REVOKED)
    scanner.publish_change(town, LAN, Listed.INVALID)
    while page.evaluate(TAKE, [token_of(LAN), "reader"]) != "revoked":
        assert time.monotonic() - began < 60
        page.wait_for_timeout(250)
    assert "refused" in (page.locator(".lane").get_attribute("class") or "")
    print(f"from the desk's change to a red lane: {time.monotonic() - began:.1f} s")
