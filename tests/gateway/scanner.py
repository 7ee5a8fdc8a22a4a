"""The scanner in a real Chromium at a real gateway: opened, let in, shown cards."""

import io
import json
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import cv2
import numpy as np
import psutil
import pypdfium2
import zxingcpp
from playwright.sync_api import BrowserContext, Error, Page, Playwright
from reportlab.pdfgen.canvas import Canvas
from tests.gateway.devices import kill_all
from tests.gateway.town import KEY, KID, MARKET_TOKEN, STATES, STATUS_KID, Town

from ksdb.cards.artwork import CARD_HEIGHT, CARD_WIDTH, Face, draw_face, prepare
from ksdb.core.clock import now
from ksdb.core.status_list import LISTED, Listed, Signer, Statuses, changes_between, empty, sign_head, sign_status_list
from ksdb.core.token import Form, IssuerKey, Usage
from ksdb.core.trust_list import TrustList, coded, sign_list

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync", "--use-fake-ui-for-media-stream"]
FLAGS += ["--use-fake-device-for-media-stream"]
FOREIGN_KEY = "5a" * 32
POINT = {
    "id": 31,
    "name": "Chợ Đông Ba – Cổng số 1",
    "type": "market",
    "opens_at": "05:00",
    "closes_at": "19:00",
    "usual_stay_minutes": 45,
    "capacity": 400,
    "lanes": 2,
    "is_exit_scanned": True,
    "foreign_key": {"version": 1, "key": FOREIGN_KEY},
}
LET_IN = """async (answer) => {
  const vault = await import("/scanner/vault.js");
  const {sync} = await import("/scanner/sync.js");
  if (await vault.enrolment()) return;
  await vault.keepEnrolment(answer);
  await sync();
}"""
SCANNING = 'html[data-state="scanning"]'


@contextmanager
def browser(playwright: Playwright, folder: Path, *flags: str, **options: Any) -> Iterator[BrowserContext]:
    """A browser whose profile lives in the folder: closed and opened again it knows what it knew."""
    context = playwright.chromium.launch_persistent_context(
        folder, executable_path=shutil.which("chromium"), args=[*FLAGS, *flags], **options
    )
    try:
        yield context
    finally:
        with suppress(Error):  # it was killed
            context.close()


def kill(folder: Path) -> None:
    """SIGKILL to the browser of this profile, and to nothing else: nobody gets to write anything down."""
    for process in psutil.process_iter(["cmdline"]):
        if f"--user-data-dir={folder}" in (process.info["cmdline"] or []) and "--type" not in str(
            process.info["cmdline"]
        ):
            kill_all(process.pid)


def opened(context: BrowserContext, port: int, token: str = MARKET_TOKEN, *, is_kept: bool = True) -> Page:
    """The scanner on its scanning screen, let in as the market's device if it was not yet.

    And kept for a start without a network, but where the context blocks service workers.
    """
    page = context.new_page()
    # One of its files first: that page is of the same origin and starts nothing, so that the scanner starts once.
    page.goto(f"http://localhost:{port}/scanner/vault.js")
    page.evaluate(LET_IN, {"device_id": 1, "token": token, "point": POINT})
    page.goto(f"http://localhost:{port}/scanner/")
    page.locator(SCANNING).wait_for()
    if is_kept:
        page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    return page


def wait_for_result(page: Page, result: str, count: int = 1) -> None:
    page.locator(f'.lane[data-result="{result}"][data-count="{count}"]').first.wait_for(timeout=15_000)


def wait_until_known(port: int, token: str = MARKET_TOKEN) -> None:
    """Until the gateway has heard of the device (the market's, unless told otherwise) and of the lists."""
    request = Request(f"http://127.0.0.1:{port}/v1/status-list", headers={"authorization": f"Bearer {token}"})
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            urlopen(request, timeout=5).close()  # noqa: S310
        except HTTPError as error:
            error.close()
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the gateway heard of no device")


def typed_by_reader(page: Page, text: str) -> None:
    """As a USB reader types it."""
    page.keyboard.type(text, delay=1)
    page.keyboard.press("Enter")


def publish(town: Town, root: Any, statuses: Statuses | None = None) -> None:
    """The town's trust list, and a status list of what its cards are."""
    seconds = int(now().timestamp())
    keys = tuple(
        IssuerKey(kid, KEY.public_key(), usage, seconds - 86_400, seconds + 30 * 86_400)
        for kid, usage in ((KID, Usage.CARD), (STATUS_KID, Usage.STATUS))
    )
    after = empty() if statuses is None else statuses
    for index, status in STATES.items() if statuses is None else ():
        after[index] = LISTED[status]
    at, signer = now() - timedelta(seconds=5), Signer(STATUS_KID, KEY)
    signed = sign_list(coded(TrustList(1, seconds, keys)), root)
    with town.connection.transaction():
        town.rows("INSERT INTO trust_list (serial, signed, imported_at) VALUES (1, %s, now())", signed)
        town.rows(
            "INSERT INTO status_list (serial, made_at, kid, changes, head, token) VALUES (1, %s, %s, %s, %s, %s)",
            at,
            STATUS_KID,
            changes_between(empty(), after),
            sign_head(after, 1, at, signer),
            sign_status_list(after, 1, at, signer),
        )


