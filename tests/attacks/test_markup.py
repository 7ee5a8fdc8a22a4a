"""Markup in every text that a person can bring in: put past all checks into the tables, it is shown and never runs."""

import csv
import io
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import openpyxl
import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from tests.attacks.asking import fields_of, same_cookies, undone, with_phone
from tests.attacks.reading import content_of
from tests.attacks.routes import ROUTES
from tests.attacks.test_doors import HEADERS
from tests.attacks.test_objects import with_every_role
from tests.attacks.world import Words, World, world_of

from ksdb.access.models import StaffAccount
from ksdb.places.models import Division

MARK = "\"'><script>alert('ksdb')</script><img src=x onerror=alert('ksdb')>{{7*191}}"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
Page = tuple[int, dict[str, str], str]


@pytest.fixture
def marked(keys: None, commune_a: Division) -> World:
    """A commune where every text is markup. The import's own checks are gone round."""
    words = Words(
        person=f"Lan {MARK}",
        neighbour=f"Hoa {MARK}",
        address=MARK,
        book_number=MARK[:40],
        relation=MARK[:40],
        file_name=f"{MARK}.xlsx",
        point=f"Chợ {MARK}"[:80],
    )
    made = world_of(commune_a, replace(words, file_name="x.xlsx"))
    made.source.file_name = words.file_name
    made.source.found_headings, made.source.missing_columns = MARK, "name"
    made.source.status, made.source.failure = "failed", "heading_missing"
    made.source.save()
    group = made.person.division
    group.name = MARK[:100]
    group.save()
    return made


@dataclass(frozen=True)
class Answers:
    """Every page as it answers, by an address of its own, and every file that was given out."""

    pages: dict[str, Page]
    files: dict[str, tuple[dict[str, str], bytes]]


def answers_of(world: World) -> Answers:
    """Forms are sent with markup too. Residents' own pages are opened in the same browser."""
    client = with_phone(with_every_role(world.division), world)
    StaffAccount.objects.update(full_name=MARK)
    found = Answers({}, {})
    sent = {**dict.fromkeys(("name", "number", "birth_year", "sampled_on", "reason"), MARK), "purpose": "card_service"}
    taken = {**fields_of(world), "kind": "1", "purpose": "case_tracing", "reason": MARK}
    for number, route in enumerate(ROUTES):
        path = route.path(world)
        tries = [("get", fields_of(world)), ("get", dict.fromkeys(fields_of(world), MARK)), ("post", sent)]
        tries += [("post", {**fields_of(world), "name": "lan"}), ("post", taken), ("post", {**taken, "kind": "2"})]
        for which, (method, data) in enumerate(tries):
            if method not in route.methods():
                continue
            status, headers, body = _answer(client, method, path, data)
            if not body:
                continue
            if headers.get("Content-Type", "").startswith("text/html"):
                found.pages[f"/{number}-{which}{path}"] = (status, headers, body.decode())
            else:
                found.files[f"/{number}-{which}{path}"] = (headers, body)
    return found


@pytest.fixture(scope="module")
def asked_before() -> list[Answers]:
    return []


@pytest.fixture
def answers(asked_before: list[Answers], request: pytest.FixtureRequest) -> Answers:
    """A thousand answers are asked for once: two tests look at them, and neither asks for more."""
    if not asked_before:
        asked_before.append(answers_of(request.getfixturevalue("marked")))
    return asked_before[0]


