"""kill -9 under load: what was acknowledged is there, once; what was not may be sent again."""

import time

import pytest
from tests.gateway.devices import enrol, gateway
from tests.gateway.faults.servers import (
    OwnServer,
    require_each_acknowledged_scan_once,
    require_exactly_all,
    under_load,
    wait_for_more,
)
from tests.gateway.town import Town

pytestmark = pytest.mark.django_db


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
    """The others go on, and a new one takes its place."""
    enrol(town)
    with gateway(town.url, workers=2) as process:
        with under_load(process.port) as devices:
            time.sleep(0.5)
            before = process.workers
            assert len(before) == 2
            before[0].kill()
            wait_for_more(devices)
        require_each_acknowledged_scan_once(town, devices)
        for device in devices:
            device.send_all_again(process.port)
        require_exactly_all(town, devices)
        process.wait_for_workers(2)
        assert before[0].pid not in {worker.pid for worker in process.workers}


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


def test_stopping_the_gateway_drains_it(town: Town) -> None:
    enrol(town)
    with gateway(town.url) as process, under_load(process.port) as devices:
        time.sleep(0.5)
        assert process.stop() == 0
    require_each_acknowledged_scan_once(town, devices)
