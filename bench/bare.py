"""What a scan costs in processor time, step by step, beside bare parts: the server, Starlette, the signature, COPY.

`python -m bench.bare [seconds]`, two minutes at the default. One scan a request, 64 connections, one process of the
gateway. Microseconds are of processor time: other work on the machine blurs them less than rates. pretix's rate is a
constant from the project's plan, not measured in this run.
"""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

import psutil
import psycopg
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from bench.scan_client import Load, send_load
from bench.scans import (
    PRETIX,
    TOKENS,
    Measured,
    each_step,
    own_server,
    pgbench,
    postgres_seconds,
    seed,
    spent_on,
    through_the_door,
    timed,
    used,
)
from ksdb.core.token import SignedToken, is_signed_by, read_token
from ksdb.gateway.answers import receipt_in_bytes
from ksdb.gateway.scan_door import Answered

PORT = 8951
QUICK = "HTTP: our connection alone"
ANSWER = b'{"received_at":1763945465000,"results":[{"sequence":1,"result":"accepted","stored":"new"}]}'
SERVED = """
import uvicorn
from ksdb.gateway.quick import QuickProtocol
from bench import bare
uvicorn.run(bare.{name}, port={port}, loop="uvloop", http=QuickProtocol, log_level="warning", access_log=False,
            server_header=False, date_header=False, proxy_headers=False)
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


class _Quick:
    """As the gateway's connections answer scans at a door: without ASGI."""

    def __init__(self) -> None:
        self.scan_door = self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Only the application's life comes this way, and uvicorn does without it."""
        raise NotImplementedError

    def take_at_once(self, _headers: Mapping[bytes, bytes], _body: bytes, answered: Answered) -> bool:
        answered(receipt_in_bytes(ANSWER))
        return True


quick = _Quick()


def starlette() -> Starlette:
    """The same as a route of Starlette, middleware and all."""

    async def answer(request: Request) -> Response:
        await request.body()
        return Response(ANSWER, media_type="application/json")

    return Starlette(routes=[Route("/v1/scans", answer, methods=["POST"])])


with_starlette = starlette()


@dataclass(frozen=True)
class Part:
    """Something alone: microseconds of processor time for one, and how many a second."""

    microseconds: float
    a_second: float

    @classmethod
    def of(cls, seconds: float, count: int) -> "Part":
        return cls(seconds / count * 1e6, count / seconds)


@dataclass(frozen=True)
class Found:
    """One run: the gateway with tokens remembered, new, and 50 a request; its steps; bare parts; pgbench's rate."""

    remembered: Measured
    new: Measured
    fifty: Measured
    steps: dict[str, float]
    bare: dict[str, Part]
    singles: float


@contextmanager
def served(name: str) -> Iterator[psutil.Process]:
    process = subprocess.Popen([sys.executable, "-c", SERVED.format(name=name, port=PORT)])
    try:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", PORT), 1):
                break
            time.sleep(0.05)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(20)


def alone(name: str, load: Load) -> Part:
    """What a request costs this application, with the same client."""
    with served(name) as process:
        send_load(PORT, replace(load, seconds=1))
        before = used(process)
        done = send_load(PORT, load)
        spent = used(process) - before
    return Part(spent / done.scan_count * 1e6, done.scan_count / done.seconds)


def signatures(tokens: list[str], key: ec.EllipticCurvePrivateKey) -> tuple[Part, Part]:
    """Proving a signature, and reading a token with all care, each alone on one core."""
    read = [token for token in map(read_token, tokens) if isinstance(token, SignedToken)]
    assert len(read) == len(tokens)
    public = key.public_key()
    proving = spent_on(lambda: [is_signed_by(token, public) for token in read])
    reading = spent_on(lambda: [read_token(token) for token in tokens])
    return Part.of(proving, len(tokens)), Part.of(reading, len(tokens))


