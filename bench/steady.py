"""How late scans are at the rates of the province: 650 a second, and a step from 40 to 400. And memory, and reload.

`python -m bench.steady [runs]`. Each figure is the median of the runs, with the worst beside it.
"""

import asyncio
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import psycopg
from cryptography.hazmat.primitives.asymmetric import ec

from bench.open_client import Answered, Stretch, send_on_time
from bench.scans import CARDS, KID, PORT, own_server, running_gateway, seed
from ksdb.core.clock import now
from ksdb.core.status_list import CAPACITY, Listed, Signer, changes_between, empty, sign_head, sign_status_list
from ksdb.gateway.known import Known
from ksdb.gateway.refresh import Refresher
from ksdb.postgres.pool import connect

STEADY = [Stretch(650, 8)]
STEP = [Stretch(40, 3), Stretch(400, 6)]
STEP_AT = 3.0
LIMIT_MIB = 143
"""150 MB."""

DIFFERENCES = 20


@dataclass(frozen=True)
class Late:
    """Of one stretch, in milliseconds, over the runs; `errors` are of all runs."""

    name: str
    limit_ms: float
    p50: list[float]
    p99: list[float]
    errors: int

    def text(self) -> str:
        p50, p99, worst = statistics.median(self.p50), statistics.median(self.p99), max(self.p99)
        runs = " ".join(f"{value:.0f}" for value in self.p99)
        return (
            f"{self.name:44} P50 {p50:6.1f} ms   P99 {p99:6.1f} ms = {p99 / self.limit_ms:.2f} of {self.limit_ms:.0f}"
            f"   worst run {worst:.0f}   ({runs})   errors {self.errors}"
        )


def late(name: str, limit_ms: float, runs: list[Answered], start: float, end: float) -> Late:
    parts = [np.percentile(run.between(start, end), [50, 99]) for run in runs]
    return Late(
        name, limit_ms, [float(p[0]) for p in parts], [float(p[1]) for p in parts], sum(len(r.errors) for r in runs)
    )


async def reload_seconds(url: str) -> list[float]:
    """Loading everything that is known anew, as after a lost connection."""
    refresher, taken = Refresher(url, Known()), []
    async with await connect(url, "bench") as reader:
        for _ in range(5):
            start = time.perf_counter()
            await refresher._load_all(reader)  # noqa: SLF001 - the part of a session that is measured
            taken.append(time.perf_counter() - start)
    return taken


def peak_mib(processes: list[psutil.Process]) -> float:
    """The most that any process of the gateway ever held, by the system's own count (VmHWM)."""
    told = (Path(f"/proc/{process.pid}/status").read_text(encoding="ascii") for process in processes)
    return max(float(text.partition("VmHWM:")[2].split()[0]) for text in told) / 1024


def publish_lists(url: str, key: ec.EllipticCurvePrivateKey) -> int:
    """A status list of all cards, 5 % of them revoked, and the differences that led to it; the bytes of the list."""
    signer, at = Signer(KID, key), now()
    statuses = empty()
    statuses[np.random.default_rng(1).choice(CAPACITY, CARDS // 20, replace=False)] = Listed.INVALID
    before, token = statuses.copy(), b""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        for serial in range(1, DIFFERENCES + 1):
            statuses[serial * 997 % CAPACITY] = Listed.INVALID
            is_last = serial == DIFFERENCES
            token = sign_status_list(statuses, serial, at, signer) if is_last else b""
            row = (serial, at, KID, changes_between(before, statuses), sign_head(statuses, serial, at, signer))
            connection.execute(
                "INSERT INTO status_list (serial, made_at, kid, changes, head, token) VALUES (%s, %s, %s, %s, %s, %s)",
                [*row, token or None],
            )
            before = statuses.copy()
    return len(token)


def run(runs: int) -> list[str]:
    key = ec.generate_private_key(ec.SECP256R1())
    with own_server() as url:
        tokens = seed(url, key)
        list_bytes = publish_lists(url, key)
        with running_gateway(url, 1) as processes:
            fresh = peak_mib(processes)
            send_on_time(PORT, tokens, [Stretch(200, 2)])
            steady = [send_on_time(PORT, tokens, STEADY) for _ in range(runs)]
            steps = [send_on_time(PORT, tokens, STEP) for _ in range(runs)]
            used = peak_mib(processes)
        reloads = asyncio.run(reload_seconds(url))
    return [
        late("650 scans a second", 50, steady, 0, 8).text(),
        late("40 a second, before the step", 50, steps, 0, STEP_AT).text(),
        late("step to 400 a second: its first second", 250, steps, STEP_AT, STEP_AT + 1).text(),
        late("step to 400 a second: six seconds", 250, steps, STEP_AT, STEP_AT + 6).text(),
        (
            f"memory at its peak, with {CARDS:,} cards and a status list of {list_bytes:,} bytes: {fresh:.0f} MiB "
            f"when it served, {used:.0f} MiB after the load; limit "
            f"{LIMIT_MIB} {'met' if used <= LIMIT_MIB else 'MISSED'}"
        ),
        f"all {CARDS:,} cards loaded anew: {statistics.median(reloads):.2f} s, worst {max(reloads):.2f}; limit 2 s",
    ]


if __name__ == "__main__":
    print("\n".join(run(int(sys.argv[1]) if len(sys.argv) > 1 else 3)))
