"""A resident's phone in a real Chromium, the scanner in another, and both doors behind them.

KSDB_GUIDE_PICTURES names a folder to leave the pictures of the guide docs/vi/nguoi-dan.md in; KSDB_SHOTS one for those
of every page.
"""

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import zxingcpp
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.signals import request_started
from django.db import connection, connections
from django.test import Client
from psycopg.conninfo import make_conninfo
from tests.conftest import commune, resident_of, staff
from tests.gateway.devices import GatewayProcess, gateway
from tests.looking import looked_at, walked_by_keys
from tests.wallet.conftest import ID_NUMBER_OF_LAN, NUMBER, with_papers

from ksdb.cards.actions import issue_cards, make_issuer_key
from ksdb.cards.actions.keys import import_trust_list
from ksdb.cards.actions.publishing import publish_status_list
from ksdb.cards.models import Card
from ksdb.cards.queries.keys import next_trust_list
from ksdb.config import settings
from ksdb.core.clock import today
from ksdb.core.decision import CardStatus
from ksdb.core.scope import Role, system_scope
from ksdb.core.token import Form, Usage
from ksdb.core.trust_list import coded, sign_list
from ksdb.places.models import Division, ScanPoint
from ksdb.registry.models import Resident
from ksdb.visits.actions import enrol_device, keep_partitions
from ksdb.visits.models import Visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ROOT = ec.derive_private_key(88, ec.SECP256R1())
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PHONE = {"width": 360, "height": 740}
TAKE = """async (text) => {
  const {take} = await import("/scanner/scanning.js");
  return (await take(text, "reader"))?.result ?? null;
}"""
LATER = """const real = Date.now; const ahead = %s;
Date.now = () => real() + ahead;"""


@pytest.fixture
def province(clean_registry: None, market_a: ScanPoint) -> tuple[Resident, str]:
    """Lan with her papers and her grandson, keys and lists, and the market's device with its token."""
    system = system_scope()
    keep_partitions(system)
    for usage in (Usage.CARD, Usage.STATUS):
        make_issuer_key(system, usage=usage)
    import_trust_list(system, sign_list(coded(next_trust_list(system)), ROOT), ROOT.public_key())
    lan = with_papers(resident_of(market_a.division, "Nguyễn Thị Lan"))
    resident_of(market_a.division, "Trần Minh Khôi", 2015)
    publish_status_list(system)
    return lan, enrol_device(system, market_a.pk, "Cổng")[1]


@pytest.fixture
def door(province: tuple[Resident, str]) -> Iterator[GatewayProcess]:
    url = make_conninfo(settings().database_url, dbname=connection.settings_dict["NAME"])
    with gateway(url) as process:
        yield process
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE visit, refusal, device_intake, device_state")


