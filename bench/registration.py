"""Registrations a second: from the phone number to a card bound to the phone's key, through the site's door.

`python -m bench.registration [people]`. Codes go the whole way: into the outbox, by the worker's jobs to a carrier by
HTTP, from there to the phone. Server, database, carrier and the residents' phones share this machine's cores; what the
phones and the carrier take of them is told apart, for in earnest they are elsewhere.
"""

import hashlib
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode

import psutil
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from rich.console import Console
from rich.table import Table

VAR = Path("var/bench-registration")
PORT = 8960
PHONES_AT_ONCE = 24
A_SECOND = 50
CODES_AN_HOUR = 4 * 3600 * A_SECOND
WINDOW_SECONDS = 30
COMMUNE = "Phường Hương Trà"
DIGITS = re.compile(r"\b\d{6}\b")


@dataclass
class Phone:
    """A resident's browser: one connection, its cookies, a key."""

    number: str
    resident: int
    id_number: str
    cookies: dict[str, str] = field(default_factory=dict)
    requests: int = 0

    def __post_init__(self) -> None:
        self.line = http.client.HTTPConnection("127.0.0.1", PORT, timeout=120)
        place = hashlib.sha256(self.number.encode()).digest()
        self.address = f"10.{place[0]}.{place[1]}.{place[2]}"

    def ask(self, method: str, path: str, body: str = "", kind: str = "application/x-www-form-urlencoded") -> str:
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()), "X-Forwarded-For": self.address}
        if method == "POST":
            headers |= {"Content-Type": kind, "X-CSRFToken": self.cookies.get("csrftoken", "")}
        self.line.request(method, path, body or None, headers)
        answer = self.line.getresponse()
        text = answer.read().decode()
        self.requests += 1
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, rest = cookie.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        assert answer.status in {200, 302}, (path, answer.status, text[:300])
        return answer.headers.get("Location", "") or text

    def register(self, codes: dict[str, str]) -> float:
        """As a browser does it, every page loaded; the service worker has the files after the first time.

        How many seconds the code was on its way.
        """
        self.ask("GET", "/my/begin/")
        self.ask("POST", "/my/begin/", urlencode({"phone": self.number}))
        self.ask("GET", "/my/code/")
        asked = time.perf_counter()
        while self.number not in codes:
            time.sleep(0.005)
        waited = time.perf_counter() - asked
        self.ask("GET", self.ask("POST", "/my/code/", urlencode({"code": codes[self.number]})))
        self.ask("GET", "/my/add/")
        said = {
            "relation": "self",
            "full_name": f"Nguyễn Thị {self.number}",
            "birth": "5/3/1956",
            "id_number": self.id_number,
            "commune": COMMUNE,
            "address": "",
        }
        where = self.ask("POST", "/my/add/", urlencode(said))
        assert where.startswith("/my/card/"), where[:2000]
        self.ask("GET", "/my/card/")
        state = json.loads(self.ask("GET", "/my/card/state/"))
        key = ec.generate_private_key(ec.SECP256R1())
        at = state["now"] // 1000
        r, s = decode_dss_signature(key.sign(f"ksdb bind {self.resident} {at}".encode(), ec.ECDSA(SHA256())))
        asked = {
            "resident": self.resident,
            "point": key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint).hex(),
            "at": at,
            "signature": (r.to_bytes(32, "big") + s.to_bytes(32, "big")).hex(),
        }
        bound = json.loads(self.ask("POST", "/my/card/bind/", json.dumps(asked), "application/json"))
        assert bound["token"]
        self.line.close()
        return waited