def copied(url: str, count: int = 300_000) -> Part:
    """The same rows by one COPY into today's partition, with its indexes: what storing costs at least."""
    with psycopg.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT floor(extract(epoch FROM now()) * 1000000)::bigint, to_char(now(), 'YYYY-MM-DD HH24:MI:SSOF')"
        )
        first, at = cursor.fetchone() or (0, "")
        lines = "".join(
            f"{n % 64}\t{at}\t{n % 64}\t{first + n}\t{n % 900000}\t{n % 900000}\t1\tf\n" for n in range(count)
        )
        columns = "point_id, scanned_at, device_id, sequence, card_index, resident_id, result, is_exit"

        def copy() -> None:
            with cursor.copy(f"COPY visit ({columns}) FROM STDIN") as pipe:
                pipe.write(lines)

        before = postgres_seconds(url)
        taken = timed(copy)
        return Part((postgres_seconds(url) - before) / count * 1e6, count / taken)


def measured(seconds: int) -> Found:
    """Everything, in one run on one server."""
    key = ec.generate_private_key(ec.SECP256R1())
    with own_server() as url:
        tokens = seed(url, key, TOKENS)
        load = Load(tokens, 1, seconds)
        proved, read = signatures(tokens[:5_000], key)
        return Found(
            through_the_door(url, "", 1, load),
            through_the_door(url, "", 1, load, proves=True),
            through_the_door(url, "", 1, replace(load, together=50)),
            each_step(tokens[:5_000], key),
            {
                QUICK: alone("quick", load),
                "uvicorn alone: reads the body, answers": alone("raw", load),
                "Starlette alone: one route, reads the body, answers": alone("with_starlette", load),
                "the signature alone": proved,
                "the careful reading of a token alone": read,
                "COPY alone into the indexed log (PostgreSQL)": copied(url),
            },
            pgbench(url, seconds).scans_per_second,
        )


def lines_of(found: Found) -> Iterator[str]:
    """Three tables: ours beside bare parts, ours step by step, and rates."""
    ours = found.remembered.gateway_us + found.remembered.postgres_us
    yield f"Processor time of a scan, one a request; 100 % is ours with the token remembered: {ours:.0f} µs"
    both = (("ours, accepted tokens remembered", found.remembered), ("ours, each signature proved", found.new))
    for name, line in both:
        spent = line.gateway_us + line.postgres_us
        parts = f"gateway {line.gateway_us:.0f}, PostgreSQL {line.postgres_us:.0f}"
        yield f"  {name:56} {spent:7.1f} µs  {spent / ours:5.0%}   {parts}"
    for name, part in found.bare.items():
        yield f"  {name:56} {part.microseconds:7.1f} µs  {part.microseconds / ours:5.0%}"
    yield "The same, step by step"
    server = found.bare[QUICK].microseconds
    kept = {name: spent for name, spent in found.steps.items() if "never seen" not in name}
    driver = found.remembered.gateway_us - server - sum(kept.values())
    rows = {QUICK: server, **kept, "grouping, driver, statement (what is left of the gateway's)": driver}
    rows["PostgreSQL"] = found.remembered.postgres_us
    for name, spent in {**rows, "all together": sum(rows.values())}.items():
        yield f"  {name:56} {spent:7.1f} µs  {spent / ours:5.0%}"
    saved = found.steps["decide, token never seen"] - found.steps["decide, token remembered"]
    yield f"  remembering an accepted token saves {saved:.0f} µs of the decision"
    yield "Scans a second"
    base = found.remembered.scans_per_second
    rates = {
        "ours, one scan a request": base,
        "ours, each signature proved": found.new.scans_per_second,
        "ours, 50 scans a request": found.fifty.scans_per_second,
        "pgbench, the same row singly, no HTTP, no signature": found.singles,
        **{name: part.a_second for name, part in found.bare.items()},
        f"pretix, {PRETIX[0]} to {PRETIX[1]} check-ins (not measured here)": float(PRETIX[1]),
    }
    for name, rate in rates.items():
        yield f"  {name:56} {rate:10,.0f} /s   ours is {base / rate:7.2f} of it"


if __name__ == "__main__":
    print("\n".join(lines_of(measured(int(sys.argv[1]) if len(sys.argv) > 1 else 4))))
