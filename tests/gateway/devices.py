"""A gateway as a process, and devices that keep at it: each sends until it is answered, and notes what was taken."""

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil
from tests.gateway.town import LAN, SCHOOL, Town, now_ms, token_of

from ksdb.gateway.serve import command

DEVICES = range(101, 109)
TOGETHER = 3
METRICS_TOKEN = "of the watch"
IMPATIENT = {
    "KSDB_DEVICE_REQUESTS_PER_SECOND": "100000",
    "KSDB_DEVICE_REQUESTS_AT_ONCE": "100000",
    "KSDB_DATABASE_PATIENCE_SECONDS": "3",
    "KSDB_REQUEST_SECONDS": "3",
    "KSDB_POINT_SECONDS": "0",
    "KSDB_METRICS_TOKEN": METRICS_TOKEN,
}
"""These devices send as fast as they are answered, and hear sooner that the database is away or they are too slow."""


def device_token(number: int) -> str:
    return f"secret-of-device-{number}"


def enrol(town: Town) -> None:
    for number in DEVICES:
        town.add_device(number, device_token(number), SCHOOL)


def free_port() -> int:
    """Below the ports that outgoing lines take: a device that tries again would else meet itself at the gateway's."""
    while True:
        port = random.randrange(20_000, 30_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class GatewayProcess:
    """The gateway as a process, as it runs in earnest."""

    def __init__(self, url: str, workers: int, port: int | None = None) -> None:
        self.port = port or free_port()
        self._process = subprocess.Popen(
            command("127.0.0.1", self.port, workers), env={**os.environ, **IMPATIENT, "KSDB_DATABASE_URL": url}
        )

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/health")
                if connection.getresponse().status == 200:
                    return
            except OSError:
                time.sleep(0.05)
            finally:
                connection.close()
        raise AssertionError("the gateway did not start")

    @property
    def workers(self) -> list[psutil.Process]:
        """The serving processes of a gateway with several; the resource tracker beside them is none."""
        found = []
        for child in psutil.Process(self._process.pid).children():
            with suppress(psutil.NoSuchProcess):  # a zombie too
                found += [child] if "spawn_main" in " ".join(child.cmdline()) else []
        return found

    def wait_for_workers(self, count: int) -> None:
        deadline = time.monotonic() + 20
        while len(self.workers) < count:
            assert time.monotonic() < deadline, "a worker that died was not replaced"
            time.sleep(0.1)

    def kill(self) -> None:
        """SIGKILL, workers included: nobody gets to say goodbye."""
        kill_all(self._process.pid)
        self._process.wait()

    def stop(self) -> int:
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(30)


def kill_all(pid: int) -> None:
    """Returns when they are dead, buried or not: a disk that is busy keeps the dying for a while."""
    parent = psutil.Process(pid)
    processes = [parent, *parent.children(recursive=True)]
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    deadline = time.monotonic() + 60
    while any(map(_is_alive, processes)) and time.monotonic() < deadline:
        time.sleep(0.02)


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@contextmanager
def gateway(url: str, workers: int = 1, port: int | None = None) -> Iterator[GatewayProcess]:
    process = GatewayProcess(url, workers, port)
    try:
        process.wait_until_ready()
        yield process
    finally:
        if process._process.poll() is None:
            process.stop()


@contextmanager
def two_gateways(url: str, workers: int) -> Iterator[tuple[GatewayProcess, GatewayProcess]]:
    """Started at the same time."""
    both = GatewayProcess(url, workers), GatewayProcess(url, workers)
    try:
        for process in both:
            process.wait_until_ready()
        yield both
    finally:
        for process in both:
            process.stop()


class StubbornDevice(threading.Thread):
    """Sends scans with numbers from 1 on, a few together, each upload again until it is answered or time is up."""

    def __init__(self, number: int, port: int, over: threading.Event, at_ms: int | None = None) -> None:
        """`at_ms`: the time of its first scan; a copy of a device has the same scans."""
        super().__init__(daemon=True)
        self.number = number
        self.sent_up_to = 0
        self.sent_count = 0
        self.acknowledged: set[int] = set()
        self.heard: Counter[int] = Counter()
        self.stored: Counter[str] = Counter()
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self._over = over
        self._token = token_of(LAN)
        self.at_ms = now_ms() if at_ms is None else at_ms
        self._headers = {"authorization": f"Bearer {device_token(number)}"}

    def run(self) -> None:
        while not self._over.is_set():
            start = self.sent_up_to + 1
            self.sent_up_to += TOGETHER
            while not self.send(range(start, start + TOGETHER)) and not self._over.is_set():
                time.sleep(0.05)
        self._connection.close()

    def send(self, sequences: range) -> bool:
        """One try. A scan's time belongs to its number, as on a real device."""
        scans = [{"sequence": n, "token": self._token, "scanned_at": self.at_ms + n} for n in sequences]
        body = json.dumps({"sent_at": now_ms(), "scans": scans})
        self.sent_count += len(scans)
        try:
            self._connection.request("POST", "/v1/scans", body, self._headers)
            answer = self._connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return False
        self.heard[answer.status] += 1
        if answer.status == 200:
            results = json.loads(content)["results"]
            self.acknowledged.update(result["sequence"] for result in results)
            self.stored.update(result["stored"] for result in results)
        return answer.status == 200

    def send_all_again(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        for start in range(1, self.sent_up_to + 1, 100):
            assert self.send(range(start, min(start + 100, self.sent_up_to + 1)))
        self._connection.close()