@pytest.fixture
def browser(demo: None, live_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Chromium, and contexts of different people in it; faults of the policy are failures."""
    playwright = pytest.importorskip("playwright.sync_api")
    if not (chromium := shutil.which("chromium")):
        pytest.skip("no chromium on this machine")
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright's loop runs in this thread; nobody awaits in it
    errors: list[str] = []
    with playwright.sync_playwright() as p:
        program = p.chromium.launch(executable_path=chromium, args=FLAGS)

        def opened(script: str = "", **options: Any) -> Any:
            context = program.new_context(base_url=live_server.url, locale="vi-VN", viewport=PHONE, **options)
            context.on("console", lambda m: errors.append(m.text) if "Security Policy" in m.text else None)
            if script:
                context.add_init_script(script)
            return context.new_page()

        opened.playwright = p  # type: ignore[attr-defined]
        yield opened
        connections.close_all()  # inside of Playwright's loop Django opens connections of its own
    assert errors == []


def picture(page: Any, name: str) -> None:
    if folder := os.environ.get("KSDB_GUIDE_PICTURES"):
        page.set_viewport_size(PHONE)
        page.screenshot(path=Path(folder) / f"{name}.png")


def code_for(page: Any, number: str) -> str:
    """The six digits that came to the number, from the demo's page of messages."""
    other = page.context.new_page()
    other.goto("/outbox/")
    row = other.locator(".govuk-summary-list__row", has_text=number).first.inner_text()
    other.close()
    return re.search(r"\b\d{6}\b", row.split(number)[-1])[0]  # type: ignore[index]


def signed_in(page: Any, number: str = NUMBER) -> None:
    page.goto("/my/begin/")
    page.get_by_label("Số điện thoại di động").fill(number)
    page.get_by_role("button", name="Gửi cho tôi sáu chữ số").click()
    page.get_by_role("heading", name="Xem tin nhắn").wait_for()
    page.get_by_label("Sáu chữ số").fill(code_for(page, number))
    page.get_by_role("button", name="Tiếp tục").click()


def claimed(page: Any, name: str, birth: str, id_number: str, whose: str | None = None) -> None:
    page.get_by_role("heading", name="Bạn thêm thẻ của ai?").wait_for()
    if whose:
        page.get_by_label(whose, exact=True).check()
    page.get_by_label("Họ và tên").fill(name)
    page.get_by_label("Ngày sinh").fill(birth)
    page.get_by_label("Số căn cước").fill(id_number)
    page.get_by_label("Phường, xã nơi").fill("huong tra")
    page.get_by_role("button", name="Tiếp tục").click()


def card_shown(page: Any) -> Any:
    """Once a code is on the screen."""
    page.locator("#card[data-shown-at]").wait_for()
    return page.locator("[data-code]")


def code_on(page: Any) -> str:
    """What the picture of the screen says to whoever reads it."""
    pixels = cv2.imdecode(np.frombuffer(page.screenshot(), np.uint8), cv2.IMREAD_GRAYSCALE)
    (found,) = zxingcpp.read_barcodes(pixels, zxingcpp.BarcodeFormat.QRCode)
    return str(found.text)


def until(holds: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 40
    while not (found := holds()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert found
    return found


LET_IN = """async ([token, point]) => {
  const vault = await import("/scanner/vault.js");
  const {sync} = await import("/scanner/sync.js");
  await vault.keepEnrolment({device_id: 1, token, point: {
    id: point, name: "Chợ", type: "market", opens_at: "00:00", closes_at: "23:59", usual_stay_minutes: 45,
    capacity: null, lanes: 1, is_exit_scanned: false, foreign_key: null}});
  await sync();
}"""


def scanner_on(page: Any, port: int, token: str, point: int) -> Any:
    page.goto(f"http://localhost:{port}/scanner/")
    page.locator("html[data-state]").wait_for()
    page.evaluate(LET_IN, [token, point])
    page.reload()
    page.locator('html[data-state="scanning"]').wait_for()
    return page


def film(path: Path, shots: Sequence[bytes]) -> str:
    """The screen of the phone before the scanner's camera while its code is renewed, turning and dim; as a flag."""
    frames = [frame for shot in shots for frame in _held_up(shot) * 6]
    path.write_bytes(b"".join(cv2.imencode(".jpg", one)[1].tobytes() for one in frames))
    return f"--use-file-for-fake-video-capture={path}"


def _held_up(shot: bytes) -> list[Any]:
    screen = cv2.imdecode(np.frombuffer(shot, np.uint8), cv2.IMREAD_COLOR)
    scale = 700 / screen.shape[0]
    screen = cv2.resize(screen, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    frames = []
    for degrees in (-6, -3, 0, 3, 6):
        frame = np.full((720, 1280, 3), 90, np.uint8)
        left = (1280 - screen.shape[1]) // 2
        frame[10 : 10 + screen.shape[0], left : left + screen.shape[1]] = screen
        turn = cv2.getRotationMatrix2D((640, 360), degrees, 1)
        frame = cv2.warpAffine(frame, turn, (1280, 720), borderValue=(90, 90, 90))
        frames.append(np.asarray(cv2.GaussianBlur(frame, (0, 0), 0.6) * 0.8, np.uint8))
    return frames


CAMERA = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]


ANSWERS = """() => {
  window.answers = [];
  const note = () => window.answers.push(document.querySelector(".lane").dataset.result);
  new MutationObserver(note).observe(document.querySelector(".lane"), {attributeFilter: ["data-count"]});
}"""
"""Every answer of the lane is kept: the screen shows each for a moment only."""


def test_from_the_phone_number_to_a_visit_and_who_read_it(
    browser: Any, door: GatewayProcess, province: tuple[Resident, str], market_a: ScanPoint, tmp_path: Path
) -> None:
    lan, token = province
    page = browser(device_scale_factor=2)
    page.clock.install()
    page.goto("/my/")
    looked_at(page, "my-home")
    picture(page, "nd-01-bat-dau")
    page.set_viewport_size(PHONE)
    page.get_by_role("link", name="Bắt đầu").or_(page.get_by_role("button", name="Bắt đầu")).click()
    signed_in(page)
    looked_at(page, "my-add")
    walked_by_keys(page, "my-add")
    picture(page, "nd-02-khai")
    page.set_viewport_size(PHONE)
    claimed(page, "nguyễn thị lan", "5/3/1956", ID_NUMBER_OF_LAN)
    card_shown(page)
    picture(page, "nd-03-the")

    began = time.monotonic()
    shots, codes = _filmed(page)
    for path in ("/my/members/", "/my/cards/", "/my/cards/activate/", "/my/card/"):
        page.goto(path)
        looked_at(page, path.strip("/").replace("/", "-"))
        if path != "/my/card/":  # in letters twice as large it is wider than a phone: still to be put right
            walked_by_keys(page, path.strip("/").replace("/", "-"))
        page.set_viewport_size(PHONE)
    offline = _opened_without_asking(page)
    # The last code is 31 seconds ahead of the first: scanners believe it from half a minute before its time.
    time.sleep(max(0.0, 2 - (time.monotonic() - began)))
    flag = film(tmp_path / "phone.mjpeg", shots)
    facing = browser.playwright.chromium.launch_persistent_context(
        tmp_path / "scanner", executable_path=shutil.which("chromium"), args=[*FLAGS, *CAMERA, flag]
    )
    scanner = scanner_on(facing.new_page(), door.port, token, market_a.pk)
    _scanned(scanner, lan, market_a)
    # The film goes on: the next code is read from it and believed, too; shown again they are known.
    until(lambda: scanner.evaluate("window.answers").count("accepted") >= len(codes))
    assert set(scanner.evaluate("window.answers")) <= {"accepted", "seen"}
    assert scanner.evaluate(TAKE, offline) in {"accepted", "seen"}
    assert set(Visit.objects.values_list("resident_id", flat=True)) == {lan.pk}
    scanner.locator("#camera-toggle").click()

    # A picture of it is refused after a minute and a half, by its age alone. No network puts that clock right.
    late = facing.new_page()
    late.route("**/v1/**", lambda route: route.abort())
    late.add_init_script(LATER % 100_000)
    late.goto(f"http://localhost:{door.port}/scanner/")
    late.locator('html[data-state="scanning"]').wait_for()
    assert late.evaluate(TAKE, codes[0]) == "old_code"
    late.close()
    facing.close()
    _read_for_a_case(browser(), page, lan, market_a)
    _thirteen_days_without_a_network(page)


def _filmed(page: Any) -> tuple[list[bytes], list[str]]:
    """The screen at two codes: the page renews them itself when half a minute has passed on this phone."""
    shots, codes = [page.screenshot()], [code_on(page)]
    before = page.locator("#card").get_attribute("data-shown-at")
    page.clock.fast_forward(31_000)
    page.locator(f'#card:not([data-shown-at="{before}"])').wait_for()
    shots.append(page.screenshot())
    codes.append(code_on(page))
    assert codes[0] != codes[1]
    return shots, codes


def _scanned(scanner: Any, lan: Resident, market: ScanPoint) -> None:
    """The camera sees the film, and a visit is in the log."""
    scanner.evaluate(ANSWERS)
    scanner.locator("#camera-toggle").click()
    (visit,) = until(lambda: list(Visit.objects.all()))
    assert (visit.resident_id, visit.point_id) == (lan.pk, market.pk)
    scanner.locator('[data-safe="1"]').wait_for()
    assert scanner.evaluate("window.answers")[0] == "accepted"


@contextmanager
def requests_of_the_site() -> Iterator[list[str]]:
    """What the site is asked for, counted at its door."""
    asked: list[str] = []

    def note(environ: Mapping[str, Any], **_: object) -> None:
        asked.append(environ["PATH_INFO"])

    request_started.connect(note)
    try:
        yield asked
    finally:
        request_started.disconnect(note)


def _opened_without_asking(page: Any) -> str:
    """Opened anew, with a network and without, it shows a code, and the site hears nothing; the code without one."""
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    with requests_of_the_site() as asked:
        shown = []
        for is_offline in (False, True, False):
            page.context.set_offline(is_offline)
            page.reload()
            card_shown(page)
            page.locator("#card[data-ready]").wait_for()
            shown.append(code_on(page))
        assert asked == []
        # Nor on the day on which it is due: at a gate nobody looks at it for so long.
        page.evaluate(DUE)
        page.reload()
        page.locator("#card[data-ready]").wait_for()
        page.clock.fast_forward(9_000)
        assert asked == []
        # Who goes on looking at it lets the phone ask, once.
        page.clock.fast_forward(61_000)
        page.get_by_text("Vừa kiểm tra").wait_for()
    assert asked.count("/my/card/state/") == 1
    return shown[1]


DUE = """() => new Promise(done => {
  indexedDB.open("ksdb-my", 1).onsuccess = event => {
    const store = event.target.result.transaction("kept", "readwrite").objectStore("kept");
    store.get("card").onsuccess = got => {
      store.put({...got.target.result, ask_at: 0}, "card").onsuccess = () => done(true);
    };
  };
})"""


def _read_for_a_case(office: Any, page: Any, lan: Resident, market: ScanPoint) -> None:
    """She reads of her visit; an officer opens a case and traces it; she reads that he did, when and why."""
    page.goto("/my/visits/")
    page.get_by_text(market.name).first.wait_for()
    page.goto("/my/data/readers/")
    page.get_by_text("Chưa ai xem").wait_for()
    province = Division.objects.get(kind=Division.Kind.PROVINCE, valid_from=date(2025, 7, 1))
    office = _officer(office, Role.EPIDEMIOLOGIST, province)
    office.goto(f"/cases/new/{lan.pk}/")
    office.locator("[name=sampled_on]").fill(today().isoformat())
    office.get_by_role("button", name="Mở ca bệnh").click()
    office.get_by_role("button", name="Truy vết ngay").click()
    office.wait_for_url("**/traces/**")
    page.reload()
    page.get_by_text("Truy vết ca bệnh").first.wait_for()
    assert "Lê Văn Bình" not in page.content()
    looked_at(page, "my-readers")


def _thirteen_days_without_a_network(page: Any) -> None:
    """The code still comes, large and for whoever needs other colours; on the fifteenth day a sentence stands there."""
    page.set_viewport_size(PHONE)
    page.goto("/my/card/")
    card_shown(page)
    assert page.evaluate(TAKEN_OUT) == "InvalidAccessError"
    page.evaluate(HOME)
    page.get_by_role("button", name="Để thẻ ra màn hình chính").click()
    assert page.evaluate("window.wasOffered")
    page.get_by_role("button", name="Mở to cả màn hình").click()
    assert page.evaluate("document.activeElement.hasAttribute('data-small')")
    looked_at(page, "my-card-full")
    page.get_by_role("button", name="Quay lại").click()
    assert page.evaluate("document.activeElement.hasAttribute('data-full')")
    for name in ("Chữ to", "Màu đậm, dễ nhìn", "English"):
        with page.expect_navigation():
            page.get_by_role("button", name=name).click()
    page.locator("html[lang=en]").wait_for()  # the page that the phone keeps, and will show without a network
    card_shown(page)
    looked_at(page, "my-card-large-contrast-english")
    page.set_viewport_size(PHONE)
    page.context.set_offline(True)
    before = page.locator("#card").get_attribute("data-shown-at")
    page.clock.fast_forward(13 * DAY_MS)
    page.locator(f'#card:not([data-shown-at="{before}"])').wait_for()
    assert code_on(page)
    page.clock.fast_forward(2 * DAY_MS)
    page.reload()
    page.locator("#card[data-ready]").wait_for()
    assert "was not renewed for 14 days" in page.locator("[data-fault]").inner_text()
    page.context.set_offline(False)


DAY_MS = 24 * 3600 * 1000
HOME = """() => {
  const offer = new Event("beforeinstallprompt", {cancelable: true});
  window.dispatchEvent(Object.assign(offer, {prompt () { window.wasOffered = true }}));
}"""
TAKEN_OUT = """() => new Promise(done => {
  indexedDB.open("ksdb-my", 1).onsuccess = event => {
    event.target.result.transaction("keys").objectStore("keys").get("device").onsuccess = got =>
      crypto.subtle.exportKey("pkcs8", got.target.result.privateKey).then(() => done("out"), error => done(error.name));
  };
})"""
"""The phone's key does not leave the browser, for our own scripts neither."""

WITHOUT = """Object.defineProperty(%s, "%s", {get: () => undefined})"""


def test_a_browser_that_cannot_show_the_card_says_so_in_words(browser: Any) -> None:
    sentence = "Trình duyệt này quá cũ"
    for script in (WITHOUT % ("crypto", "subtle"), WITHOUT % ("window", "indexedDB")):
        page = browser(script)
        page.goto("/my/card/")
        page.get_by_text(sentence).wait_for()
        assert page.locator("[data-loading]").is_hidden()
    page = browser()
    page.clock.install()
    page.route("**/wallet/card.js", lambda route: route.fulfill(body="let let;", content_type="text/javascript"))
    page.goto("/my/card/")
    page.clock.fast_forward(9_000)
    page.get_by_text(sentence).wait_for()
    plain = browser(java_script_enabled=False)
    plain.goto("/my/card/")
    assert "Trình duyệt này không hiện được thẻ" in plain.locator("noscript p").inner_text()
    for path in ("/my/card/", "/my/code/", "/my/left/"):
        page.goto(path)
        looked_at(page, f"{path.strip('/').replace('/', '-')}-alone")


def _officer(page: Any, role: Role, division: Division) -> Any:
    """Signed in to the staff pages."""
    client = Client()
    client.force_login(staff(f"{role}", "Lê Văn Bình", role, division))
    page.goto("/sign-in/")
    origin = re.match(r"https?://[^/]+", page.url)[0]  # type: ignore[index]
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": origin}])
    return page


def test_a_phone_that_the_registry_does_not_know_is_confirmed_by_the_ward(
    browser: Any, province: tuple[Resident, str], whole_province: Division
) -> None:
    page = browser()
    page.goto("/my/begin/")
    looked_at(page, "my-begin")
    signed_in(page, "0912000001")
    claimed(page, "Nguyễn Thị Lan", "5/3/1956", ID_NUMBER_OF_LAN)
    page.get_by_text("đang chờ", exact=True).wait_for()
    looked_at(page, "my-waits")
    officer = _officer(browser(), Role.WARD_OFFICER, commune("Phường Hương Trà", date(2025, 7, 1)))
    officer.goto("/claims/")
    looked_at(officer, "claims")
    officer.get_by_role("link", name=re.compile("^Số ")).click()
    officer.get_by_text("trùng số căn cước").wait_for()
    looked_at(officer, "claim")
    officer.get_by_role("button", name="Đúng người này: xác nhận").click()
    officer.get_by_text("Đã xác nhận").wait_for()
    page.goto("/my/")
    card_shown(page)
    _keeps_order_at_the_desk(officer, province[0])
    auditor = _officer(browser(), Role.AUDITOR, whole_province)
    auditor.goto("/phone-codes/")
    auditor.get_by_role("columnheader", name="Đã gửi", exact=True).wait_for()
    looked_at(auditor, "phone-codes")


def _keeps_order_at_the_desk(officer: Any, lan: Resident) -> None:
    """Which phones keep the card; and the sheet, once it is said who came and why."""
    officer.goto(f"/residents/{lan.pk}/phones/")
    officer.get_by_role("rowheader", name="…001").wait_for()
    looked_at(officer, "desk-phones")
    officer.goto(f"/residents/{lan.pk}/sheet/")
    looked_at(officer, "desk-sheet-asked")
    for choice in ("Chính người dân", "Tôi đã đối chiếu giấy tờ tùy thân", "Muốn biết dữ liệu nào được lưu"):
        officer.get_by_label(choice).check()
    officer.get_by_role("button", name="Xem tờ in").click()
    officer.get_by_text("Máy có số đuôi 001", exact=True).wait_for()
    looked_at(officer, "desk-sheet")


def photo_of(text: str, path: Path) -> Path:
    """A paper card on a table, as a phone's camera has it."""
    matrix = np.squeeze(np.asarray(zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode).to_image(scale=8)))
    table = np.full((1600, 1200), 150, np.uint8)
    top, left = 500, (1200 - matrix.shape[1]) // 2
    table[top - 60 : top + matrix.shape[0] + 60, left - 60 : left + matrix.shape[1] + 60] = 245
    table[top : top + matrix.shape[0], left : left + matrix.shape[1]] = matrix
    turn = cv2.getRotationMatrix2D((600, 800), 7, 1)
    cv2.imwrite(str(path), cv2.warpAffine(table, turn, (1200, 1600), borderValue=150))
    return path


def test_two_phones_a_wrong_clock_and_a_lost_card(
    browser: Any, door: GatewayProcess, province: tuple[Resident, str], market_a: ScanPoint, tmp_path: Path
) -> None:
    lan, token = province
    scanner = scanner_on(browser(), door.port, token, market_a.pk)
    first, second = browser(device_scale_factor=2), browser(LATER % 600_000)
    first.goto("/my/begin/")
    signed_in(first)
    claimed(first, "Nguyễn Thị Lan", "5/3/1956", ID_NUMBER_OF_LAN)
    card_shown(first)
    assert scanner.evaluate(TAKE, code_on(first)) == "accepted"
    _renews_alone(first)
    _adds_her_grandson(first)
    _takes_over(second, scanner)
    publish_status_list(system_scope())
    until(lambda: _reloaded(scanner).evaluate(TAKE, code_on(first)) == "revoked")
    first.get_by_role("button", name="Thẻ bị từ chối? Kiểm tra thẻ").click()
    first.get_by_text("Thẻ này đã chuyển sang điện thoại khác").wait_for()
    held = code_on(second)
    _activates_by_picture(second, lan, tmp_path)
    _loses_it(second, lan)
    publish_status_list(system_scope())
    until(lambda: _reloaded(scanner).evaluate(TAKE, held) == "suspended")
    _leaves(second)


def _reloaded(scanner: Any) -> Any:
    """With the lists as they are now."""
    scanner.evaluate(SYNCED)
    scanner.reload()
    scanner.locator('html[data-state="scanning"]').wait_for()
    return scanner


def _renews_alone(page: Any) -> None:
    """Minute after minute there is a new code, and nobody is asked for anything."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    shown = {code_on(page)}
    page.evaluate("() => { window.real = Date.now; window.ahead = 0; Date.now = () => window.real() + window.ahead }")
    for _ in range(6):
        before = page.locator("#card").get_attribute("data-shown-at")
        page.evaluate("() => { window.ahead += 31_000 }")
        page.locator(f'#card:not([data-shown-at="{before}"])').wait_for()
        shown.add(code_on(page))
    assert len(shown) == 7
    assert asked == []


def _adds_her_grandson(page: Any) -> None:
    page.goto("/my/members/")
    page.get_by_role("button", name="Thêm con hoặc người khác").click()
    claimed(page, "Trần Minh Khôi", "2015", "", "Của con tôi")
    page.get_by_role("heading", name="Trần Minh Khôi").wait_for()
    card_shown(page)
    picture(page, "nd-04-nguoi-nha")
    page.get_by_role("button", name="Thẻ sau").click()
    page.get_by_role("heading", name="Nguyễn Thị Lan").wait_for()


def _takes_over(page: Any, scanner: Any) -> None:
    """Another phone, ten minutes ahead: it learned the time from the server, and its codes are believed."""
    page.goto("/my/begin/")
    signed_in(page)
    page.get_by_text("Thẻ này đã chuyển sang điện thoại khác").wait_for()
    looked_at(page, "my-elsewhere")
    page.set_viewport_size(PHONE)
    page.get_by_role("button", name="Chuyển thẻ về máy này").click()
    card_shown(page)
    page.get_by_text("Đồng hồ máy này sai 10 phút").wait_for()
    looked_at(page, "my-clock")
    page.set_viewport_size(PHONE)
    assert scanner.evaluate(TAKE, code_on(page)) == "accepted"


def _activates_by_picture(page: Any, lan: Resident, folder: Path) -> None:
    (paper,) = issue_cards(system_scope(), [lan.pk], Form.PAPER)
    page.goto("/my/cards/activate/")
    page.locator("input[type=file]").set_input_files(photo_of(paper.token, folder / "card.png"))
    page.get_by_text("Thẻ đã kích hoạt").wait_for()
    assert Card.objects.get(pk=paper.index).status == CardStatus.ACTIVE
    picture(page, "nd-05-cac-the")


def _loses_it(page: Any, lan: Resident) -> None:
    page.get_by_text("Tôi bị mất thẻ này").last.click()
    picture(page, "nd-06-mat-the")
    page.get_by_role("button", name="Khóa thẻ này").last.click()
    page.get_by_text("Thẻ đã khóa").wait_for()
    electronic = Card.objects.get(resident=lan, form=Form.ELECTRONIC, status=CardStatus.SUSPENDED)
    assert electronic.reason == "lost"
    page.goto("/my/card/")
    page.get_by_role("button", name="Kiểm tra thẻ", exact=False).last.click()
    page.get_by_text("Thẻ này đang bị khóa").wait_for()
    looked_at(page, "my-blocked")


def _leaves(page: Any) -> None:
    """Nothing stays on the phone."""
    page.goto("/my/members/")
    page.get_by_role("button", name="Đăng xuất trên máy này").click()
    page.locator("html[data-left]").wait_for()
    page.goto("/my/card/")
    page.locator("[data-signed-out]").get_by_role("button", name="Đăng nhập").wait_for()


SYNCED = """async () => {
  const {sync} = await import("/scanner/sync.js");
  await sync();
  return true;
}"""
