"""What comes with a scan: typed numbers, foreign codes, wrong clocks, states of devices, limits and counts."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.gateway.test_app import outcome, send
from tests.gateway.town import DAY_MS, LAN, LOST, MARKET, MARKET_TOKEN, NEW, Town, now_ms, resident_of, token_of

from ksdb.core.decision import ForeignKind, Mark, ScanResult
from ksdb.core.ids import card_number
from ksdb.gateway.errors import TooOften
from ksdb.gateway.limits import RequestLimit, SharedBuckets

pytestmark = pytest.mark.django_db
KEY = "00112233445566778899aabbccddeeff"


def numbered(town: Town, card_index: int) -> str:
    number = card_number(1_000_000_000 + card_index)
    town.rows('UPDATE card SET number = %s WHERE "index" = %s', number, card_index)
    return number


def marks(town: Town) -> list[tuple[Any, ...]]:
    return town.rows("SELECT sequence, card_index, resident_id, marks FROM visit ORDER BY sequence")


@pytest.mark.parametrize(("card", "code"), [(LAN, "accepted"), (NEW, "unverified"), (LOST, "revoked")])
def test_a_typed_number_comes_to_what_its_card_comes_to(door: TestClient, town: Town, card: int, code: str) -> None:
    assert outcome(door, number=numbered(town, card)) == (code, "new")
    if ScanResult[code.upper()].is_visit:
        assert marks(town) == [(1, card, resident_of(card), Mark.TYPED)]
    else:
        assert town.refusals() == [(1, 1, ScanResult.REVOKED, card)]


def test_a_number_that_no_card_has_is_told_apart_from_a_slip(door: TestClient, town: Town) -> None:
    right = card_number(4)
    assert outcome(door, number=right) == ("unknown_number", "new")
    slip = right[:-1] + str((int(right[-1]) + 1) % 10)
    answer = send(door, {"sequence": 2, "number": slip}, {"sequence": 3, "number": "²²²"}, {"sequence": 4})
    assert [one["result"] for one in answer.json()["results"]] == ["unreadable"] * 3
    assert town.visits() == []


def test_a_foreign_code_is_kept_as_a_keyed_hash(door: TestClient, town: Town) -> None:
    at = now_ms()
    assert outcome(door, foreign={"kind": "chip_id", "id_key": KEY}, scanned_at=at) == ("unverified", "new")
    assert marks(town) == [(1, None, None, Mark.FOREIGN)]
    assert town.rows("SELECT point_id, sequence, kind, encode(id_key, 'hex') FROM foreign_scan") == [
        (MARKET, 1, ForeignKind.CHIP_ID, KEY)
    ]
    assert outcome(door, foreign={"kind": "chip_id", "id_key": KEY}, scanned_at=at) == ("unverified", "before")


@pytest.mark.parametrize(
    "foreign", [{"kind": "passport", "id_key": KEY}, {"kind": "chip_id", "id_key": "079201001234"}]
)
def test_a_foreign_code_in_clear_is_not_taken(door: TestClient, town: Town, foreign: dict[str, str]) -> None:
    answer = send(door, {"sequence": 1, "foreign": foreign})
    assert answer.status_code == 422
    assert "079201001234" not in answer.text
    assert town.rows("SELECT 1 FROM foreign_scan") == []


@pytest.mark.parametrize("ahead_ms", [3 * 365 * DAY_MS, -3 * 365 * DAY_MS, 40_000])
def test_a_clock_that_is_wrong_is_corrected_with_both_times_kept(door: TestClient, town: Town, ahead_ms: int) -> None:
    """The scan was made ten minutes before it was sent, by the device's clock too."""
    sent = now_ms() + ahead_ms
    scan = {"sequence": 1, "token": token_of(LAN), "scanned_at": sent - 600_000}
    answer = door.post("/v1/scans", json={"sent_at": sent, "scans": [scan]})
    assert answer.json()["results"][0]["result"] == "accepted"
    ((scanned_at, claimed_at, mark),) = town.rows("SELECT scanned_at, claimed_at, marks FROM visit")
    assert abs(scanned_at.timestamp() - (time.time() - 600)) < 20
    assert claimed_at == datetime.fromtimestamp((sent - 600_000) / 1000, UTC)
    assert mark == Mark.CLOCK_CORRECTED