def publish_change(town: Town, index: int, listed: Listed) -> None:
    """The next status list, in which one card is something else: what the publisher does after a desk changed it."""
    before = empty()
    for known, status in STATES.items():
        before[known] = LISTED[status]
    after = before.copy()
    after[index] = listed
    at, signer = now(), Signer(STATUS_KID, KEY)
    signed = sign_head(after, 2, at, signer), sign_status_list(after, 2, at, signer)
    with town.connection.transaction():
        town.rows(
            "INSERT INTO status_list (serial, made_at, kid, changes, head, token) VALUES (2, %s, %s, %s, %s, %s)",
            at,
            STATUS_KID,
            changes_between(before, after),
            *signed,
        )
        town.rows("UPDATE status_list SET token = NULL WHERE serial < 2")


def queue_of(page: Page) -> list[str]:
    """All that lies in the device's database, as text: for looking into it as a thief would."""
    return list(json.loads(page.evaluate(DUMP)))


DUMP = """async () => {
  const {database} = await import("/scanner/db.js");
  const db = await database();
  const all = [];
  for (const name of db.objectStoreNames) {
    const request = db.transaction(name).objectStore(name).getAll();
    const rows = await new Promise((resolve) => { request.onsuccess = () => resolve(request.result); });
    const text = (value) => value instanceof ArrayBuffer ? String.fromCharCode(...new Uint8Array(value)) : value;
    for (const row of rows) if (name !== "lists") all.push(JSON.stringify(row, (_, value) => text(value)) ?? "");
  }
  return JSON.stringify(all);
}"""


def frame(text: str, degrees: float, blur: float, light: float, pixels: int = 6) -> np.ndarray:
    """A card with the code, held before a camera of 1280 × 720 by a hand."""
    matrix = np.asarray(zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M").to_image(scale=1))
    code = cv2.resize(matrix, None, fx=pixels, fy=pixels, interpolation=cv2.INTER_NEAREST)
    picture = np.full((720, 1280, 3), 110, np.uint8)
    height, width = code.shape[:2]
    top, left = (720 - height) // 2, (1280 - width) // 2
    cv2.rectangle(picture, (left - 60, top - 30), (left + width + 200, top + height + 30), (250, 250, 250), -1)
    picture[top : top + height, left : left + width] = code[..., None] if code.ndim == 2 else code
    return _in_a_hand(picture, degrees, blur, light)


def printed(text: str) -> np.ndarray:
    """The face of a paper card as the print room draws it, rasterised, before a camera's grey wall."""
    file = io.BytesIO()
    canvas = Canvas(file, (CARD_WIDTH, CARD_HEIGHT))
    prepare(canvas, Form.PAPER)
    draw_face(canvas, Face(text, "000123456705", Form.PAPER, "Nguyễn Thị Lan", 1994, "Phường Phú Xuân"))
    canvas.save()
    with pypdfium2.PdfDocument(file.getvalue()) as document:
        card = document[0].render(scale=720 / CARD_WIDTH).to_numpy()
    picture = np.full((720, 1280, 3), 110, np.uint8)
    height, width = card.shape[:2]
    top, left = (720 - height) // 2, (1280 - width) // 2
    picture[top : top + height, left : left + width] = card
    return picture


def printed_frames(text: str) -> list[np.ndarray]:
    """The printed card in a hand that is not still: turned, blurred, in poor light."""
    card = printed(text)
    return [_in_a_hand(card, degrees, 1.2, 0.45) for degrees in (-14, -9, -4, 3, 8, 13)]


def _in_a_hand(picture: np.ndarray, degrees: float, blur: float, light: float) -> np.ndarray:
    turn = cv2.getRotationMatrix2D((640, 360), degrees, 1)
    picture = cv2.warpAffine(picture, turn, (1280, 720), borderValue=(110, 110, 110))
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), blur) * light, np.uint8)


def film(path: Path, frames: Sequence[np.ndarray]) -> None:
    """JPEGs one after another: what Chromium's false camera plays, over and over."""
    path.write_bytes(b"".join(cv2.imencode(".jpg", one)[1].tobytes() for one in frames))