class Provider(ThreadingHTTPServer):
    """Stands for the carrier and the network of the phones: takes each message by HTTP, and has its code by number."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taking)
        self.codes: dict[str, str] = {}
        self.taken = 0


class Taking(BaseHTTPRequestHandler):
    server: Provider
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if found := DIGITS.search(said["text"]):
            self.server.codes["0" + said["to"].removeprefix("84")] = found[0]
        self.server.taken += 1
        answer = json.dumps({"id": str(self.server.taken)}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def own_site(provider: Provider) -> Iterator[list[int]]:
    """A fresh database, and the site and the worker of jobs as `ksdb up` starts them; yields their process ids.

    Settings that are not the shipped ones: the codes of an hour, which the runbook says to raise for a campaign.
    """
    from ksdb.cli.up import processes, stop
    from ksdb.config import Settings, make_secrets
    from ksdb.postgres.server import embedded_url, start_embedded, stop_embedded

    shutil.rmtree(VAR, ignore_errors=True)
    ours = Settings(var_dir=VAR, site_address=f"127.0.0.1:{PORT}")
    make_secrets(VAR)
    (VAR / "static").mkdir()
    url = embedded_url(start_embedded(ours))
    os.environ |= {
        "KSDB_VAR_DIR": str(VAR),
        "KSDB_DATABASE_URL": url,
        "KSDB_SMS_CARRIER": "http",
        "KSDB_SMS_HTTP_URL": f"http://127.0.0.1:{provider.server_port}/",
        "KSDB_SMS_AN_HOUR": str(CODES_AN_HOUR),
        "KSDB_PROXIES": "127.0.0.1",
        "DJANGO_SETTINGS_MODULE": "ksdb.site.owner",
    }
    subprocess.run([sys.executable, "-m", "django", "migrate"], check=True, capture_output=True)
    commands = processes(ours)
    children = [subprocess.Popen(commands[name], start_new_session=True) for name in ("site", "worker")]
    try:
        wait_until_open()
        yield [child.pid for child in children]
    finally:
        stop(children)
        stop_embedded(start_embedded(ours))
        shutil.rmtree(VAR)


def wait_until_open() -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            with socket.create_connection(("127.0.0.1", PORT), 1):
                return
        except OSError:
            assert time.monotonic() < deadline, "the site did not start"
            time.sleep(0.1)


def people(count: int) -> list[Phone]:
    """So many residents with papers and phones, in groups of a ward of today; keys to sign their cards."""
    import django

    django.setup()
    from ksdb.cards.actions import make_issuer_key
    from ksdb.core.clock import now
    from ksdb.core.names import search_key, sort_key
    from ksdb.core.scope import system_scope
    from ksdb.places.actions import ensure_group, load_reference
    from ksdb.places.models import Division
    from ksdb.registry.models import Resident
    from ksdb.registry.sealing import ID_NUMBER, PHONE, sealer

    load_reference(system_scope())
    make_issuer_key(system_scope())
    commune = Division.objects.get(name=COMMUNE, valid_from=date(2025, 7, 1), kind=Division.Kind.COMMUNE)
    group = ensure_group(system_scope(), commune, "Tổ dân phố 1")
    made = []
    for n in range(count):
        number, id_number = f"0905{n:06d}", f"0461560{n:05d}"
        name = f"Nguyễn Thị {number}"
        made.append(
            Resident(
                division=group,
                full_name=name,
                search_key=search_key(name),
                sort_key=sort_key(name),
                birth_year=1956,
                born_on=date(1956, 3, 5),
                id_number_sealed=sealer().seal(ID_NUMBER, id_number),
                id_number_key=sealer().match_key(ID_NUMBER, id_number),
                phone_sealed=sealer().seal(PHONE, number),
                phone_key=sealer().match_key(PHONE, number),
                registered_at=now(),
            )
        )
    kept = Resident.objects.bulk_create(made, batch_size=1_000)
    return [Phone(f"0905{n:06d}", one.pk, f"0461560{n:05d}") for n, one in enumerate(kept)]


def processor(pids: list[int]) -> float:
    """Seconds of processor time that these and their children have taken."""
    total = 0.0
    for pid in pids:
        for one in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
            times = one.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def postgres() -> int:
    return int((VAR / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def slowest(done: list[float]) -> float:
    """Registrations a second in the worst of all whole windows; `done` are the instants of their ends, in order."""
    windows = int((done[-1] - done[0]) / WINDOW_SECONDS)
    counts = [
        sum(1 for at in done if n * WINDOW_SECONDS <= at - done[0] < (n + 1) * WINDOW_SECONDS) for n in range(windows)
    ]
    return min(counts) / WINDOW_SECONDS if counts else len(done) / (done[-1] - done[0])


def main(count: int = 9_000) -> None:
    provider = Provider()
    threading.Thread(target=provider.serve_forever, daemon=True).start()
    with own_site(provider) as children:
        phones = people(count + PHONES_AT_ONCE)
        waits: list[float] = []

        def registered(phone: Phone) -> float:
            waits.append(phone.register(provider.codes))
            return time.perf_counter()

        with ThreadPoolExecutor(PHONES_AT_ONCE) as pool:
            list(pool.map(registered, phones[:PHONES_AT_ONCE]))  # all is loaded once
            waits.clear()
            pids = [*children, postgres()]
            before, own = [processor([pid]) for pid in pids], time.process_time()
            start = time.perf_counter()
            done = sorted(pool.map(registered, phones[PHONES_AT_ONCE:]))
            wall = done[-1] - start
            ours = time.process_time() - own
            server = tuple(processor([pid]) - was for pid, was in zip(pids, before, strict=True))
    provider.shutdown()
    requests = sum(phone.requests for phone in phones[PHONES_AT_ONCE:]) / count
    room = 2 * count / sum(server)
    table = Table("registration", "figure", "limit", "verdict")
    table.add_row("residents, phones at once, seconds", f"{count:,}, {PHONES_AT_ONCE}, {wall:.0f}")
    table.add_row("requests each; messages by the carrier", f"{requests:.1f}; {provider.taken:,}")
    table.add_row(
        "a second, the phones and the carrier on the same two cores", f"{count / wall:.1f}", *_verdict(count / wall)
    )
    table.add_row(f"the same, the slowest {WINDOW_SECONDS} seconds", f"{slowest(done):.1f}", *_verdict(slowest(done)))
    table.add_row(
        "ms of processor: site, worker, PostgreSQL, phones",
        " ".join(f"{1000 * s / count:.1f}" for s in (*server, ours)),
    )
    table.add_row("a second that two cores have time for, the phones elsewhere", f"{room:.1f}", *_verdict(room))
    waits.sort()
    table.add_row(
        "seconds until the code is there: P50, P95", f"{waits[count // 2]:.2f} {waits[count * 95 // 100]:.2f}"
    )
    Console(width=118).print(table)


def _verdict(rate: float) -> tuple[str, str]:
    return f"{A_SECOND}", "kept" if rate >= A_SECOND else "not kept"


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
