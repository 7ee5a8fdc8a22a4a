"""Answers that get lost, a database that is frozen, gone, slow or without room, and devices that are there twice."""

import asyncio
import http.client
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.gateway.devices import DEVICES, StubbornDevice, device_token, enrol, gateway, two_gateways
from tests.gateway.faults.proxy import BadLine, bad_line
from tests.gateway.faults.servers import (
    OwnServer,
    require_each_acknowledged_scan_once,
    require_exactly_all,
    under_load,
    wait_for_more,
)
from tests.gateway.town import LAN, Town, now_ms, token_of

from ksdb.config import Settings, settings
from ksdb.core.decision import CardStatus
from ksdb.gateway import refresh
from ksdb.gateway.known import Known
from ksdb.gateway.refresh import Refresher

pytestmark = pytest.mark.django_db
SEQUENCE = 987_654_321
"""A number that stands in no other message."""


def send_one(port: int, device: int, sequence: int) -> dict[str, str]:
    """One scan; raises what the line makes of it."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    scan = {"sequence": sequence, "token": token_of(LAN), "scanned_at": now_ms()}
    headers = {"authorization": f"Bearer {device_token(device)}"}
    try:
        connection.request("POST", "/v1/scans", json.dumps({"sent_at": now_ms(), "scans": [scan]}), headers)
        answer = connection.getresponse()
        content = json.loads(answer.read())
    finally:
        connection.close()
    assert answer.status == 200, content
    (result,) = content["results"]
    return dict(result)


def test_an_answer_lost_between_gateway_and_device_is_asked_for_again(town: Town) -> None:
    enrol(town)
    with gateway(town.url) as process, bad_line(process.port) as line:
        line.loses_answer_to = b"%d" % SEQUENCE
        with pytest.raises((OSError, http.client.HTTPException)):
            send_one(line.port, 101, SEQUENCE)
        assert line.lost_count == 1
        assert send_one(line.port, 101, SEQUENCE)["stored"] == "before"
    assert [visit[:2] for visit in town.visits()] == [(101, SEQUENCE)]


def test_a_commit_whose_answer_is_lost_is_not_made_twice(own_server: OwnServer) -> None:
    """The line to PostgreSQL breaks after the commit: the gateway asks again, and learns that it was stored."""
    with bad_line(own_server.socket_file) as line, gateway(own_server.url_by_way_of(line.port)) as process:
        assert send_one(process.port, 101, 1)["stored"] == "new"
        line.loses_answer_to = b"%d" % SEQUENCE
        assert send_one(process.port, 101, SEQUENCE)["stored"] == "before"
        assert line.lost_count == 1
    with Town.at(own_server.url) as town:
        assert [visit[:2] for visit in town.visits()] == [(101, 1), (101, SEQUENCE)]


def test_a_slow_disk_makes_it_late_and_loses_nothing(own_server: OwnServer) -> None:
    """Every answer of the database a fifth of a second late, and now and then it does nothing at all for a while."""
    with bad_line(own_server.socket_file) as line, gateway(own_server.url_by_way_of(line.port)) as process:
        line.answer_delay_seconds = 0.2
        with under_load(process.port) as devices:
            for _ in range(2):
                with own_server.frozen():
                    time.sleep(0.4)
                wait_for_more(devices)
        line.answer_delay_seconds = 0.0
    assert {status for device in devices for status in device.heard} == {200}
    with Town.at(own_server.url) as town:
        require_exactly_all(town, devices)


def test_a_frozen_database_is_told_to_devices_which_keep_and_drain(own_server: OwnServer) -> None:
    """Its lines stay up and say nothing, which no error tells: only our own patience ends it."""
    with gateway(own_server.url) as process:
        with under_load(process.port) as devices:
            time.sleep(0.3)
            with own_server.frozen():
                asked_at = time.monotonic()
                assert health(process.port) == (503, "database_away")
                assert time.monotonic() - asked_at < 10, "the health page hangs with the database"
                deadline = time.monotonic() + 18
                while not all(device.heard[503] for device in devices):
                    assert time.monotonic() < deadline, "devices wait for a database that is frozen"
                    time.sleep(0.1)
            wait_for_more(devices)
        assert health(process.port) == (200, "ok")
    with Town.at(own_server.url) as town:
        require_exactly_all(town, devices)


def test_whoever_waits_for_news_hangs_up_on_a_frozen_database(
    own_server: OwnServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lines that bring the news say nothing, for ever: the gateway asks on new ones."""
    monkeypatch.setattr(refresh, "LOOK_SECONDS", 0.2)

    async def work(line: BadLine) -> None:
        known = Known()
        refresher = Refresher(own_server.url_by_way_of(line.port), known, patience_seconds=0.5)
        news = asyncio.create_task(refresher.run())
        try:
            await _until(lambda: known.cards.status_at(LAN, time.time()) is CardStatus.ACTIVE)
            line.freeze()
            with Town.at(own_server.url) as town:
                town.set_status(LAN, CardStatus.REVOKED)
            await _until(lambda: known.cards.status_at(LAN, time.time() + 5) is CardStatus.REVOKED)
        finally:
            news.cancel()

    with bad_line(own_server.socket_file) as line:
        asyncio.run(work(line))


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - what it waits for tells nobody
            await asyncio.sleep(0.02)


