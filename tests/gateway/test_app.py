"""Every result and every refusal, through the door."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.gateway.town import (
    ASKED,
    DAY_MS,
    FUTURE_KID,
    HELD,
    LAN,
    LOST,
    LOST_TOKEN,
    MARKET,
    NEW,
    NOBODY,
    OLD,
    STATUS_KID,
    Town,
    now_ms,
    resident_of,
    token_of,
)

from ksdb.core.decision import CardStatus, ScanResult
from ksdb.core.token import to_digits

pytestmark = pytest.mark.django_db  # so that Django makes the database that the town is copied from


def send(door: TestClient, *scans: dict[str, Any], **headers: str) -> Any:
    body = {"sent_at": now_ms(), "scans": [{"scanned_at": now_ms(), **scan} for scan in scans]}
    return door.post("/v1/scans", json=body, headers=headers)


def outcome(door: TestClient, **scan: Any) -> tuple[str, str]:
    answer = send(door, {"sequence": 1, **scan})
    assert answer.status_code == 200, answer.text
    (result,) = answer.json()["results"]
    assert result["sequence"] == 1
    return result["result"], result["stored"]


def forged() -> str:
    good = token_of(LAN)
    return good[:-1] + str((int(good[-1]) + 1) % 10)


RESULTS: dict[str, tuple[Callable[[], str], int | None]] = {
    "accepted": (lambda: token_of(LAN), LAN),
    "unverified": (lambda: token_of(NEW), NEW),
    "attention": (lambda: token_of(ASKED), ASKED),
    "unreadable": (lambda: "079201001234|Nguyễn Thị Lan", None),
    "not_ours": (lambda: to_digits(b"\xd2" + bytes(96)).replace("1", "2", 1), None),
    "unknown_key": (lambda: token_of(LAN, kid=99), None),
    "key_not_valid": (lambda: token_of(LAN, kid=FUTURE_KID), None),
    "bad_signature": (forged, None),
    "expired": (lambda: token_of(LAN, lasts_seconds=-1), LAN),
    "revoked": (lambda: token_of(LOST), LOST),
    "suspended": (lambda: token_of(HELD), HELD),
}


@pytest.mark.parametrize("code", RESULTS)
def test_each_result_is_told_and_stored_once(door: TestClient, town: Town, code: str) -> None:
    make_token, card_index = RESULTS[code]
    token, result = make_token(), ScanResult[code.upper()]
    at = now_ms()
    assert outcome(door, token=token, scanned_at=at) == (code, "new")
    assert outcome(door, token=token, scanned_at=at) == (code, "before")
    if result.is_visit:
        assert card_index is not None
        assert town.visits() == [(1, 1, card_index, resident_of(card_index), result)]
        assert town.refusals() == []
    else:
        assert town.visits() == []
        assert town.refusals() == [(1, 1, result, card_index)]


def test_a_card_of_status_expired_is_refused(door: TestClient, town: Town) -> None:
    assert outcome(door, token=token_of(OLD)) == ("expired", "new")


def test_a_card_nobody_knows_is_kept_as_unverified(door: TestClient, town: Town) -> None:
    assert outcome(door, token=token_of(NOBODY)) == ("unverified", "new")
    assert outcome(door, token=token_of(2**31 + 5)) == ("not_ours", "before")
    assert town.visits() == [(1, 1, NOBODY, None, ScanResult.UNVERIFIED)]


def test_a_key_for_other_uses_signs_no_card(door: TestClient) -> None:
    assert outcome(door, token=token_of(LAN, kid=STATUS_KID))[0] == "key_not_valid"


@pytest.mark.parametrize(
    ("scanned_at", "code"),
    [
        (lambda: now_ms() + 301_000, "from_future"),
        (lambda: now_ms() + 290_000, "accepted"),
        (lambda: now_ms() - 28 * DAY_MS - 1000, "too_old"),
        (lambda: now_ms() - 28 * DAY_MS + 60_000, "accepted"),
        (lambda: now_ms() + 3 * 365 * DAY_MS, "from_future"),
        (lambda: 0, "too_old"),
        (lambda: -1, "too_old"),
        (lambda: -(2**63), "too_old"),
        (lambda: 253_402_300_799_999, "from_future"),
        (lambda: 2**63 - 1, "from_future"),
    ],
)
def test_a_wrong_clock_is_a_result(door: TestClient, town: Town, scanned_at: Any, code: str) -> None:
    at = scanned_at()
    assert outcome(door, token=token_of(LAN), scanned_at=at) == (code, "new")
    stored = town.rows(
        "SELECT extract(epoch FROM scanned_at) * 1000 FROM visit UNION ALL "
        "SELECT extract(epoch FROM scanned_at) * 1000 FROM refusal"
    )
    assert stored == [(at if 0 <= at < 253_370_764_800_000 else None,)]


def test_a_forgery_with_a_wrong_clock_is_a_forgery(door: TestClient) -> None:
    assert outcome(door, token=forged(), scanned_at=2**62)[0] == "bad_signature"


def test_an_end_after_the_scan_does_not_count(door: TestClient, town: Town) -> None:
    scanned_at = now_ms() - 3_600_000
    assert outcome(door, token=token_of(LAN))[0] == "accepted"
    town.set_status(LAN, CardStatus.REVOKED)
    wait_until(lambda: outcome(door, token=token_of(LAN))[0] == "revoked")
    assert outcome(door, token=token_of(LAN), scanned_at=scanned_at)[0] == "accepted"


def wait_until(is_true: Any) -> None:
    """Within a second, as the ward is promised."""
    deadline = time.monotonic() + 1
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_news_of_cards_keys_and_devices_arrive_within_a_second(door: TestClient, town: Town) -> None:
    assert outcome(door, token=token_of(NOBODY))[0] == "unverified"
    town.add_cards([NOBODY])
    wait_until(lambda: outcome(door, token=token_of(NOBODY))[0] == "accepted")
    town.rows("UPDATE issuer_key SET not_after = now() - interval '1 day' WHERE kid = 7")
    wait_until(lambda: outcome(door, token=token_of(NOBODY))[0] == "key_not_valid")
    town.rows("UPDATE device SET revoked_at = now() WHERE id = 1")
    wait_until(lambda: send(door, {"sequence": 2, "token": "1"}).status_code == 403)


def test_a_lost_connection_means_loading_all_again(door: TestClient, town: Town) -> None:
    town.rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'ksdb gateway%%'")
    town.set_status(LAN, CardStatus.SUSPENDED)
    wait_until(lambda: outcome(door, token=token_of(LAN))[0] == "suspended")


def test_one_upload_carries_many_scans_and_answers_in_their_order(door: TestClient, town: Town) -> None:
    token = token_of(LAN)
    scans = [{"sequence": n, "token": token, "is_exit": n % 2 == 0, "scanned_at": now_ms()} for n in (5, 3, 500)]
    scans.insert(2, scans[0])
    answer = send(door, *scans).json()
    assert [(each["sequence"], each["stored"]) for each in answer["results"]] == [
        (5, "new"),
        (3, "new"),
        (5, "before"),
        (500, "new"),
    ]
    assert town.rows("SELECT sequence, point_id, is_exit FROM visit ORDER BY sequence") == [
        (3, MARKET, False),
        (5, MARKET, False),
        (500, MARKET, True),
    ]
    assert town.rows("SELECT received::text FROM device_intake WHERE device_id = 1") == [("{[3,4),[5,6),[500,501)}",)]


def test_a_missing_partition_is_made(door: TestClient, town: Town) -> None:
    for (name,) in town.rows("SELECT name FROM log_partition"):
        town.rows(f"DROP TABLE {name}")
    five_days_ago = now_ms() - 5 * DAY_MS
    answer = send(
        door,
        {"sequence": 1, "token": token_of(LAN), "scanned_at": five_days_ago},
        {"sequence": 2, "token": "strange"},
    )
    assert [each["stored"] for each in answer.json()["results"]] == ["new", "new"]
    assert len(town.visits()) == len(town.refusals()) == 1


def test_intake_rows_that_vanish_are_made_again(door: TestClient, town: Town) -> None:
    assert outcome(door, token=token_of(LAN)) == ("accepted", "new")
    town.rows("TRUNCATE device_intake")
    assert outcome(door, sequence=1, token="strange") == ("unreadable", "new")


def test_what_cannot_be_stored_takes_nothing_with_it(door: TestClient, town: Town) -> None:
    """A log that was restored without its intake: the same visit a second time."""
    at, token = now_ms(), token_of(LAN)
    assert outcome(door, token=token, scanned_at=at) == ("accepted", "new")
    town.rows("TRUNCATE device_intake")
    answer = send(door, {"sequence": 1, "token": token, "scanned_at": at})
    assert (answer.status_code, answer.json()["error"]) == (500, "store_failed")
    assert send(door, {"sequence": 2, "token": token}).status_code == 200


def body_of_2_mb() -> bytes:
    return b'{"sent_at":1,"scans":[{"sequence":1,"scanned_at":1,"token":"' + b"1" * 2_000_000 + b'"}]}'


def in_pieces(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), 50_000):
        yield body[start : start + 50_000]


BODIES = {
    "not json": b"{",
    "not utf-8": b'{"sent_at":1,"scans":[{"sequence":1,"scanned_at":1,"token":"\xff\xfe"}]}',
    "a list": b"[]",
    "no scans": b'{"sent_at":1}',
    "text for a number": b'{"sent_at":1,"scans":[{"sequence":"secret","scanned_at":1,"token":"1"}]}',
    "sequence 0": b'{"sent_at":1,"scans":[{"sequence":0,"scanned_at":1,"token":"1"}]}',
    "sequence 2^53": b'{"sent_at":1,"scans":[{"sequence":9007199254740992,"scanned_at":1,"token":"1"}]}',
    "time in a fraction": b'{"sent_at":1,"scans":[{"sequence":1,"scanned_at":1.5,"token":"1"}]}',
    "deep": b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "empty": b"",
}


@pytest.mark.parametrize("name", BODIES)
def test_an_unreadable_body_is_told_without_its_content(door: TestClient, town: Town, name: str) -> None:
    answer = door.post("/v1/scans", content=BODIES[name])
    assert (answer.status_code, answer.json()["error"]) == (422, "body_unreadable")
    assert "secret" not in answer.text
    assert town.refusals() == []


def test_bodies_beyond_the_limit_are_refused(door: TestClient) -> None:
    for content in (body_of_2_mb(), in_pieces(body_of_2_mb()), in_pieces(body_of_2_mb() * 4)):
        answer = door.post("/v1/scans", content=content)
        assert (answer.status_code, answer.json()["error"]) == (413, "body_too_large")


@pytest.mark.parametrize("count", [0, 501])
def test_a_request_carries_1_to_500_scans(door: TestClient, town: Town, count: int) -> None:
    answer = send(door, *({"sequence": n + 1, "token": "x"} for n in range(count)))
    assert (answer.status_code, answer.json()["error"]) == (422, "too_many_scans")
    assert town.refusals() == []


def test_500_scans_are_taken(door: TestClient, town: Town) -> None:
    assert send(door, *({"sequence": n + 1, "token": token_of(LAN)} for n in range(500))).status_code == 200
    assert len(town.visits()) == 500


@pytest.mark.parametrize(
    "authorization", ["", "Bearer ", "Bearer wrong", "Basic bWFya2V0", "market-device-secret", "Bearer é"]
)
def test_an_unknown_device_is_turned_away(door: TestClient, authorization: str) -> None:
    answer = door.post("/v1/scans", content=b"{}", headers={"authorization": authorization.encode()})
    assert (answer.status_code, answer.json()["error"]) == (401, "device_unknown")


def test_a_revoked_device_is_turned_away(door: TestClient) -> None:
    answer = send(door, {"sequence": 1, "token": "1"}, authorization=f"Bearer {LOST_TOKEN}")
    assert (answer.status_code, answer.json()["error"]) == (403, "device_revoked")
    assert answer.headers["cache-control"] == "no-store"


def test_health(door: TestClient) -> None:
    answer = door.get("/health")
    assert answer.status_code == 200
    assert answer.json() | {"known_age_seconds": 0} == {
        "status": "ok",
        "known_age_seconds": 0,
        "cards_known": 6,
        "waiting_count": 0,
        "status_list_serial": 0,
        "trust_list_serial": 0,
    }


def test_other_addresses_answer_in_the_same_form(door: TestClient) -> None:
    assert door.get("/v1/nothing").json()["error"] == "http_404"
    assert door.get("/v1/scans").json()["error"] == "http_405"


def test_a_card_alone_opens_nothing(door: TestClient) -> None:
    for path in ("/v1/scans", "/health", f"/v1/cards/{LAN}", "/"):
        answer = door.get(path, headers={"authorization": f"Bearer {token_of(LAN)}"}, params={"token": token_of(LAN)})
        assert str(resident_of(LAN)) not in answer.text
