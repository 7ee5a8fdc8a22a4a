"""The lists at the door for devices: served with ETag and differences, never backwards, by every gateway the same."""

import http.client
import json
import time
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tests.gateway.conftest import TestClient
from tests.gateway.devices import gateway
from tests.gateway.town import KEY, LAN, LOST_TOKEN, MARKET_TOKEN, STATUS_KID, Town

from ksdb.core.clock import now
from ksdb.core.status_list import (
    CAPACITY,
    Listed,
    Signer,
    Statuses,
    StatusList,
    changes_between,
    check_delta,
    check_status_list,
    empty,
    sign_head,
    sign_status_list,
)
from ksdb.core.token import IssuerKey, Usage
from ksdb.core.trust_list import TrustList, check_list, coded, sign_list
from ksdb.gateway.lists import Lists

ROOT = ec.derive_private_key(99, ec.SECP256R1())
SECONDS = int(now().timestamp())
STATUS = IssuerKey(STATUS_KID, KEY.public_key(), Usage.STATUS, SECONDS - 10_000, SECONDS + 10_000)
TRUST = {STATUS_KID: STATUS}
SIGNER = Signer(STATUS_KID, KEY)


def publish(town: Town, serial: int, before: Statuses, after: Statuses) -> None:
    at = now()
    with town.connection.transaction():
        town.rows(
            "INSERT INTO status_list (serial, made_at, kid, changes, head, token) VALUES (%s, %s, %s, %s, %s, %s)",
            serial,
            at,
            STATUS_KID,
            changes_between(before, after),
            sign_head(after, serial, at, SIGNER),
            sign_status_list(after, serial, at, SIGNER),
        )
        town.rows("UPDATE status_list SET token = NULL WHERE serial < %s AND token IS NOT NULL", serial)


def with_status(statuses: Statuses, index: int, status: Listed) -> Statuses:
    after = statuses.copy()
    after[index] = status
    return after


def trust(serial: int) -> bytes:
    return sign_list(coded(TrustList(serial, SECONDS, (STATUS,))), ROOT)


def announce(town: Town, serial: int) -> None:
    town.rows("INSERT INTO trust_list (serial, signed, imported_at) VALUES (%s, %s, now())", serial, trust(serial))


def until(said: "object", client: TestClient, path: str) -> None:
    """Waits, at most ten seconds, until a list has the serial."""
    over = time.monotonic() + 10
    while client.get(path).headers.get("etag") != f'"{said}"':
        assert time.monotonic() < over, f"{path} is not at {said}"
        time.sleep(0.02)


PATHS = ("/v1/trust-list", "/v1/status-list")


@pytest.mark.parametrize("path", PATHS)
def test_lists_are_for_enrolled_devices(door: TestClient, path: str) -> None:
    assert door.get(path, headers={"authorization": "Bearer nobody"}).json()["error"] == "device_unknown"
    assert door.get(path, headers={"authorization": f"Bearer {LOST_TOKEN}"}).json()["error"] == "device_revoked"
    answer = door.get(path)
    assert (answer.status_code, answer.json()["error"]) == (404, "list_missing")
    assert answer.headers["retry-after"]


def test_a_trust_list_arrives_as_the_root_signed_it(door: TestClient, town: Town) -> None:
    announce(town, 5)
    until(5, door, "/v1/trust-list")
    answer = door.get("/v1/trust-list")
    read = check_list(answer.content, ROOT.public_key())
    assert isinstance(read, TrustList)
    assert read.by_kid().keys() == TRUST.keys()
    assert door.get("/v1/trust-list", headers={"if-none-match": '"5"'}).status_code == 304
    assert door.get("/v1/trust-list", headers={"if-none-match": '"4", W/"5"'}).status_code == 304
    assert door.get("/v1/trust-list", headers={"if-none-match": '"4"'}).status_code == 200