@pytest.mark.parametrize(
    ("told_ms", "sent_off_ms", "expected_off_ms"),
    [(600_000, 0, 600_000), (0, 600_000, 0), (-600_000, 5, -600_000), (None, 90_000, 90_000), (2**62, 90_000, 90_000)],
)
def test_a_clock_that_was_set_right_meanwhile(
    door: TestClient, town: Town, told_ms: int | None, sent_off_ms: int, expected_off_ms: int
) -> None:
    """What the device found out about the moment of the scan goes before what its clock says at the upload."""
    scanned_at = now_ms() - 3_600_000 + expected_off_ms
    scan = {"sequence": 1, "token": token_of(LAN), "scanned_at": scanned_at, "ahead_ms": told_ms}
    answer = door.post("/v1/scans", json={"sent_at": now_ms() + sent_off_ms, "scans": [scan]})
    assert answer.json()["results"][0]["result"] == "accepted"
    ((at, claimed_at, mark),) = town.rows("SELECT scanned_at, claimed_at, marks FROM visit")
    assert abs(at.timestamp() - (time.time() - 3600)) < 20
    if expected_off_ms:
        assert (claimed_at, mark) == (datetime.fromtimestamp(scanned_at / 1000, UTC), Mark.CLOCK_CORRECTED)
    else:
        assert (claimed_at, mark) == (None, 0)


def test_a_device_that_only_asks_is_heard(door: TestClient, town: Town) -> None:
    """It scans nobody and says nothing of itself; what it said before stays."""
    assert door.get("/v1/point").status_code == 200
    door.portal.call(door.app.gateway.states.write)  # type: ignore[attr-defined, union-attr]
    ((heard_at, version),) = town.rows("SELECT told_at, app_version FROM device_state")
    assert abs(heard_at.timestamp() - time.time()) < 20
    assert version == ""


