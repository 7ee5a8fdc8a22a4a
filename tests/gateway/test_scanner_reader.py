"""The scanner's JavaScript in a real browser, held to the same vectors as the Python."""

import json
import shutil
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

import ksdb.gateway
from ksdb.core.ids import PROVINCES

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parent.parent.parent
STATIC = Path(ksdb.gateway.__file__).parent / "scanner" / "static" / "scanner"
FILE = json.loads((ROOT / "tests" / "vectors" / "cards.json").read_text(encoding="utf-8"))
FOREIGN = json.loads((ROOT / "tests" / "vectors" / "foreign.json").read_text(encoding="utf-8"))["vectors"]

READ = """async ({trust, vectors, how}) => {
  const token = await import("/token.js");
  const ready = await token.readyTrust(trust);
  const read = async ({text, at}) => {
    try { return {claims: await token[how](text, ready, at), fault: null}; }
    catch (error) {
      if (!(error instanceof token.Fault)) throw error;
      return {claims: null, fault: error.code};
    }
  };
  return Promise.all(vectors.map(read));
}"""
FLIP = """async ({trust, vector, how}) => {
  const token = await import("/token.js");
  const ready = await token.readyTrust(trust);
  const whole = token.bytesOf(vector.text);
  const believed = [];
  for (let bit = 0; bit < whole.length * 8; bit += 1) {
    const changed = whole.slice();
    changed[bit >> 3] ^= 0x80 >> (bit & 7);
    const digits = BigInt("0x" + Array.from(changed, (b) => b.toString(16).padStart(2, "0")).join("")).toString();
    const text = "1" + digits.padStart(vector.text.length - 1, "0");
    try { await token[how](text, ready, vector.at); believed.push(bit); }
    catch (error) { if (!(error instanceof token.Fault)) throw error; }
  }
  return believed;
}"""
LISTS = json.loads((ROOT / "tests" / "vectors" / "lists.json").read_text(encoding="utf-8"))
READ_LISTS = """async ({file, part, pinned}) => {
  const lists = await import("/lists.js");
  const bytes = (text) => Uint8Array.from(text.match(/../g), (pair) => Number.parseInt(pair, 16));
  const {keys} = await lists.readTrustList(bytes(file.trust_lists[0].signed), file.root);
  const first = file.status_lists[0];
  const known = await lists.readStatusList(bytes(first.signed), keys, first.at);
  const read = async ({signed, newest, at, says}) => {
    try {
      const made = part === "trust_lists" ? await lists.readTrustList(bytes(signed), pinned ? file.root : null, newest)
        : part === "status_lists" ? await lists.readStatusList(bytes(signed), keys, at, newest)
        : await lists.readDelta(bytes(signed), known, keys, at);
      if (part === "trust_lists") return {fault: null, serial: made.serial, says: {keys: made.keys}, root: made.root};
      const statuses = (says.statuses ?? []).map(([index]) => [index, lists.listedAs(made.bits, index)]);
      return {fault: null, serial: made.serial, says: {statuses}};
    } catch (error) {
      if (!(error instanceof lists.ListFault)) throw error;
      return {fault: error.code, serial: null, says: {}};
    }
  };
  const answers = [];
  for (const vector of file[part]) answers.push(await read(vector));
  return answers;
}"""
NUMBERS = """async (typed) => {
  const {isCardNumber} = await import("/cardnumber.js");
  return typed.map(isCardNumber);
}"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name the library gives it
        pass


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(STATIC)))
    Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        opened = browser.new_page()
        opened.goto(f"http://127.0.0.1:{server.server_port}/token.js")
        yield opened
        browser.close()
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(("part", "how"), [("vectors", "readToken"), ("codes", "readPresentation")])
def test_the_browser_reads_every_vector_as_the_file_says(page: Page, part: str, how: str) -> None:
    vectors = FILE[part]
    answers = page.evaluate(READ, {"trust": FILE["trust"], "vectors": vectors, "how": how})
    unlike = {
        vector["name"]: answer
        for vector, answer in zip(vectors, answers, strict=True)
        if (answer["fault"], answer["claims"]) != (vector["fault"], vector["claims"])
    }
    assert unlike == {}


@pytest.mark.parametrize(("part", "at", "how"), [("vectors", 0, "readToken"), ("codes", 4, "readPresentation")])
def test_the_browser_refuses_every_flipped_bit(page: Page, part: str, at: int, how: str) -> None:
    assert page.evaluate(FLIP, {"trust": FILE["trust"], "vector": FILE[part][at], "how": how}) == []


def test_the_browser_reads_other_systems_codes_as_the_file_says(page: Page) -> None:
    script = """async (texts) => {
      const {foreignIn, PROVINCES} = await import("/foreign.js");
      return [texts.map(foreignIn), [...PROVINCES]];
    }"""
    read, provinces = page.evaluate(script, [vector["text"] for vector in FOREIGN])
    unlike = {
        vector["name"]: found
        for vector, found in zip(FOREIGN, read, strict=True)
        if (found and [found["kind"], found["number"]]) != vector["scanner"]
    }
    assert unlike == {}
    assert set(provinces) == PROVINCES


def test_the_browser_knows_card_numbers(page: Page) -> None:
    typed = {"0000 0007 9444": True, "000000079444": True, "0000.0007-9444": True, "000000079445": False, "1234": False}
    assert page.evaluate(NUMBERS, list(typed)) == list(typed.values())


@pytest.mark.parametrize("part", ["trust_lists", "status_lists", "deltas"])
def test_the_browser_reads_every_list_as_the_file_says(page: Page, part: str) -> None:
    answers = page.evaluate(READ_LISTS, {"file": LISTS, "part": part, "pinned": True})
    unlike = {
        vector["name"]: answer["fault"]
        for vector, answer in zip(LISTS[part], answers, strict=True)
        if (answer["fault"], answer["serial"], answer["says"]) != (vector["fault"], vector["serial"], vector["says"])
    }
    assert unlike == {}


def test_a_browser_that_was_told_no_root_works_out_the_one_that_signed(page: Page) -> None:
    answers = page.evaluate(READ_LISTS, {"file": LISTS, "part": "trust_lists", "pinned": False})
    good = [answer for vector, answer in zip(LISTS["trust_lists"], answers, strict=True) if vector["fault"] is None]
    assert len(good) == 2
    assert {answer["root"] for answer in good} == {LISTS["root"]}
    named = {vector["name"]: answer["fault"] for vector, answer in zip(LISTS["trust_lists"], answers, strict=True)}
    assert named["trust list: another root under our root's name"] == "unknown_key"
