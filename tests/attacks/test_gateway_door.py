"""The gateway from outside: its description is true, made-up requests find no fault, slow and huge ones are cut off."""

import asyncio
import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import msgspec
import pytest
from starlette.testclient import TestClient
from tests.gateway.devices import GatewayProcess, gateway
from tests.gateway.town import LAN, MARKET_TOKEN, Town, now_ms, token_of
from tests.house.code import ROOT

from ksdb.gateway import body
from ksdb.gateway.enrolment import Enrolled, Enrolment, NewToken
from ksdb.gateway.errors import (
    BodyTooSlow,
    CodeMistyped,
    CodeUnknown,
    GatewayError,
    ListMissing,
    TooManyGuesses,
)
from ksdb.gateway.intake import MOST_SCANS, Receipt, Upload
from ksdb.gateway.pages import page_routes

pytestmark = pytest.mark.django_db
DESCRIPTION = ROOT / "docs" / "gateway-openapi.json"
EXAMPLES = "60"


@pytest.fixture
def process(town: Town) -> Iterator[GatewayProcess]:
    with gateway(town.url) as process:
        yield process


def test_the_description_names_the_routes(door: TestClient) -> None:
    described = json.loads(DESCRIPTION.read_text())["paths"]
    pages = {page.path for page in page_routes("")}
    routes = {
        route.path: {m.lower() for m in route.methods} - {"head"}
        for route in door.app.router.routes  # type: ignore[attr-defined]
        if route.path not in pages
    }
    assert {path: set(methods) for path, methods in described.items()} == routes


def test_the_description_has_the_shapes_of_the_code() -> None:
    told = [Upload, Receipt, Enrolment, Enrolled, NewToken]
    _, shapes = msgspec.json.schema_components(told, ref_template="#/components/schemas/{name}")
    shapes["Upload"]["properties"]["scans"] |= {"minItems": 1, "maxItems": MOST_SCANS}
    described = json.loads(DESCRIPTION.read_text())["components"]["schemas"]
    assert {name: described[name] for name in shapes} == shapes


ENROL = ("/v1/enrol", "post")
ELSEWHERE = {
    ListMissing: ("/v1/status-list", "get"),
    CodeMistyped: ENROL,
    CodeUnknown: ENROL,
    TooManyGuesses: ENROL,
}


def test_the_description_names_every_refusal() -> None:
    paths = json.loads(DESCRIPTION.read_text())["paths"]
    for error in GatewayError.__subclasses__():
        path, method = ELSEWHERE.get(error, ("/v1/scans", "post"))
        assert f"`{error.code}`" in paths[path][method]["responses"][str(error.status)]["description"]


def test_made_up_requests_find_no_fault(process: GatewayProcess, tmp_path: Path) -> None:
    """Schemathesis: what it makes up after the description, right and wrong, and every answer held against it.

    Left out is the check that all it calls right is taken: to JSON Schema 4.0 and 10^30 are integers, to us not.
    """
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", str(DESCRIPTION)),
        *("--url", f"http://127.0.0.1:{process.port}", "--header", f"Authorization: Bearer {MARKET_TOKEN}"),
        *("--max-examples", EXAMPLES, "--seed", "2021", "--no-color", "--checks", "all"),
        *("--exclude-checks", "positive_data_acceptance"),
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert re.search(r"Tested:\s+8|8 selected", done.stdout), done.stdout


def test_a_body_that_never_ends_is_given_up() -> None:
    sent = iter([{"type": "http.request", "body": b"{", "more_body": True}])

    async def receive() -> dict[str, object]:
        return next(sent, None) or await asyncio.Event().wait()  # type: ignore[return-value]

    with pytest.raises(BodyTooSlow):
        asyncio.run(body.whole_body({}, receive, 0.05))  # type: ignore[arg-type]


def test_slow_senders_are_cut_off_while_others_are_served(process: GatewayProcess, town: Town) -> None:
    """Bodies and headings that stop half way, and silence: each ends by itself, and a good upload goes through."""
    head = f"POST /v1/scans HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {MARKET_TOKEN}\r\n"
    halves = [head + 'Content-Length: 400\r\n\r\n{"sent_at"'] * 50 + [head] * 50 + [""] * 10
    slow = [_sent(process.port, text) for text in halves]
    scan = {"sequence": 1, "token": token_of(LAN), "scanned_at": now_ms()}
    content = json.dumps({"sent_at": 1, "scans": [scan]})
    with closing(_sent(process.port, f"{head}Content-Length: {len(content)}\r\n\r\n{content}")) as good:
        assert good.recv(100).startswith(b"HTTP/1.1 200")
    answers = [_rest(connection) for connection in slow]
    assert {answer[:12] for answer in answers[:50]} == {b"HTTP/1.1 408"}
    assert b"body_too_slow" in answers[0]
    assert {answer[:12] for answer in answers[50:]} <= {b"", b"HTTP/1.1 408"}


@pytest.mark.parametrize(
    "flood",
    [
        "".join(f"X-{n}: 1\r\n" for n in range(5000)),
        f"X: {'x' * 2**20}\r\n",
        f"Authorization: Bearer {'x' * 2**19}\r\n",
    ],
    ids=["many", "long", "long secret"],
)
def test_a_flood_of_headers_is_cut_off(process: GatewayProcess, flood: str) -> None:
    flooded = _sent(process.port, f"GET /health HTTP/1.1\r\nHost: x\r\n{flood}\r\n")
    assert _rest(flooded)[:12] in {b"", b"HTTP/1.1 431", b"HTTP/1.1 400"}
    after = _sent(process.port, "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert _rest(after).startswith(b"HTTP/1.1 200")


def _sent(port: int, text: str) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    with suppress(OSError):  # the other side may have heard enough
        connection.sendall(text.encode())
    return connection


def _rest(connection: socket.socket) -> bytes:
    """What comes first from the other side; nothing when it just ends the connection."""
    with closing(connection):
        try:
            first = connection.recv(65536)
            return first + (connection.recv(65536) if first.endswith(b"\r\n\r\n") else b"")
        except (ConnectionResetError, BrokenPipeError):
            return b""
