"""From a camera's frame with a printed card to the painted answer, and from the first opening to a usable screen: the
scanner in Chromium, also on a slow phone's processor and line, and how large it is."""

import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from time import monotonic, time
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from playwright.sync_api import Browser, Page, Playwright, sync_playwright
from starlette.applications import Starlette
from tests.gateway.scanner import FLAGS, LET_IN, POINT, film, frame, printed_frames

from ksdb.core.token import Claims, Form, sign_token
from ksdb.core.trust_list import point_of
from ksdb.gateway.pages import FOLDER, page_routes, pages

ROUNDS = 60
CARDS = 40
ANSWER_SECONDS = 25
STARTS = 5
MOST_ANSWER_MS = 1_000
MOST_START_MS = 3_000
MOST_BYTES = 150_000
PORT = 8952
SLOW_LINE = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8}
"""What Lighthouse calls slow 4G: 1.6 Mbit/s, 150 ms from question to answer."""

SLOWER = 4
"""A phone of 2018 beside a desk of today."""

NOTED = """new MutationObserver(() => {
  if (document.documentElement.dataset.state) window.startedMs ??= performance.now();
}).observe(document, {subtree: true, childList: true, attributes: true, attributeFilter: ["data-state"]});"""
LISTS = """async (key) => {
  const {put} = await import("/scanner/db.js");
  const at = Date.now() / 1000;
  const keys = [{kid: 1, public_key: key, usage: "card", not_before: 0, not_after: at + 9e6}];
  await put("lists", "trust", {serial: 1, made_at: at, keys, root: null});
  await put("lists", "status", {serial: 1, bits: new Uint8Array(1 << 20), made_at: at, expires_at: at + 9e6});
}"""
ANSWERS = """window.answers = [];
new MutationObserver((changes) => {
  for (const {target: {dataset}} of changes) answers.push([dataset.result, Number(dataset.ms)]);
}).observe(document, {subtree: true, attributeFilter: ["data-ms"]});"""
STEPS = """async ({pictures, key, text, rounds}) => {
  const {decode} = await import("/camera.js");
  const {judged} = await import("/judge.js");
  const {readyTrust} = await import("/token.js");
  const {keep} = await import("/queue.js");
  const {newKey} = await import("/vault.js");
  const at = Date.now() / 1000;
  const trust = [{kid: 1, public_key: key, usage: "card", not_before: 0, not_after: at + 9e6}];
  const bits = new Uint8Array(1 << 20);
  const known = {verifiers: await readyTrust(trust), status: {bits, made_at: at, expires_at: at + 9e6}, device: {}};
  const sealing = await newKey();
  const frames = await Promise.all(pictures.map(async (url) => {
    const bitmap = await createImageBitmap(await (await fetch(url)).blob());
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext("2d", {willReadFrequently: true});
    return () => { context.drawImage(bitmap, 0, 0); return context.getImageData(0, 0, bitmap.width, bitmap.height); };
  }));
  const spent = {decode: [], judge: [], keep: [], all: []};
  for (let i = -3; i < rounds; i += 1) {
    const began = performance.now();
    const [read] = await decode(frames[(i + 3) % frames.length]());
    const decoded = performance.now();
    const said = read ? await judged(read, "camera", known, at) : null;
    const told = performance.now();
    if (said) await keep({scanned_at: Date.now(), ...said.scan}, sealing);
    const ended = performance.now();
    if (i < 0 || said?.result !== "accepted") continue;
    spent.decode.push(decoded - began); spent.judge.push(told - decoded);
    spent.keep.push(ended - told); spent.all.push(ended - began);
  }
  return spent;
}"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name the library gives it
        pass


def main() -> None:
    """Prints what is asked for beside what is measured, and last the steps of an answer one by one."""
    served = "import uvicorn; from bench.scanner import pages_alone; uvicorn.run(pages_alone, factory=True, port="
    process = subprocess.Popen([sys.executable, "-c", f"{served}{PORT}, log_level='critical')"])
    try:
        _wait_for(PORT)
        with sync_playwright() as playwright:
            _measure_answers(playwright)
            _measure_starts(playwright)
    finally:
        process.terminate()
        process.wait(20)
    size = sum(len(page.packed or page.content) for name, page in pages().items() if not name.startswith("vendor/"))
    kept = f"{size / 1000:.0f} of {MOST_BYTES / 1000:.0f} kB {_verdict(size, MOST_BYTES)}"
    print(f"the app packed, without the barcode engine: {kept}")
    _measure_steps()


def _verdict(measured: float, most: float) -> str:
    return "(kept)" if measured <= most else "(MISSED)"


def _at_95(times: list[float]) -> float:
    """Below which 95 of 100 stay."""
    return statistics.quantiles(times, n=20, method="inclusive")[-1]


def _measure_answers(playwright: Playwright) -> None:
    """Prints how long it takes from the frame to the painted answer, in the whole app: camera, engine, signature,
    status list, the scan on the disk, and the screen."""
    key = ec.generate_private_key(ec.SECP256R1())
    texts = [sign_token(Claims(1000 + n, Form.PAPER, int(time()) + 86_400), 1, key) for n in range(CARDS)]
    empty = frame("1", 0, 20, 0.3)
    with tempfile.TemporaryDirectory() as folder:
        film(Path(folder) / "cards.mjpeg", [one for text in texts for one in [empty, *printed_frames(text)]])
        flag = f"--use-file-for-fake-video-capture={folder}/cards.mjpeg"
        for slower in (1, SLOWER):
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=[*FLAGS, flag])
            page = _enrolled(browser, point_of(key.public_key()).hex())
            page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slower})
            page.locator("#camera-toggle").click()
            page.wait_for_timeout(ANSWER_SECONDS * 1000)
            times = [spent for result, spent in page.evaluate("answers") if result == "accepted"]
            browser.close()
            worst = _at_95(times)
            print(
                f"from a frame with a printed card to the painted answer, page {slower}× slower: {len(times)} answers"
            )
            print(
                f"  {statistics.median(times):7.1f} ms in the middle, {worst:.1f} at 95 % of {MOST_ANSWER_MS} ms "
                f"{_verdict(worst, MOST_ANSWER_MS)}"
            )


def _enrolled(browser: Browser, key: str) -> Page:
    """The app let in and with lists, and no gateway: what an answer takes, it takes here."""
    page = browser.new_context(viewport={"width": 360, "height": 740}, service_workers="block").new_page()
    page.add_init_script(ANSWERS)
    page.goto(f"http://localhost:{PORT}/scanner/")
    page.locator('html[data-state="enrolling"]').wait_for()
    page.evaluate(LET_IN, {"device_id": 1, "token": "none", "point": POINT})
    page.evaluate(LISTS, key)
    page.reload()
    page.locator('html[data-state="scanning"]').wait_for()
    return page


def _measure_steps() -> None:
    """Prints the middle and the worst of twenty of each step. Chromium slows the page and not its workers: what the
    engine takes on a slow phone is that many times its figure here."""
    import cv2

    key = ec.generate_private_key(ec.SECP256R1())
    text = sign_token(Claims(77, Form.PAPER, int(time()) + 86_400), 1, key)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(FOLDER, folder, dirs_exist_ok=True)
        turns = (-14, -8, -3, 3, 8, 14)
        for number, turn in enumerate(turns):
            cv2.imwrite(f"{folder}/{number}.jpg", frame(text, turn, 1.2, 0.45))
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder))
        Thread(target=server.serve_forever, daemon=True).start()
        given = {
            "pictures": [f"/{number}.jpg" for number in range(len(turns))],
            "key": point_of(key.public_key()).hex(),
            "text": text,
            "rounds": ROUNDS,
        }
        _measure(f"http://127.0.0.1:{server.server_port}/index.html", given)
        server.shutdown()


def _measure(url: str, given: dict[str, Any]) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page()
        page.goto(url)
        for slower in (1, 6):
            page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slower})
            spent = page.evaluate(STEPS, given)
            print(f"page {slower}× slower: {len(spent['all'])} of {ROUNDS} frames read (blurred, turned, dim)")
            for step, times in spent.items():
                print(f"  {step:7} {statistics.median(times):7.1f} ms in the middle, {_at_95(times):7.1f} ms at 95 %")
        browser.close()


def pages_alone() -> Starlette:
    """The scanner's files as the gateway serves them, without a database."""
    return Starlette(routes=page_routes(""))