def _answer(client: Client, method: str, path: str, data: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    with undone(), same_cookies(client):
        answer = getattr(client, method)(path, data)
        return answer.status_code, dict(answer.headers), content_of(answer)


def richest_of_each_route(pages: dict[str, Page]) -> dict[str, Page]:
    """Of each route's answers the one with the most markup of ours: a browser takes long over each."""
    marks = {path: page[2].count("&lt;script&gt;") for path, page in pages.items()}
    best: dict[str, str] = {}
    for path in sorted((path for path in pages if marks[path]), key=marks.__getitem__):
        best[path.partition("-")[0]] = path
    return {path: pages[path] for path in best.values()}


class Acting(HTMLParser):
    """Collects whatever in a page would run, or lead elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in {"iframe", "object", "embed", "base"} or (tag == "script" and "src" not in given):
            self.found.append(tag)
        for name, value in attrs:
            if name.startswith(("on", "hx-on")) or name == "style":
                self.found.append(f"{tag} {name}")
            if name in {"src", "href", "action", "formaction"} and not re.match(
                r"[/?#]|tel:|data:image/svg\+xml;base64,|$", value or ""
            ):
                self.found.append(f"{tag} {name}={value}")


def acting_in(body: str) -> list[str]:
    parser = Acting()
    parser.feed(body)
    return parser.found


@pytest.mark.django_db
def test_no_text_becomes_markup(answers: Answers) -> None:
    pages = answers.pages
    assert any(path.endswith("/my/data/") for path in pages), "residents' pages were reached"
    shown = {path for path, (_, _, body) in pages.items() if "&lt;script&gt;alert(" in body}
    assert len(shown) > 15
    assert {path: acting for path, (_, _, body) in pages.items() if (acting := acting_in(body))} == {}
    assert [path for path, (_, _, body) in pages.items() if "<script>alert" in body or "1337" in body] == []
    assert all(
        headers["Content-Security-Policy"] == HEADERS["Content-Security-Policy"] for _, headers, _ in pages.values()
    )
    assert {suffix_of(body) for _, body in answers.files.values()} >= {"csv", "json", "pdf", "xlsx"}
    assert {path: wrong for path, (headers, body) in answers.files.items() if (wrong := wrong_in(headers, body))} == {}


def suffix_of(body: bytes) -> str:
    beginnings = {b"PK": "xlsx", b"%PDF": "pdf", b"{": "json", b"[": "json", b"\xef\xbb\xbf": "csv"}
    return next((suffix for start, suffix in beginnings.items() if body.startswith(start)), "other")


def wrong_in(headers: dict[str, str], body: bytes) -> list[str]:
    """What of a file with markup in its cells would run where it is opened, or be shown as a page."""
    kind = headers.get("Content-Type", "").partition(";")[0]
    wrong = [] if headers.get("X-Content-Type-Options") == "nosniff" else ["the browser may guess what it is"]
    if MARK[4:20].encode() in body and kind in {"text/html", "image/svg+xml", "application/xml", "text/xml"}:
        wrong.append(f"shown as {kind}")
    match suffix_of(body):
        case "xlsx":
            sheets = openpyxl.load_workbook(io.BytesIO(body)).worksheets
            cells = [cell for sheet in sheets for row in sheet.iter_rows() for cell in row]
            wrong += [f"{cell.coordinate} is a formula" for cell in cells if cell.data_type == "f"]
            wrong += [f"{cell.coordinate} leads elsewhere" for cell in cells if cell.hyperlink]
        case "pdf":
            wrong += [
                f"holds {word.decode()}"
                for word in (b"/JavaScript", b"/OpenAction", b"/URI", b"/Launch")
                if word in body
            ]
        case "json":
            json.loads(body)
        case "csv":
            begun = [
                cell
                for row in csv.reader(io.StringIO(body.decode("utf-8-sig")))
                for cell in row
                if cell[:1] in {*"=+-@"}
            ]
            wrong += [f"a cell begins with {cell[0]}" for cell in begun if not re.fullmatch(r"-?\d+([.,]\d+)?|-", cell)]
    return wrong


def test_the_rule_sees() -> None:
    assert acting_in(f"<p>{MARK}") == ["script", "img src=x", "img onerror"] or len(acting_in(f"<p>{MARK}")) == 3
    assert acting_in('<a href="javascript:alert(1)">') == ["a href=javascript:alert(1)"]


@pytest.fixture
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    if not (chromium := shutil.which("chromium")):
        pytest.skip("no chromium on this machine")
    with playwright.sync_playwright() as p:
        yield p.chromium.launch(executable_path=chromium, args=FLAGS)


OPEN_ALL = "() => { for (const one of document.querySelectorAll('summary')) one.click(); }"
"""What is folded up is opened; a pointer would wait for each to stand still."""


class Watched:
    """A browser page that opens answers taken before, and notes what runs and what the policy stops."""

    def __init__(self, browser: Any, origin: str) -> None:
        self.ran: list[str] = []
        self.stopped: list[str] = []
        self._origin = origin
        self._page = browser.new_context(locale="vi-VN").new_page()
        self._page.on("dialog", self._note_dialog)
        self._page.on("console", self._note_console)

    def look_at(self, path: str) -> None:
        self._page.goto(self._origin + path)
        self._page.evaluate(OPEN_ALL)

    def _note_dialog(self, dialog: Any) -> None:
        self.ran.append(dialog.message)
        dialog.dismiss()

    def _note_console(self, message: Any) -> None:
        if "Content Security Policy" in message.text:
            self.stopped.append(message.text)


@contextmanager
def served(pages: dict[str, Page], static: dict[str, tuple[str, bytes]]) -> Iterator[str]:
    """The address of a server that knows these pages, and files that the browser may keep from page to page."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _, headers, text = pages.get(self.path, (404, {}, ""))
            content = text.encode()
            if (path := self.path.partition("?")[0]) in static:
                kind, content = static[path]
                headers = {"Content-Type": kind, "Cache-Control": "max-age=3600"}
            self.send_response(200 if headers else 404)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Tests need no log of requests."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def _static_files() -> dict[str, tuple[str, bytes]]:
    kinds = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml", "woff2": "font/woff2"}
    names = [
        name for finder in finders.get_finders() for name, _ in finder.list([]) if name.rpartition(".")[2] in kinds
    ]
    return {f"/static/{n}": (kinds[n.rpartition(".")[2]], Path(str(finders.find(n))).read_bytes()) for n in names}


@pytest.mark.browser
@pytest.mark.django_db
def test_nothing_runs_in_a_browser(answers: Answers, request: pytest.FixtureRequest) -> None:
    # Before the browser: Django will not ask the database beside a running event loop.
    pages = richest_of_each_route(answers.pages)
    assert len(pages) > 15
    with served(pages, _static_files()) as origin:
        watched = Watched(request.getfixturevalue("browser"), origin)
        for path in pages:
            watched.look_at(path)
    assert watched.ran == []
    assert watched.stopped == []


@pytest.mark.browser
def test_the_watch_sees_what_runs_and_what_is_stopped(browser: Any) -> None:
    policy = {"Content-Security-Policy": HEADERS["Content-Security-Policy"]}
    html = {"Content-Type": "text/html; charset=utf-8"}
    pages = {"/open": (200, html, f"<p>{MARK}"), "/strict": (200, {**html, **policy}, f"<p>{MARK}")}
    with served(pages, {}) as origin:
        watched = Watched(browser, origin)
        watched.look_at("/strict")
        assert (watched.ran, len(watched.stopped) > 0) == ([], True)
        watched.look_at("/open")
    assert watched.ran == ["ksdb", "ksdb"]
