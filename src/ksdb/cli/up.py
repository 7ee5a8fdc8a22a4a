"""`ksdb up`: the database, both doors, the job worker and the publisher as one command that Ctrl-C stops."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import httpx

from ksdb.cli.database import console, prepare_database, stopping_the_server
from ksdb.config import Settings, environment_of, settings
from ksdb.gateway.serve import command

START_SECONDS = 60
STOP_SECONDS = 35
"""The gateway may take half a minute to store what it has accepted."""


class DoorClosed(Exception):
    """A process of ksdb did not start. Its output stands above; `ksdb doctor` may say why."""


def run(*, with_demo: bool, stays_up: bool = True) -> None:
    """Starts everything, loads the demo town if asked, and waits for Ctrl-C or for a process to die."""
    started = time.monotonic()
    with stopping_the_server(), console.status("Preparing the database"):
        _prepare()
        with running(settings()) as children:
            login = _demo() if with_demo else ""
            console.print(f"[green]ksdb is up[/] after {time.monotonic() - started:.1f} s")
            _say_where(settings(), login)
            if stays_up:
                _wait(children)


def _prepare() -> None:
    from django.core.management import call_command

    prepare_database()
    shutil.rmtree(settings().var_dir / "static", ignore_errors=True)
    call_command("collectstatic", interactive=False, verbosity=0)


def processes(ours: Settings) -> dict[str, list[str]]:
    """The command line of each process by its name."""
    host, port = _host_and_port(ours.site_address)
    return {
        "site": [
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--log-level", "warning"),
            *("--host", host, "--port", str(port), "--workers", str(ours.site_workers), "--blocking-threads", "4"),
            *("--http1-header-read-timeout", "10000"),
            *("--static-path-route", "/static", "--static-path-mount", str(ours.var_dir / "static")),
            "ksdb.site.wsgi:application",
        ],
        "gateway": command(*_host_and_port(ours.gateway_address), ours.gateway_workers),
        "worker": [sys.executable, "-m", "django", "procrastinate", "worker", "--concurrency", "2"],
        "publisher": [sys.executable, "-m", "ksdb.site.publisher"],
    }


def _host_and_port(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host, int(port)


@contextmanager
def running(ours: Settings) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """The processes by name, once the doors answer; stopped gently at the end, the doors first."""
    (ours.var_dir / "static").mkdir(parents=True, exist_ok=True)
    children: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, command in processes(ours).items():
            # A session of its own: Ctrl-C reaches us alone, and we stop them in order.
            children[name] = subprocess.Popen(command, env=_environment(name, ours), start_new_session=True)
        _wait_until_open(children, ours)
        yield children
    finally:
        stop(list(children.values()))


def _environment(name: str, ours: Settings) -> dict[str, str]:
    """What a process is told: of the database only the address of its own role."""
    url = ours.gateway_url if name == "gateway" else ours.site_url
    own = replace(ours, database_url=url, site_database_url="", gateway_database_url="")
    return {**os.environ, **environment_of(own), "DJANGO_SETTINGS_MODULE": "ksdb.site.settings"}


def _wait_until_open(children: dict[str, subprocess.Popen[bytes]], ours: Settings) -> None:
    deadline = time.monotonic() + START_SECONDS
    waiting = {"site": f"http://{ours.site_address}/health", "gateway": f"http://{ours.gateway_address}/health"}
    waiting = {name: url for name, url in waiting.items() if name in children}
    while waiting and time.monotonic() < deadline:
        if any(child.poll() is not None for child in children.values()):
            raise DoorClosed
        waiting = {name: url for name, url in waiting.items() if not _answers(url)}
        time.sleep(0.1)
    if waiting:
        raise DoorClosed(sorted(waiting))


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def stop(children: list[subprocess.Popen[bytes]]) -> None:
    """Asks each to finish what it has in hand, then insists; a door's own workers go with it."""
    for child in children:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        with suppress(subprocess.TimeoutExpired):
            child.wait(max(0.1, deadline - time.monotonic()))
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _demo() -> str:
    from ksdb.cli.demo import load

    return load(console)


def _say_where(ours: Settings, login: str) -> None:
    console.print(f"  pages    http://{ours.site_address}/")
    console.print(f"  gateway  http://{ours.gateway_address}/v1/scans")
    console.print(login, end="")
    console.print("Ctrl-C stops everything; nothing is lost.")


def _wait(children: dict[str, subprocess.Popen[bytes]]) -> None:
    """Until Ctrl-C, SIGTERM, or the death of a process, which ends all: half a system helps nobody."""
    stopped: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda got, _frame: stopped.append(got))
    while not stopped:
        dead = [name for name, child in children.items() if child.poll() is not None]
        if dead:
            raise DoorClosed(dead)
        time.sleep(0.2)
    console.print(f"stopping {', '.join(children)}")