def _measure_starts(playwright: Playwright) -> None:
    """Prints how long a first visit takes until the screen can be used, with nothing kept: a fresh device, and one that
    is let in and must fetch the app anew."""
    browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
    _start(browser, None, is_enrolled=False)
    print("first start, nothing kept: until the screen can be used")
    for name, line in (("this machine", None), (f"{SLOWER}× slower, 1.6 Mbit/s, 150 ms", SLOW_LINE)):
        for is_enrolled in (False, True):
            times = [_start(browser, line, is_enrolled=is_enrolled) for _ in range(STARTS)]
            screen = "scanning" if is_enrolled else "enrolment"
            print(
                f"  {name}, {screen}: {statistics.median(times):.0f} ms, worst of {STARTS} {max(times):.0f} of "
                f"{MOST_START_MS} ms {_verdict(max(times), MOST_START_MS)}"
            )
    browser.close()


def _start(browser: Browser, line: dict[str, Any] | None, *, is_enrolled: bool) -> float:
    context = browser.new_context(viewport={"width": 360, "height": 740}, service_workers="block")
    context.add_init_script(NOTED)
    page = context.new_page()
    page.goto(f"http://localhost:{PORT}/scanner/")
    page.locator("html[data-state]").wait_for()
    if is_enrolled:
        page.evaluate(LET_IN, {"device_id": 1, "token": "none", "point": POINT})
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.clearBrowserCache")
    if line:
        session.send("Network.emulateNetworkConditions", line)
        session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(f"http://localhost:{PORT}/scanner/", wait_until="commit")
    page.locator(f'html[data-state="{"scanning" if is_enrolled else "enrolling"}"]').wait_for()
    taken = float(page.evaluate("window.startedMs"))
    context.close()
    return taken


def _wait_for(port: int) -> None:
    deadline = monotonic() + 20
    while monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
    raise TimeoutError


if __name__ == "__main__":
    main()
