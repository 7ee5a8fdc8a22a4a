"""A gateway as a process, and devices that keep at it: each sends until it is answered, and notes what was taken."""

import http.client
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
from tests.gateway.town import LAN, SCHOOL, Town, now_ms, token_of

from ksdb.gateway.serve import command

DEVICES = range(101, 109)
TOGETHER = 3
IMPATIENT = {"KSDB_DEVICE_REQUESTS_PER_SECOND": "100000", "KSDB_DEVICE_REQUESTS_AT_ONCE": "100000"}
"""These devices send as fast as they are answered."""


def device_token(number: int) -> str:
    return f"secret-of-device-{number}"


def enrol(town: Town) -> None:
    for number in DEVICES:
        town.add_device(number, device_token(number), SCHOOL)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class GatewayProcess:
    """The gateway as a process, as it runs in earnest."""

    def __init__(self, url: str, workers: int, port: int | None = None) -> None:
        self.port = port or free_port()
        self._process = subprocess.Popen(
            command("127.0.0.1", self.port, workers), env={**os.environ, **IMPATIENT, "KSDB_DATABASE_URL": url}
        )

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + 20
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

    def kill(self) -> None:
        """SIGKILL, workers included: nobody gets to say goodbye."""
        kill_all(self._process.pid)
        self._process.wait()

    def stop(self) -> int:
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(30)


def kill_all(pid: int) -> None:
    parent = psutil.Process(pid)
    for process in [parent, *parent.children(recursive=True)]:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue


@contextmanager
def gateway(url: str, workers: int = 1, port: int | None = None) -> Iterator[GatewayProcess]:
    process = GatewayProcess(url, workers, port)
    try:
        process.wait_until_ready()
        yield process
    finally:
        if process._process.poll() is None:
            process.stop()


class StubbornDevice(threading.Thread):
    """Sends scans with numbers from 1 on, a few together, each upload again until it is answered or time is up."""

    def __init__(self, number: int, port: int, over: threading.Event) -> None:
        super().__init__(daemon=True)
        self.number = number
        self.sent_up_to = 0
        self.acknowledged: set[int] = set()
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self._over = over
        self._token = token_of(LAN)
        self._at = now_ms()
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
        scans = [{"sequence": n, "token": self._token, "scanned_at": self._at + n} for n in sequences]
        body = json.dumps({"sent_at": now_ms(), "scans": scans})
        try:
            self._connection.request("POST", "/v1/scans", body, self._headers)
            answer = self._connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return False
        if answer.status == 200:
            self.acknowledged.update(result["sequence"] for result in json.loads(content)["results"])
        return answer.status == 200

    def send_all_again(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        for start in range(1, self.sent_up_to + 1, 100):
            assert self.send(range(start, min(start + 100, self.sent_up_to + 1)))
        self._connection.close()