def test_under_load_scans_at_a_door_go_first(door: TestClient, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told by the heading: lists, settings and long uploads are sent away; at last single scans."""
    gate, token = door.app.gateway.gate, token_of(LAN)  # type: ignore[attr-defined]
    long = [{"sequence": n, "token": token} for n in range(1, 51)]
    gate.lag_seconds = 1e9
    refused = [door.get("/v1/point"), door.get("/v1/trust-list"), send(door, *long), send(door, long[0])]
    assert [(answer.status_code, answer.headers["retry-after"]) for answer in refused] == [(503, "1")] * 4
    monkeypatch.setattr("ksdb.gateway.gate.LATEST_SECONDS", 1e12)
    gate.lag_seconds = 1e9
    assert send(door, *long).status_code == 503
    assert send(door, long[0]).status_code == 200
    gate.lag_seconds = 0.0
    assert send(door, *long[1:]).status_code == 200
    assert gate._bytes == {True: 0, False: 0}
    assert len(town.visits()) == 50


def test_a_slow_network_is_no_wrong_clock(door: TestClient, town: Town) -> None:
    sent = now_ms() - 20_000
    scan = {"sequence": 1, "token": token_of(LAN), "scanned_at": sent}
    door.post("/v1/scans", json={"sent_at": sent, "scans": [scan]})
    ((scanned_at, claimed_at, mark),) = town.rows("SELECT scanned_at, claimed_at, marks FROM visit")
    assert (scanned_at, claimed_at, mark) == (datetime.fromtimestamp(sent / 1000, UTC), None, 0)


@pytest.mark.parametrize("sent_at", [0, -1, 2**62, -(2**62), 1])
def test_no_clock_is_too_wrong_to_be_answered(door: TestClient, town: Town, sent_at: int) -> None:
    """Whatever it says, what comes of it is a result; the scan is kept."""
    scan = {"sequence": 1, "token": token_of(LAN), "scanned_at": now_ms()}
    answer = door.post("/v1/scans", json={"sent_at": sent_at, "scans": [scan]})
    assert answer.status_code == 200, answer.text
    assert len(town.visits()) + len(town.refusals()) == 1


def test_what_a_device_says_of_itself_is_kept(door: TestClient, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    state = {"app_version": "1.4\n<b>" + "x" * 50, "battery_percent": 400, "waiting_count": -3, "scanned_count": 412}
    scan = {"sequence": 1, "token": token_of(LAN), "scanned_at": now_ms()}
    door.post("/v1/scans", json={"sent_at": now_ms() - 5_000, "scans": [scan], "state": state})
    door.portal.call(door.app.gateway.states.write)  # type: ignore[attr-defined, union-attr]
    ((version, battery, waiting, scanned, ahead),) = town.rows(
        "SELECT app_version, battery_percent, waiting_count, scanned_count, clock_ahead_ms FROM device_state"
    )
    assert (version, battery, waiting, scanned) == ("1.4<b>" + "x" * 14, 100, 0, 412)
    assert -8_000 < ahead <= -5_000


def test_an_earlier_word_does_not_overwrite_a_later_one(door: TestClient, town: Town) -> None:
    send(door, {"sequence": 1, "token": token_of(LAN)})
    town.rows(
        "INSERT INTO device_state (device_id, told_at, app_version, clock_ahead_ms)"
        " VALUES (1, now() + interval '1 hour', '9', 0)"
    )
    door.portal.call(door.app.gateway.states.write)  # type: ignore[attr-defined, union-attr]
    assert town.rows("SELECT app_version FROM device_state") == [("9",)]


def test_who_asks_too_often_is_told_when_to_come_back(
    door: TestClient, town: Town, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    limit = door.app.gateway.limit  # type: ignore[attr-defined]
    monkeypatch.setattr(limit, "_burst", 3.0)
    monkeypatch.setattr(limit, "_per_second", 0.001)
    monkeypatch.setattr(limit, "_buckets", SharedBuckets(tmp_path / "requests"))
    answers = [send(door, {"sequence": n, "token": token_of(LAN)}) for n in range(1, 6)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert answers[-1].json()["error"] == "too_often"
    assert answers[-1].headers["retry-after"] == "2"
    assert len(town.visits()) == 3
    beside = RequestLimit(0.001, 3, SharedBuckets(tmp_path / "requests"))  # another process of the same gateway
    with pytest.raises(TooOften):
        beside.spend(1)
    beside.spend(2)


def test_counts_are_for_whoever_holds_the_token(door: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = door.app.gateway  # type: ignore[attr-defined]
    for token in ("", "Bearer ", f"Bearer {MARKET_TOKEN}", "Bearer guess"):
        assert door.get("/metrics", headers={"authorization": token}).status_code == 401
    monkeypatch.setattr(gateway, "metrics_token", "of the watch")
    assert door.get("/metrics", headers={"authorization": "Bearer guess"}).status_code == 401
    first = {"sequence": 1, "token": token_of(LAN), "scanned_at": now_ms()}
    send(door, first, {"sequence": 2, "token": "x"})
    send(door, first)
    door.post("/v1/scans", json={})
    text = door.get("/metrics", headers={"authorization": "Bearer of the watch"}).text
    assert 'ksdb_scans_total{result="accepted"} 1.0' in text
    assert 'ksdb_scans_total{result="unreadable"} 1.0' in text
    assert "ksdb_scans_before_total 1.0" in text
    assert 'ksdb_uploads_refused_total{error="body_unreadable"} 1.0' in text
    assert "ksdb_upload_seconds_count 2.0" in text
    assert "ksdb_cards_known 6.0" in text
