"""Registrations a second: from the phone number to a card bound to the phone's key, through the site's door.

`python -m bench.registration [people]`. Server, database and the residents' phones share this machine's cores; what the
phones take of them is told apart, for in earnest they are elsewhere.
"""

import hashlib
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from urllib.parse import urlencode

import psutil
import psycopg
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from rich.console import Console
from rich.table import Table

VAR = Path("var/bench-registration")
PORT = 8960
PHONES_AT_ONCE = 24
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

    def register(self, codes: dict[str, str]) -> None:
        """As a browser does it, every page loaded; the service worker has the files after the first time."""
        self.ask("GET", "/my/begin/")
        self.ask("POST", "/my/begin/", urlencode({"phone": self.number}))
        self.ask("GET", "/my/code/")
        while self.number not in codes:
            time.sleep(0.005)
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


@contextmanager
def own_site() -> Iterator[int]:
    """A fresh database and a site of two processes; yields the process id of the site."""
    from ksdb.config import Settings, make_secrets
    from ksdb.postgres.server import embedded_url, start_embedded, stop_embedded

    shutil.rmtree(VAR, ignore_errors=True)
    ours = Settings(var_dir=VAR)
    make_secrets(VAR)
    url = embedded_url(start_embedded(ours))
    os.environ |= {
        "KSDB_VAR_DIR": str(VAR),
        "KSDB_DATABASE_URL": url,
        "KSDB_IS_DEMO": "1",
        "KSDB_SMS_AN_HOUR": "1000000",
        "KSDB_PROXIES": "127.0.0.1",
        "DJANGO_SETTINGS_MODULE": "ksdb.site.owner",
    }
    subprocess.run([sys.executable, "-m", "django", "migrate"], check=True, capture_output=True)
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--log-level", "warning"]
    command += ["--host", "127.0.0.1", "--port", str(PORT), "--workers", "2", "--blocking-threads", "4"]
    site = subprocess.Popen([*command, "ksdb.site.wsgi:application"])
    try:
        yield site.pid
    finally:
        site.terminate()
        site.wait(30)
        stop_embedded(start_embedded(ours))
        shutil.rmtree(VAR)


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


def read_outbox(codes: dict[str, str], stopped: threading.Event) -> None:
    """Stands for the network of the phones: the code of each message, by number."""
    from ksdb.config import settings
    from ksdb.core.seal import Sealer
    from ksdb.sms.proof import BODY, PHONE

    sealer = Sealer(settings().seal_keys(), settings().secret("match_key"))
    last = 0
    with psycopg.connect(os.environ["KSDB_DATABASE_URL"], autocommit=True) as connection:
        while not stopped.wait(0.02):
            rows = connection.execute(
                "SELECT id, phone_sealed, body_sealed FROM sms_text WHERE id > %s ORDER BY id", [last]
            ).fetchall()
            for number, phone, body in rows:
                last = number
                found = DIGITS.search(sealer.open(BODY, bytes(body)))
                codes[sealer.open(PHONE, bytes(phone))] = found[0] if found else ""


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


def main(count: int = 1_500) -> None:
    with own_site() as site:
        phones = people(count + PHONES_AT_ONCE)
        codes: dict[str, str] = {}
        stopped = threading.Event()
        threading.Thread(target=read_outbox, args=(codes, stopped), daemon=True).start()
        with ThreadPoolExecutor(PHONES_AT_ONCE) as pool:
            list(pool.map(lambda phone: phone.register(codes), phones[:PHONES_AT_ONCE]))  # all is loaded once
            before, own = (processor([site]), processor([postgres()])), time.process_time()
            start = time.perf_counter()
            list(pool.map(lambda phone: phone.register(codes), phones[PHONES_AT_ONCE:]))
            wall = time.perf_counter() - start
            ours = time.process_time() - own
            server = processor([site]) - before[0], processor([postgres()]) - before[1]
        stopped.set()
    requests = sum(phone.requests for phone in phones[PHONES_AT_ONCE:]) / count
    both = sum(server)
    table = Table("registration", "figure")
    table.add_row("residents, phones at once", f"{count:,}, {PHONES_AT_ONCE}")
    table.add_row("requests each", f"{requests:.1f}")
    table.add_row("a second, the phones on the same two cores", f"{count / wall:.1f}")
    table.add_row(
        "ms of processor: site, PostgreSQL, phones", " ".join(f"{1000 * s / count:.1f}" for s in (*server, ours))
    )
    table.add_row("a second that two cores have time for, the phones elsewhere", f"{2 * count / both:.1f}")
    Console(width=110).print(table)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
