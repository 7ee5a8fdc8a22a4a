"""A lean load client for the gateway: keep-alive connections, each sending its next upload when one is answered."""

import asyncio
import multiprocessing
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import cast

import uvloop

CONNECTIONS = 64


def device_token(number: int) -> str:
    return f"bench-device-{number:06d}"


@dataclass(frozen=True)
class Load:
    """What to send: scans of these tokens, so many a request, for so long."""

    tokens: list[str]
    together: int
    seconds: int


@dataclass(frozen=True)
class Done:
    """What came of it. Only answers of status 200 count; any other ends the run."""

    scan_count: int
    seconds: float
    client_seconds: float
    latencies_ms: list[float]


class _Caller(asyncio.Protocol):
    """One connection of one device. Answers are told apart by their last two bytes, which is all this client needs."""

    def __init__(self, number: int, load: Load, until: float) -> None:
        self._load = load
        self._until = until
        self._sequence = time.time_ns() // 1000
        self._next_token = number * 311
        self._head = (
            f"POST /v1/scans HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {device_token(number)}\r\ncontent-length: "
        )
        self._received = b""
        self.latencies_ms: list[float] = []
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own is no subclass of it
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._received.endswith(b"}"):
            return
        self.latencies_ms.append((time.perf_counter() - self._sent_at) * 1000)
        if not self._received.startswith(b"HTTP/1.1 200") or b'"new"' not in self._received:
            self.over.set_exception(RuntimeError(self._received[:400]))
            self._transport.close()
        elif self._sent_at < self._until:
            self._received = b""
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, _error: Exception | None) -> None:
        if not self.over.done():
            self.over.set_result(None)

    def _send(self) -> None:
        at = time.time_ns() // 1_000_000
        scans = ",".join(self._scan(at) for _ in range(self._load.together))
        body = f'{{"sent_at":{at},"scans":[{scans}]}}'
        self._sent_at = time.perf_counter()
        self._transport.write(f"{self._head}{len(body)}\r\n\r\n{body}".encode())

    def _scan(self, at: int) -> str:
        self._sequence += 1
        self._next_token = (self._next_token + 1) % len(self._load.tokens)
        return f'{{"sequence":{self._sequence},"token":"{self._load.tokens[self._next_token]}","scanned_at":{at}}}'


async def _sent(port: int, load: Load) -> Done:
    loop, start = asyncio.get_running_loop(), time.perf_counter()
    callers = [_Caller(number, load, start + load.seconds) for number in range(1, CONNECTIONS + 1)]
    for caller in callers:
        await loop.create_connection(lambda each=caller: each, "127.0.0.1", port)
    async with asyncio.timeout(load.seconds + 30):
        await asyncio.gather(*(caller.over for caller in callers))
    latencies = [latency for caller in callers for latency in caller.latencies_ms]
    seconds = time.perf_counter() - start
    return Done(len(latencies) * load.together, seconds, time.process_time(), latencies)


def _work(port: int, load: Load, answer: Connection) -> None:
    answer.send(uvloop.run(_sent(port, load)))


def send_load(port: int, load: Load) -> Done:
    """Runs the client in a process of its own, so that its time is told apart from the caller's."""
    here, there = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_work, args=(port, load, there))
    process.start()
    there.close()
    done = here.recv()
    process.join()
    assert isinstance(done, Done)
    return done
