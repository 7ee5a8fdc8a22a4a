"""kill -9 under load: what was acknowledged is there, once; what was not may be sent again."""

import http.client
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.gateway.devices import DEVICES, METRICS_TOKEN, enrol, gateway
from tests.gateway.faults.proxy import bad_line
from tests.gateway.faults.servers import (
    OwnServer,
    require_each_acknowledged_scan_once,
    require_exactly_all,
    under_load,
    wait_for_more,
)
from tests.gateway.faults.test_lines import send_one
from tests.gateway.town import Town

pytestmark = pytest.mark.django_db
ROUNDS = 2
"""A few here; `make soak` does sixty, of every kind."""


def test_kill_9_of_the_gateway(town: Town) -> None:
    enrol(town)
    with gateway(town.url, workers=2) as process, under_load(process.port) as devices:
        wait_for_more(devices)
        time.sleep(0.3)
        process.kill()
    require_each_acknowledged_scan_once(town, devices)
    with gateway(town.url) as process:
        for device in devices:
            device.send_all_again(process.port)
    require_exactly_all(town, devices)


def test_kill_9_of_one_of_its_workers(town: Town) -> None:
    """At any moment, again and again: the others go on, and a new one takes its place."""
    enrol(town)
    with gateway(town.url, workers=2) as process:
        with under_load(process.port) as devices:
            killed = set()
            for _ in range(ROUNDS):
                process.wait_for_workers(2)
                time.sleep(random.uniform(0, 0.5))
                worker = random.choice(process.workers)
                worker.kill()
                killed.add(worker.pid)
                wait_for_more(devices)
        require_each_acknowledged_scan_once(town, devices)
        for device in devices:
            device.send_all_again(process.port)
        require_exactly_all(town, devices)
        process.wait_for_workers(2)
        assert not killed & {worker.pid for worker in process.workers}


def test_kill_9_of_postgresql(own_server: OwnServer) -> None:
    with gateway(own_server.url, workers=2) as process:
        with under_load(process.port) as devices:
            wait_for_more(devices)
            own_server.kill()
            time.sleep(0.3)
            own_server.start()
            wait_for_more(devices)
        with Town.at(own_server.url) as town:
            require_each_acknowledged_scan_once(town, devices)
            for device in devices:
                device.send_all_again(process.port)
            require_exactly_all(town, devices)


def test_stopping_the_gateway_answers_what_is_under_way(own_server: OwnServer) -> None:
    """Each answer of the database comes late, so that all uploads are under way when the gateway is told to end.

    Its two processes have told their counts by then: whichever was asked for them had those of both.
    """
    with (
        bad_line(own_server.socket_file) as line,
        gateway(own_server.url_by_way_of(line.port), workers=2) as process,
        ThreadPoolExecutor(16) as senders,
    ):
        first = [senders.submit(send_one, process.port, device, n) for device in DEVICES for n in (1, 2)]
        assert [each.result()["stored"] for each in first] == ["new"] * 16
        until(lambda: counted(process.port, 'ksdb_scans_total{result="accepted"}') == 16)
        line.answer_delay_seconds = 0.4
        asked = [senders.submit(send_one, process.port, device, n) for device in DEVICES for n in (3, 4)]
        time.sleep(0.25)
        assert not any(each.done() for each in asked)
        assert process.stop() == 0
        assert [each.result()["stored"] for each in asked] == ["new"] * 16
    with Town.at(own_server.url) as town:
        assert [visit[:2] for visit in town.visits()] == [(device, n) for device in DEVICES for n in range(1, 5)]


def counted(port: int, name: str) -> float:
    """What one process tells of this count, whichever took the line."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", "/metrics", headers={"authorization": f"Bearer {METRICS_TOKEN}"})
        text = connection.getresponse().read().decode()
    finally:
        connection.close()
    return sum(float(line.split()[1]) for line in text.splitlines() if line.startswith(name))


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)
