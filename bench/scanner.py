"""From a frame with a card to the answer that is kept, and from the first opening to a screen that can be used: the
scanner in Chromium, fed with pictures of a printed code, and on a slow phone's processor and line."""

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
from playwright.sync_api import Browser, sync_playwright
from starlette.applications import Starlette
from tests.gateway.scanner import FLAGS, frame

from ksdb.core.token import Claims, Form, sign_token
from ksdb.core.trust_list import point_of
from ksdb.gateway.pages import FOLDER, page_routes

ROUNDS = 60
STARTS = 5
PORT = 8952
SLOW_LINE = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8}
"""What Lighthouse calls slow 4G: 1.6 Mbit/s, 150 ms from question to answer."""

SLOWER = 4
"""A phone of 2018 beside a desk of today."""

NOTED = """new MutationObserver(() => {
  if (document.documentElement.dataset.state) window.startedMs ??= performance.now();
}).observe(document, {subtree: true, childList: true, attributes: true, attributeFilter: ["data-state"]});"""
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
    """Prints the middle and the worst of twenty of each step, at full speed and six times slower."""
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
    _measure_starts()
    size = sum(path.stat().st_size for path in Path(FOLDER).glob("*.*"))
    print(f"the app without the barcode engine: {size / 1000:.0f} kB before packing")


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
                worst = sorted(times)[int(len(times) * 0.95)]
                print(f"  {step:7} {statistics.median(times):7.1f} ms in the middle, {worst:7.1f} ms at 95 %")
        browser.close()


def pages_alone() -> Starlette:
    """The scanner's files as the gateway serves them, without a database."""
    return Starlette(routes=page_routes())


def _measure_starts() -> None:
    """Prints how long a first visit takes until the screen can be used, each with an empty browser."""
    served = "import uvicorn; from bench.scanner import pages_alone; uvicorn.run(pages_alone, factory=True, port="
    process = subprocess.Popen([sys.executable, "-c", f"{served}{PORT}, log_level='warning')"])
    try:
        _wait_for(PORT)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            _first_start(browser, None)
            quick = [_first_start(browser, None) for _ in range(STARTS)]
            slow = [_first_start(browser, SLOW_LINE) for _ in range(STARTS)]
            browser.close()
    finally:
        process.terminate()
        process.wait(20)
    print("first start, nothing kept: until the screen can be used")
    print(
        f"  this machine, no line between      {statistics.median(quick):7.0f} ms, worst of {STARTS} {max(quick):.0f}"
    )
    print(
        f"  {SLOWER}× slower, 1.6 Mbit/s, 150 ms     {statistics.median(slow):7.0f} ms, worst {max(slow):.0f}; "
        f"{statistics.median(slow) / 3000:.2f} of 3 s"
    )


def _first_start(browser: Browser, line: dict[str, Any] | None) -> float:
    context = browser.new_context(viewport={"width": 360, "height": 740})
    context.add_init_script(NOTED)
    page = context.new_page()
    if line:
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", line)
        session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(f"http://localhost:{PORT}/scanner/", wait_until="commit")
    page.locator("html[data-state]").wait_for()
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
