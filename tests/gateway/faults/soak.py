"""kill -9 of the gateway, of its workers, of the job worker and of PostgreSQL, again and again under load: `make soak`.

`python -m tests.gateway.faults.soak [rounds]` writes docs/soak.md, and fails when a scan is lost or there twice.
"""

import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg
from tests.gateway.devices import DEVICES, GatewayProcess, StubbornDevice, enrol
from tests.gateway.faults.servers import OwnServer
from tests.gateway.town import Town, clear, settle, without_foreign_keys

from ksdb.config import Settings, make_secrets
from ksdb.core.clock import today

PAGE = Path("docs/soak.md")
AWAY_SECONDS = 30
PACE_SECONDS = 0.05
"""What a device waits between two uploads: an hour of it must stay countable."""


class UnhurriedDevice(StubbornDevice):
    """Waits a little between two uploads, and is told where the gateway is now."""

    def send(self, sequences: range) -> bool:
        time.sleep(PACE_SECONDS)
        return super().send(sequences)


class JobWorker:
    """The worker as `ksdb up` starts it, with the nightly job of the log deferred to it again and again."""

    def __init__(self) -> None:
        self._process = self._started("worker", "--concurrency", "2")

    @staticmethod
    def _started(*arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "django", "procrastinate", *arguments]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def give_work(self) -> None:
        defer = self._started("defer", "ksdb.visits.jobs.keep_days", '{"timestamp": 0}')
        defer.wait(60)

    def kill(self) -> None:
        self.stop(self._process.kill)
        self._process = self._started("worker", "--concurrency", "2")

    def stop(self, how: Callable[[], None] | None = None) -> None:
        (how or self._process.kill)()
        self._process.wait()


@dataclass
class Soak:
    """One town under load at two gateways of two processes each, and what is done to them."""

    server: OwnServer
    gateways: list[GatewayProcess]
    worker: JobWorker
    random: random.Random
    done: Counter[str] = field(default_factory=Counter)

    def kill_a_gateway(self) -> None:
        place = self.random.randrange(len(self.gateways))
        port = self.gateways[place].port
        self.gateways[place].kill()
        self.gateways[place] = GatewayProcess(self.server.url, 2, port)
        self.gateways[place].wait_until_ready()

    def kill_a_process_of_a_gateway(self) -> None:
        gateway = self.random.choice(self.gateways)
        gateway.wait_for_workers(2)
        self.random.choice(gateway.workers).kill()

    def kill_the_job_worker(self) -> None:
        """At any point of the nightly job, its start included."""
        self.worker.give_work()
        time.sleep(self.random.random() * 2)
        self.worker.kill()

    def kill_a_process_of_postgresql(self) -> None:
        """One backend: PostgreSQL ends all others and replays its log."""
        with psycopg.connect(self.server.url) as connection:
            rows = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE application_name = 'ksdb gateway writer'"
            ).fetchall()
        if rows:
            psutil.Process(self.random.choice(rows)[0]).kill()

    def kill_postgresql(self) -> None:
        self.server.kill()
        time.sleep(self.random.random())
        self.server.start()

    def freeze_postgresql(self) -> None:
        with self.server.frozen():
            time.sleep(self.random.uniform(0.2, 3))

    def freeze_postgresql_for_long(self) -> None:
        with self.server.frozen():
            time.sleep(AWAY_SECONDS)

    def stop_postgresql_for_long(self) -> None:
        self.server.stop()
        time.sleep(AWAY_SECONDS)
        self.server.start()

    def rounds(self, count: int) -> Iterator[tuple[str, Callable[[], None]]]:
        """The two long ones once each, the others in turn."""
        kinds = [
            ("kill -9 of a gateway", self.kill_a_gateway),
            ("kill -9 of PostgreSQL", self.kill_postgresql),
            ("kill -9 of one process of a gateway", self.kill_a_process_of_a_gateway),
            ("kill -9 of one process of PostgreSQL", self.kill_a_process_of_postgresql),
            ("kill -9 of the job worker at the nightly job", self.kill_the_job_worker),
            ("PostgreSQL frozen for up to 3 s", self.freeze_postgresql),
        ]
        for number in range(count):
            if number == count // 3:
                yield f"PostgreSQL frozen for {AWAY_SECONDS} s", self.freeze_postgresql_for_long
            elif number == 2 * count // 3:
                yield f"PostgreSQL stopped for {AWAY_SECONDS} s", self.stop_postgresql_for_long
            else:
                yield kinds[number % len(kinds)]


@contextmanager
def prepared() -> Iterator[OwnServer]:
    """A fresh server with the schema and the town."""
    server = OwnServer(Settings(var_dir=Path("var/soak").resolve()))
    shutil.rmtree(server.settings.var_dir, ignore_errors=True)
    make_secrets(server.settings.var_dir)
    server.start()
    os.environ |= {
        "KSDB_VAR_DIR": str(server.settings.var_dir),
        "KSDB_DATABASE_URL": server.url,
        "DJANGO_SETTINGS_MODULE": "ksdb.site.owner",
    }
    subprocess.run([sys.executable, "-m", "django", "migrate"], check=True, capture_output=True)
    without_foreign_keys(server.url)
    with Town.at(server.url) as town:
        clear(town)
        settle(town)
        enrol(town)
    try:
        yield server
    finally:
        server.start()
        server.stop()


