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
from tests.gateway.faults.proxy import BadLine, bad_line
from tests.gateway.faults.servers import OwnServer
from tests.gateway.faults.test_lines import fill
from tests.gateway.town import DAY_MS, Town, clear, settle, without_foreign_keys

from ksdb.config import Settings, make_secrets
from ksdb.core.clock import today

PAGE = Path("docs/soak.md")
AWAY_SECONDS = 30
DISK_MIB = 1_500
LOST_ANSWERS = 5
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
    lines: list[BadLine]
    """By which devices reach each gateway."""

    worker: JobWorker
    random: random.Random
    devices: list[UnhurriedDevice] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    lost_answers: int = 0

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

    def lose_answers(self) -> None:
        """What was stored and not heard is sent again: a few times, at both gateways."""
        for _ in range(LOST_ANSWERS):
            for line in self.lines:
                lost, line.loses_answer_to = line.lost_count, b"POST "
                _until(lambda line=line, lost=lost: line.lost_count > lost)
        self.lost_answers += 2 * LOST_ANSWERS

    def fill_the_disk(self) -> None:
        """To the last byte, until a device hears of it; then there is room again."""
        ballast = self.server.settings.var_dir / "ballast"
        heard = sum(device.heard[503] for device in self.devices)
        fill(ballast)
        try:
            _until(lambda: sum(device.heard[503] for device in self.devices) > heard)
        finally:
            ballast.unlink()
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
            ("answers lost on their way to devices", self.lose_answers),
        ]
        if os.path.ismount(self.server.settings.var_dir):
            kinds.append(("disk full", self.fill_the_disk))
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
    _clear_away(server.settings.var_dir)
    server.settings.var_dir.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m,mode=755", "tmpfs", str(server.settings.var_dir)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        print("no disk of its own (root alone may mount one): the disk is not filled")
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
        _clear_away(server.settings.var_dir)


def _clear_away(folder: Path) -> None:
    if os.path.ismount(folder):
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def soaking(server: OwnServer) -> Iterator[Soak]:
    """Two gateways of two processes and a job worker; all gone at the end, however it ends."""
    gateways = [GatewayProcess(server.url, 2) for _ in range(2)]
    worker = JobWorker()
    try:
        for gateway in gateways:
            gateway.wait_until_ready()
        with bad_line(gateways[0].port) as one, bad_line(gateways[1].port) as other:
            soak = Soak(server, gateways, [one, other], worker, random.Random())
            yield soak
    finally:
        for gateway in gateways:
            gateway.kill()
        worker.stop()


def load(soak: Soak, rounds: int) -> list[UnhurriedDevice]:
    """Devices at work through all rounds. Of two there is a copy, at the other gateway, that sends the same; of two
    more there is one that scans other people under the same numbers."""
    ports, over = [line.port for line in soak.lines], threading.Event()
    devices = [UnhurriedDevice(n, ports[n % 2], over) for n in DEVICES]
    same, diverged = devices[:2], devices[2:4]
    devices += [UnhurriedDevice(d.number, ports[(d.number + 1) % 2], over, d.at_ms) for d in same]
    devices += [UnhurriedDevice(d.number, ports[(d.number + 1) % 2], over, d.at_ms - DAY_MS // 2) for d in diverged]
    soak.devices = devices
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
    acknowledged = {(device.number, n, device.at_ms + n) for device in devices for n in device.acknowledged}
    stored = _stored(town)
    assert len(stored) == len(set(stored)), "scans are there twice"
    assert acknowledged <= set(stored), f"{len(acknowledged - set(stored))} acknowledged scans are lost"
    for device in devices:
        device.send_all_again(port)
    at_last = _stored(town)
    assert len(at_last) == len(set(at_last)), "scans are there twice after all was sent again"
    sent = {(device.number, n, device.at_ms + n) for device in devices for n in range(1, device.sent_up_to + 1)}
    assert set(at_last) == sent
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
        "other scans under used numbers, of copies, kept": len(sent) - len({each[:2] for each in sent}),
        "uploads answered 503, kept and sent again": heard[503],
        "uploads answered otherwise than 200 and 503": sum(heard.values()) - heard[200] - heard[503],
    }


def _stored(town: Town) -> list[tuple[int, int, int]]:
    """Device, number and the device's time of each visit: together they are one scan."""
    ms = "(extract(epoch FROM scanned_at) * 1000)::bigint"
    return [(d, n, at) for d, n, at in town.rows(f"SELECT device_id, sequence, {ms} FROM visit")]  # noqa: S608


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)


def run(rounds: int) -> str:
    """All rounds; the page."""
    started = time.monotonic()
    with prepared() as server, soaking(server) as soak:
        devices = load(soak, rounds)
        with Town.at(server.url) as town:
            figures = require_all(town, devices, soak.gateways[0].port)
            figures["answers lost on purpose"] = soak.lost_answers
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
        "Written by `make soak`; do not edit. Eight devices, three scans an upload, at two gateways of two processes",
        "each on one database. Of two devices there is a copy that sends the same, of two more one that scans other",
        "people under the same numbers. Between two faults every device was answered at least once.",
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
