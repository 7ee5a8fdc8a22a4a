"""Scans at a door are answered by the connection itself: the same answer as the long way, and nothing lost between."""

import http.client
import json
import socket
import time
from email.message import Message
from typing import Any

import pytest
from tests.gateway.devices import GatewayProcess, gateway
from tests.gateway.test_marks import numbered
from tests.gateway.town import LAN, LOST, LOST_TOKEN, MARKET_TOKEN, Town, now_ms, token_of

pytestmark = pytest.mark.django_db
KEY = "00112233445566778899aabbccddeeff"


def request(scans: list[dict[str, Any]] | bytes, token: str = MARKET_TOKEN) -> tuple[bytes, bytes]:
    """Heading and body."""
    body = scans if isinstance(scans, bytes) else json.dumps({"sent_at": now_ms(), "scans": scans}).encode()
    head = f"POST /v1/scans HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode(), body


def answer_on(line: socket.socket) -> tuple[int, dict[str, str], Any]:
    answer = http.client.HTTPResponse(line, method="POST")
    answer.begin()
    told: Message = answer.headers
    return answer.status, {name.lower(): value for name, value in told.items()}, json.loads(answer.read())


def without_times(answer: tuple[int, dict[str, str], Any]) -> tuple[int, dict[str, str], Any]:
    status, headers, content = answer
    return status, headers, {name: value for name, value in content.items() if name != "received_at"}


def asked(process: GatewayProcess, head: bytes, body: bytes, *, in_parts: bool) -> tuple[int, dict[str, str], Any]:
    """A body in parts goes the long way."""
    with socket.create_connection(("127.0.0.1", process.port), 20) as line:
        if in_parts:
            line.sendall(head + body[:3])
            time.sleep(0.1)
            line.sendall(body[3:])
        else:
            line.sendall(head + body)
        return without_times(answer_on(line))


def test_both_ways_answer_the_same(town: Town) -> None:
    at, good, typed = now_ms(), token_of(LAN), numbered(town, LAN)
    scan = {"sequence": 1, "scanned_at": at, "token": good}
    foreign = {"sequence": 4, "scanned_at": at, "foreign": {"kind": "vneid", "id_key": KEY}}
    first = [scan, {**scan, "sequence": 2, "token": token_of(LOST)}, {"sequence": 3, "scanned_at": at, "token": "x"}]
    uploads = [
        request([*first, foreign, {"sequence": 5, "scanned_at": at, "number": typed}]),  # typed: the long way at last
        request([*first, foreign]),
        request([scan], LOST_TOKEN),
        request([scan], "nobody"),
        request(b"{"),
        request([{**scan, "sequence": 0}]),
        request([]),
    ]
    with gateway(town.url) as process:
        asked(process, *uploads[0], in_parts=False)
        for head, body in uploads:
            quick, long = (asked(process, head, body, in_parts=each) for each in (False, True))
            assert quick == long
        status, _, content = asked(process, *uploads[1], in_parts=False)
        told = [(each["result"], each["stored"]) for each in content["results"]]
        assert status == 200
        assert told == [(code, "before") for code in ("accepted", "revoked", "unreadable", "unverified")]
        one_line(process, good)
    assert [visit[1] for visit in town.visits()] == [1, 4, 5, 11, 12, 13, 14]


def one_line(process: GatewayProcess, token: str) -> None:
    """One after another on one line, quick and long; then two at once, of which the second is not answered."""

    def scans(*numbers: int) -> list[dict[str, Any]]:
        return [{"sequence": n, "scanned_at": now_ms(), "token": token} for n in numbers]

    with socket.create_connection(("127.0.0.1", process.port), 20) as line:
        for number, in_parts in ((11, False), (12, True), (13, False)):
            head, body = request(scans(number))
            line.sendall(head if in_parts else head + body)
            if in_parts:
                time.sleep(0.1)
                line.sendall(body)
            assert answer_on(line)[2]["results"][0]["stored"] == "new"
        line.sendall(b"".join((*request(scans(14)), *request(scans(15)))))
        assert answer_on(line)[2]["results"][0]["sequence"] == 14
        assert line.recv(1) == b"", "hung up on: the second is sent again on another line"