@contextmanager
def soaking(server: OwnServer) -> Iterator[Soak]:
    """Two gateways of two processes and a job worker; all gone at the end, however it ends."""
    soak = Soak(server, [GatewayProcess(server.url, 2) for _ in range(2)], JobWorker(), random.Random())
    try:
        for gateway in soak.gateways:
            gateway.wait_until_ready()
        yield soak
    finally:
        for gateway in soak.gateways:
            gateway.kill()
        soak.worker.stop()


def load(soak: Soak, rounds: int) -> list[UnhurriedDevice]:
    """Devices at work through all rounds. Of two there is a copy, at the other gateway."""
    ports, over = [gateway.port for gateway in soak.gateways], threading.Event()
    devices = [UnhurriedDevice(n, ports[n % 2], over) for n in DEVICES]
    devices += [UnhurriedDevice(d.number, ports[(d.number + 1) % 2], over, d.at_ms) for d in devices[:2]]
    for device in devices:
        device.start()
    try:
        for number, (name, act) in enumerate(soak.rounds(rounds), 1):
            time.sleep(soak.random.uniform(0.3, 1.5))
            act()
            soak.done[name] += 1
            _wait_for_all(devices)
            print(f"{number:4} {name}", flush=True)
    finally:
        over.set()
        for device in devices:
            device.join()
    return devices


def require_all(town: Town, devices: Sequence[UnhurriedDevice], port: int) -> dict[str, int]:
    """The counts. Raises AssertionError when a scan was lost or doubled, before or after all is sent once more."""
    sent_count = sum(device.sent_count for device in devices)
    acknowledged = {(device.number, n) for device in devices for n in device.acknowledged}
    stored = [(device, sequence) for device, sequence, *_ in town.visits()]
    assert len(stored) == len(set(stored)), "scans are there twice"
    assert acknowledged <= set(stored), f"{len(acknowledged - set(stored))} acknowledged scans are lost"
    for device in devices:
        device.send_all_again(port)
    at_last = [(device, sequence) for device, sequence, *_ in town.visits()]
    assert len(at_last) == len(set(at_last)), "scans are there twice after all was sent again"
    assert set(at_last) == {(device.number, n) for device in devices for n in range(1, device.sent_up_to + 1)}
    answers, heard = Counter[str](), Counter[int]()
    for device in devices:
        answers, heard = answers + device.stored, heard + device.heard
    return {
        "scans sent in the rounds, all tries counted": sent_count,
        "different scans acknowledged": len(acknowledged),
        "stored when the load ended": len(stored),
        "acknowledged and not stored": len(acknowledged - set(stored)),
        "stored twice": len(stored) - len(set(stored)),
        "stored, but no acknowledgement arrived": len(set(stored) - acknowledged),
        "sent once more after the load": sum(device.sent_up_to for device in devices),
        "stored after that": len(at_last),
        "duplicates refused in all (answered `before`)": answers["before"],
        "uploads answered 503, kept and sent again": heard[503],
        "uploads answered otherwise than 200 and 503": sum(heard.values()) - heard[200] - heard[503],
    }


def run(rounds: int) -> str:
    """All rounds; the page."""
    started = time.monotonic()
    with prepared() as server, soaking(server) as soak:
        devices = load(soak, rounds)
        with Town.at(server.url) as town:
            figures = require_all(town, devices, soak.gateways[0].port)
            ((days,),) = town.rows("SELECT count(*) FROM log_partition WHERE log = 'visit' AND day > %s", today())
        assert days == 7, "the job worker did not make the days ahead"
    return _page(soak.done, figures, time.monotonic() - started)


def _wait_for_all(devices: Sequence[StubbornDevice]) -> None:
    """Every device was answered again: the fault is over."""
    before = [device.heard[200] for device in devices]
    deadline = time.monotonic() + 120
    while not all(device.heard[200] > count for device, count in zip(devices, before, strict=True)):
        assert time.monotonic() < deadline, "some device is not answered any more"
        time.sleep(0.05)


def _page(done: Counter[str], figures: dict[str, int], seconds: float) -> str:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    lines = [
        "# Soak: faults again and again, under load",
        "",
        "Written by `make soak`; do not edit. Eight devices, two of them there twice, three scans an upload, at two",
        "gateways of two processes each on one database. Between two faults every device was answered at least once.",
        "",
        " · ".join(
            (
                f"{today():%d %B %Y}",
                f"{os.cpu_count()} cores",
                f"commit {commit.stdout.strip() or 'unknown'}",
                f"{sum(done.values())} faults in {seconds / 60:.0f} minutes",
            )
        ),
        "",
        "| fault | times |",
        "| --- | ---: |",
        *(f"| {name} | {count} |" for name, count in done.most_common()),
        "",
        "| count | |",
        "| --- | ---: |",
        *(f"| {name} | {count:,} |" for name, count in figures.items()),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(run(int(sys.argv[1]) if len(sys.argv) > 1 else 60), encoding="utf-8")
    print(f"written to {PAGE}")