def test_a_device_follows_the_status_list_by_differences(door: TestClient, town: Town) -> None:
    first = with_status(empty(), LAN, Listed.ATTENTION)
    first[:400_000:7] = 1  # a list that is longer than what changes in it
    publish(town, 100, empty(), first)
    until(100, door, "/v1/status-list")
    answer = door.get("/v1/status-list")
    assert answer.headers["content-type"] == "application/statuslist+cwt"
    known = check_status_list(answer.content, TRUST, now())
    assert isinstance(known, StatusList)
    assert known.of(LAN) == Listed.ATTENTION
    second = with_status(first, LAN, Listed.VALID)
    publish(town, 101, first, second)
    publish(town, 107, second, with_status(second, 9, Listed.SUSPENDED))
    until(107, door, "/v1/status-list")
    answer = door.get("/v1/status-list?since=100")
    assert answer.headers["content-type"] == "application/vnd.ksdb.status-delta+cbor"
    assert len(answer.content) < 300
    read = check_delta(answer.content, known, TRUST, now())
    assert isinstance(read, StatusList)
    assert (read.serial, read.of(LAN), read.of(9)) == (107, Listed.VALID, Listed.SUSPENDED)
    assert door.get("/v1/status-list?since=107").status_code == 304
    assert door.get("/v1/status-list?since=999").status_code == 304, "another gateway told it more"
    whole = door.get("/v1/status-list?since=42")
    assert whole.headers["content-type"] == "application/statuslist+cwt", "from a serial that is not remembered"
    for wrong in ("-1", "x", "9" * 30, ""):
        assert door.get(f"/v1/status-list?since={wrong}").status_code == 422


def test_after_a_start_the_differences_are_still_known(town: Town) -> None:
    statuses = empty()
    statuses[: CAPACITY // 8 : 3] = 1
    publish(town, 100, empty(), statuses)
    publish(town, 101, statuses, with_status(statuses, LAN, Listed.INVALID))
    headers = {"authorization": f"Bearer {MARKET_TOKEN}"}
    answers = []
    with gateway(town.url, workers=2) as process:
        for _ in range(8):
            connection = http.client.HTTPConnection("127.0.0.1", process.port, timeout=10)
            connection.request("GET", "/v1/status-list?since=100", headers=headers)
            answer = connection.getresponse()
            answers.append((answer.status, answer.getheader("etag"), answer.read()))
            connection.close()
    assert len(set(answers)) == 1, "two processes, one answer"
    known = StatusList(100, SECONDS, statuses)
    read = check_delta(answers[0][2], known, TRUST, now() + timedelta(seconds=1))
    assert isinstance(read, StatusList)
    assert read.of(LAN) == Listed.INVALID


def test_a_gateway_goes_back_to_no_older_list(door: TestClient, town: Town) -> None:
    """A database restored from a backup knows less than the gateway that went on."""
    publish(town, 100, empty(), with_status(empty(), 5, Listed.INVALID))
    announce(town, 5)
    until(100, door, "/v1/status-list")
    until(5, door, "/v1/trust-list")
    town.rows("TRUNCATE status_list, trust_list")
    announce(town, 4)
    publish(town, 90, empty(), empty())
    time.sleep(0.3)
    assert door.get("/v1/status-list").headers["etag"] == '"100"'
    assert door.get("/v1/trust-list").headers["etag"] == '"5"'
    publish(town, 120, empty(), with_status(empty(), 6, Listed.INVALID))
    until(120, door, "/v1/status-list")
    whole = door.get("/v1/status-list?since=100")
    assert whole.headers["content-type"] == "application/statuslist+cwt", "what lies between is not known"
    read = check_status_list(whole.content, TRUST, now())
    assert isinstance(read, StatusList)
    assert (read.of(5), read.of(6)) == (Listed.VALID, Listed.INVALID)


def test_only_so_many_differences_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ksdb.gateway.lists.MOST_REMEMBERED", 3)
    lists = Lists()
    lists.learn_status_lists([(serial, b"", b"head", b"x" * 500) for serial in range(1, 10)])
    kinds = [lists.status_list(since).media_type for since in (5, 6, 7, 8)]
    assert (
        kinds
        == ["application/statuslist+cwt"]
        + ["application/statuslist+cwt"]
        + ["application/vnd.ksdb.status-delta+cbor"] * 2
    )


def test_health_says_the_serials(door: TestClient, town: Town) -> None:
    publish(town, 100, empty(), empty())
    until(100, door, "/v1/status-list")
    said = json.loads(door.get("/health").content)
    assert (said["status_list_serial"], said["trust_list_serial"]) == (100, 0)
