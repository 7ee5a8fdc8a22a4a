"""How far the gateway is from its limits: its parts alone, with the same client, one scan a request, one process each.

`python -m bench.bare [seconds]`. pretix's rate is a constant from the project's plan, not measured in this run.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import psycopg
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from bench.scan_client import Load, send_load
from bench.scans import Measured, own_server, pgbench, seed, through_the_door, timed
from ksdb.core.token import SignedToken, is_signed_by, read_token

PORT = 8951
PRETIX = (13, 42)
"""Check-ins a second on a machine of this kind (two cores), as the plan of this system has it."""

ANSWER = b'{"received_at":1763945465000,"results":[{"sequence":1,"result":"accepted","stored":"new"}]}'
SERVED = """
import uvicorn
from ksdb.gateway.protocol import BoundedProtocol
from bench import bare
uvicorn.run(bare.{name}, port={port}, loop="uvloop", http=BoundedProtocol, log_level="warning", access_log=False,
            server_header=False, date_header=False)
"""


async def raw(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads the body and answers a receipt: what any application under this server costs at least."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(ANSWER)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": ANSWER})


def starlette() -> Starlette:
    """The same as a route of Starlette, middleware and all."""

    async def answer(request: Request) -> Response:
        await request.body()
        return Response(ANSWER, media_type="application/json")

    return Starlette(routes=[Route("/v1/scans", answer, methods=["POST"])])


with_starlette = starlette()


@contextmanager
def served(name: str) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-c", SERVED.format(name=name, port=PORT)])
    time.sleep(2)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def alone(name: str, title: str, load: Load) -> Measured:
    with served(name):
        send_load(PORT, replace(load, seconds=1))
        done = send_load(PORT, load)
    p50, p99 = np.percentile(done.latencies_ms, [50, 99])
    return Measured(title, done.scan_count / done.seconds, float(p50), float(p99))


def signatures_per_second(tokens: list[str], key: ec.EllipticCurvePrivateKey) -> tuple[float, float]:
    """Proved signatures, and tokens read with all care, each alone on one core."""
    read = [token for token in map(read_token, tokens) if isinstance(token, SignedToken)]
    assert len(read) == len(tokens)
    public = key.public_key()
    proving = timed(lambda: [is_signed_by(token, public) for token in read])
    reading = timed(lambda: [read_token(token) for token in tokens])
    return len(tokens) / proving, len(tokens) / reading


def copied_per_second(url: str, count: int = 500_000) -> float:
    """The same rows by one COPY into today's partition, with its indexes."""
    with psycopg.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT floor(extract(epoch FROM now()) * 1000000)::bigint")
        row = cursor.fetchone()
        assert row
        first = int(row[0])
        cursor.execute("SELECT to_char(now(), 'YYYY-MM-DD HH24:MI:SSOF')")
        (at,) = cursor.fetchone() or ("",)
        lines = "".join(
            f"{n % 64}\t{at}\t{n % 64}\t{first + n}\t{n % 900000}\t{n % 900000}\t1\tf\n" for n in range(count)
        )
        columns = "point_id, scanned_at, device_id, sequence, card_index, resident_id, result, is_exit"

        def copy() -> None:
            with cursor.copy(f"COPY visit ({columns}) FROM STDIN") as pipe:
                pipe.write(lines)

        return count / timed(copy)


def run(seconds: int) -> list[str]:
    key = ec.generate_private_key(ec.SECP256R1())
    with own_server() as url:
        tokens = seed(url, key)
        load = Load(tokens, 1, seconds)
        singles = pgbench(url, seconds)
        gateway = through_the_door(url, "gateway", 1, load)
        new = through_the_door(url, "gateway, each card new", 1, load, proves=True)
        fifty = through_the_door(url, "gateway, 50 a request", 1, Load(tokens, 50, seconds))
        parts = [
            (alone("raw", "uvicorn alone: reads the body, answers", load).scans_per_second),
            (alone("with_starlette", "Starlette alone", load).scans_per_second),
        ]
        proved, read = signatures_per_second(tokens[:10_000], key)
        copied = copied_per_second(url)
    base = gateway.scans_per_second
    lines = [
        ("gateway, one scan a request, signature remembered", base),
        ("gateway, one scan a request, signature new", new.scans_per_second),
        ("gateway, 50 scans a request, remembered", fifty.scans_per_second),
        ("uvicorn alone: reads the body, answers", parts[0]),
        ("Starlette alone: one route, reads the body, answers", parts[1]),
        ("the signature alone, one core", proved),
        ("the careful reading of a token alone, one core", read),
        ("COPY alone into the indexed log", copied),
        ("pgbench, the same row singly, no HTTP, no signature", singles.scans_per_second),
        (f"pretix, {PRETIX[0]} to {PRETIX[1]} check-ins a second (not measured here)", float(PRETIX[1])),
    ]
    return [f"{name:60} {rate:10,.0f} /s   gateway is {base / rate:6.2f} of it" for name, rate in lines]


if __name__ == "__main__":
    print("\n".join(run(int(sys.argv[1]) if len(sys.argv) > 1 else 6)))