def health(port: int) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", "/health")
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())["status"]
    finally:
        connection.close()


def test_a_database_that_is_stopped_for_a_while(own_server: OwnServer) -> None:
    with gateway(own_server.url, workers=2) as process, under_load(process.port) as devices:
        time.sleep(0.3)
        own_server.stop()
        time.sleep(1)
        own_server.start()
        wait_for_more(devices)
    with Town.at(own_server.url) as town:
        require_exactly_all(town, devices)


@pytest.fixture
def small_disk(town: Town) -> Iterator[OwnServer]:
    """A server on a disk of 300 MB."""
    enrol(town)
    folder = settings().var_dir / "small-disk"
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=300m,mode=755", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("a disk of 300 MB can be made by root alone, and not in every container")
    server = OwnServer(Settings(var_dir=folder))
    try:
        server.start()
        server.copy_from(town.url)
        yield server
        server.start()
        server.stop()
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()


def test_a_full_disk_is_told_to_devices_which_keep_and_drain(small_disk: OwnServer) -> None:
    ballast = small_disk.settings.var_dir / "ballast"
    with gateway(small_disk.url) as process, under_load(process.port) as devices:
        time.sleep(0.3)
        fill(ballast)
        deadline = time.monotonic() + 40
        while not all(device.heard[503] for device in devices):
            assert time.monotonic() < deadline, "the disk is full and no device is told"
            time.sleep(0.1)
        ballast.unlink()
        small_disk.start()
        wait_for_more(devices)
    with Town.at(small_disk.url) as town:
        require_exactly_all(town, devices)


def fill(path: Path) -> None:
    """To the last byte."""
    with path.open("wb", buffering=0) as file:
        for size in (2**20, 2**12, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


def test_two_copies_of_each_device_at_two_gateways(town: Town) -> None:
    """Somebody copied the app's data to a second phone; two gateways with two workers each have one database."""
    enrol(town)
    over = threading.Event()
    with two_gateways(town.url, workers=2) as (one, other):
        first = [StubbornDevice(number, one.port, over) for number in DEVICES]
        second = [StubbornDevice(each.number, other.port, over, each.at_ms) for each in first]
        for device in (*first, *second):
            device.start()
        wait_for_more([*first, *second])
        time.sleep(0.5)
        over.set()
        for device in (*first, *second):
            device.join()
    require_each_acknowledged_scan_once(town, [*first, *second])
    longest = [max(pair, key=lambda each: each.sent_up_to) for pair in zip(first, second, strict=True)]
    require_exactly_all(town, longest)
    assert sum(each.stored["new"] for each in (*first, *second)) == len(town.visits())
    assert sum(each.stored["before"] for each in (*first, *second)) > 0
