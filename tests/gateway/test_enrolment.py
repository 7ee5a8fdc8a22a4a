"""A device's life at the door: a code lets it in once, tokens are renewed, the point's settings are told."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import psycopg
import pytest
from starlette.testclient import TestClient
from tests.gateway.test_app import send
from tests.gateway.town import LAN, MARKET, MARKET_TOKEN, Town, token_of

from ksdb.config import settings
from ksdb.core.ids import card_number
from ksdb.gateway.app import make_application
from ksdb.gateway.enrolment import GuessLimit, asked_from
from ksdb.gateway.errors import TooManyGuesses
from ksdb.postgres.roles import GATEWAY, as_role

pytestmark = pytest.mark.django_db
CODE = card_number(4_711_000_815)


@pytest.fixture
def market(town: Town) -> Town:
    """The market with its settings, and an open code."""
    town.rows("UPDATE scan_point SET capacity = 900, lanes = 2 WHERE id = %s", MARKET)
    add_code(town, CODE, "1 day")
    return town


def add_code(town: Town, code: str, lasts: str) -> None:
    town.rows(
        "INSERT INTO enrol_code (point_id, code_sha256, made_at, expires_at)"
        " VALUES (%s, %s, now(), now() + %s::interval)",
        MARKET,
        hashlib.sha256(code.encode()).digest(),
        lasts,
    )


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def until(holds: Callable[[], bool]) -> None:
    """Waits for news to reach the gateway."""
    deadline = time.monotonic() + 10
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert holds()


def answer_to(door: TestClient, token: str) -> int:
    return int(door.get("/v1/point", headers=bearer(token)).status_code)


def test_a_code_lets_a_device_in_that_can_scan_at_once(door: TestClient, market: Town) -> None:
    grouped = f"{CODE[:4]} {CODE[4:8]}-{CODE[8:]}"
    answer = door.post("/v1/enrol", json={"code": grouped, "name": "  Cổng\n1 "})
    assert answer.status_code == 200, answer.text
    enrolled = answer.json()
    point = {"id": MARKET, "name": "Chợ Đông Ba", "type": "market", "opens_at": "04:00", "closes_at": "18:30"}
    rest = {"usual_stay_minutes": 45, "capacity": 900, "lanes": 2, "is_exit_scanned": False}
    assert {**enrolled["point"], "foreign_key": None} == {**point, **rest, "foreign_key": None}
    row = ("Cổng 1", MARKET, hashlib.sha256(enrolled["token"].encode()).digest())
    found = market.rows("SELECT name, point_id, token_sha256 FROM device WHERE id = %s", enrolled["device_id"])
    assert found == [row]
    scanned = send(door, {"sequence": 1, "token": token_of(LAN)}, **bearer(enrolled["token"]))
    assert scanned.json()["results"][0]["result"] == "accepted"


def test_a_code_is_good_once(door: TestClient, market: Town) -> None:
    first, second = (door.post("/v1/enrol", json={"code": CODE}) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 404)
    assert second.json()["error"] == "enrol_code_unknown"
    assert market.rows("SELECT count(*) FROM device WHERE name = ''") == [(4,)]


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (card_number(1), "enrol_code_unknown"),
        (card_number(2), "enrol_code_unknown"),
        (str(int(CODE) + 1), "enrol_code_mistyped"),
        ("4711", "enrol_code_mistyped"),
        ("", "enrol_code_mistyped"),
        ("٤٧١١٠٠٠٨١٥٠٠", "enrol_code_mistyped"),
    ],
)
def test_other_codes_let_nobody_in(door: TestClient, market: Town, code: str, error: str) -> None:
    """A code past its day and one that never was have the same answer."""
    add_code(market, card_number(2), "-1 second")
    answer = door.post("/v1/enrol", json={"code": code, "name": "x"})
    assert answer.json()["error"] == error
    assert market.rows("SELECT count(*) FROM device WHERE name = 'x'") == [(0,)]


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"name": "x"}', b'{"code": 1}', b'{"code": "' + b"1" * 99 + b'"}', b"\xff"]
)
def test_a_strange_request_is_refused(door: TestClient, market: Town, body: bytes) -> None:
    assert door.post("/v1/enrol", content=body).json()["error"] == "body_unreadable"


def test_guessing_is_stopped_and_right_codes_are_not_counted(door: TestClient, market: Town) -> None:
    answers = [door.post("/v1/enrol", json={"code": card_number(100 + n)}) for n in range(12)]
    assert {answer.status_code for answer in answers[:10]} == {404}
    assert [answer.json()["error"] for answer in answers[10:]] == ["too_many_guesses"] * 2
    assert answers[-1].headers["retry-after"] == "60"
    assert door.post("/v1/enrol", json={"code": CODE}).status_code == 429  # the right one has to wait as well


def test_guesses_at_all_gateways_are_counted_together(door: TestClient, market: Town) -> None:
    """Whoever spreads his guesses over the processes gains nothing."""
    with TestClient(make_application(replace(settings(), gateway_database_url=as_role(market.url, GATEWAY)))) as other:
        answers = [
            (door, other)[n % 2].post("/v1/enrol", json={"code": card_number(100 + n)}).status_code for n in range(12)
        ]
    assert answers == [404] * 10 + [429] * 2


def test_guesses_come_back_with_time_and_old_networks_are_forgotten(market: Town) -> None:
    def spend(network: bytes) -> bool:
        ((is_allowed,),) = market.rows("SELECT spend_enrol_guess(%s, 2, 3, 60)", network)
        return bool(is_allowed)

    assert [spend(b"a") for _ in range(4)] == [True, True, True, False]
    market.rows("UPDATE enrol_guess SET counted_at = counted_at - interval '30 seconds' WHERE who = 'a'")
    assert [spend(b"a") for _ in range(2)] == [True, False]
    market.rows("UPDATE enrol_guess SET counted_at = counted_at - interval '2 hours'")
    assert spend(b"b")
    assert market.rows("SELECT who FROM enrol_guess ORDER BY 1") == [(b"all",), (b"b",)]


def test_all_guessers_together_are_stopped_too() -> None:
    limit = GuessLimit(per_minute=0, burst=5, all_per_minute=8)
    for n in range(8):
        limit.spend(f"192.0.2.{n}")
    with pytest.raises(TooManyGuesses):
        limit.spend("192.0.2.99")
    limit.give_back("192.0.2.7")
    limit.spend("192.0.2.100")


@pytest.mark.parametrize(
    ("peer", "forwarded", "asked"),
    [
        ("192.0.2.1", "203.0.113.9", "192.0.2.1"),
        ("10.0.0.1", "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("2001:db8::1:2", "", "2001:db8::/64"),
        ("testclient", "203.0.113.9", ""),
    ],
)
def test_only_a_listed_proxy_says_who_asks(peer: str, forwarded: str, asked: str) -> None:
    from ksdb.core.addresses import networks

    headers = {b"x-forwarded-for": forwarded.encode()}
    assert asked_from({"client": (peer, 1)}, headers, networks("10.0.0.0/8")) == asked


def test_the_old_token_works_until_the_new_one_is_used(door: TestClient, market: Town) -> None:
    new = door.post("/v1/rotate").json()["token"]
    assert answer_to(door, MARKET_TOKEN) == 200
    scanned = send(door, {"sequence": 9, "token": token_of(LAN)}, **bearer(new))
    assert scanned.status_code == 200
    until(lambda: answer_to(door, MARKET_TOKEN) == 401)
    assert answer_to(door, new) == 200
    assert market.visits()[0][:2] == (1, 9)


def test_a_token_that_was_offered_and_lost_costs_nothing(door: TestClient, market: Town) -> None:
    lost = door.post("/v1/rotate").json()["token"]
    kept = door.post("/v1/rotate").json()["token"]
    until(lambda: answer_to(door, lost) == 401)
    assert answer_to(door, kept) == 200
    until(lambda: answer_to(door, MARKET_TOKEN) == 401)


def test_revoking_ends_both_tokens(door: TestClient, market: Town) -> None:
    new = door.post("/v1/rotate").json()["token"]
    market.rows("UPDATE device SET revoked_at = now() WHERE id = 1")
    until(lambda: answer_to(door, MARKET_TOKEN) == 403)
    assert answer_to(door, new) == 403
    assert door.post("/v1/rotate").status_code == 403


def test_an_answer_that_was_lost_is_asked_for_again(door: TestClient, market: Town) -> None:
    """The same nonce: the same device with a new token. No other nonce, no short one, and not once it has scanned."""
    asked = {"code": CODE, "name": "Cổng", "nonce": "a" * 32}
    first, again = (door.post("/v1/enrol", json=asked).json() for _ in range(2))
    assert first["device_id"] == again["device_id"]
    assert first["token"] != again["token"]
    assert market.rows("SELECT count(*) FROM device WHERE name = 'Cổng'") == [(1,)]
    for nonce in ("b" * 32, ""):
        assert door.post("/v1/enrol", json={**asked, "nonce": nonce}).status_code == 404
    until(lambda: answer_to(door, first["token"]) == 401)
    assert send(door, {"sequence": 1, "token": token_of(LAN)}, **bearer(again["token"])).status_code == 200
    assert door.post("/v1/enrol", json=asked).json()["error"] == "enrol_code_unknown"


def test_a_nonce_that_could_be_guessed_is_none(door: TestClient, market: Town) -> None:
    asked = {"code": CODE, "nonce": "short"}
    assert [door.post("/v1/enrol", json=asked).status_code for _ in range(2)] == [200, 404]


def test_the_points_settings_are_sent_when_they_changed(
    door: TestClient, market: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within a minute: so long they are kept, because every device asks every minute."""
    first = door.get("/v1/point")
    again = {"if-none-match": first.headers["etag"]}
    assert first.json()["capacity"] == 900
    assert (door.get("/v1/point", headers=again).status_code, first.headers["cache-control"]) == (
        304,
        "private, no-cache",
    )
    market.rows("UPDATE scan_point SET capacity = 100, is_exit_scanned = true")
    assert door.get("/v1/point", headers=again).status_code == 304
    later = time.monotonic() + 61
    monkeypatch.setattr("ksdb.gateway.enrolment.time", SimpleNamespace(monotonic=lambda: later))
    changed = door.get("/v1/point", headers=again)
    assert (changed.status_code, changed.json()["capacity"], changed.json()["is_exit_scanned"]) == (200, 100, True)


@pytest.mark.parametrize(("method", "path"), [("post", "/v1/rotate"), ("get", "/v1/point")])
def test_strangers_hear_nothing(door: TestClient, market: Town, method: str, path: str) -> None:
    answer = getattr(door, method)(path, headers=bearer("nobody"))
    assert (answer.status_code, answer.json()["error"]) == (401, "device_unknown")


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM enrol_code",
        "SELECT * FROM point_owner",
        "SELECT address, is_sensitive FROM scan_point",
        "UPDATE device SET revoked_at = NULL",
        "INSERT INTO device (point_id, name, token_sha256, enrolled_at) VALUES (1, '', 'x', now())",
        "INSERT INTO enrol_code (point_id, code_sha256, made_at, expires_at) VALUES (1, 'x', now(), now())",
    ],
)
def test_the_gateways_role_reaches_devices_by_the_functions_alone(market: Town, statement: str) -> None:
    refused = pytest.raises(psycopg.errors.InsufficientPrivilege)
    with psycopg.connect(as_role(market.url, GATEWAY)) as connection, refused:
        connection.execute(statement.encode())
