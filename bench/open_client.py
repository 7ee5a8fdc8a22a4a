"""An open load client: scans are due at fixed instants, whatever the gateway does; late is measured from when due.

A client that waits for its answer before it sends the next scan hides every pause of the server; people do not.
"""

import asyncio
import multiprocessing
import time
from collections import deque
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import cast

import uvloop

from bench.scan_client import CONNECTIONS, device_token


@dataclass(frozen=True)
class Stretch:
    """So many scans a second for so long."""

    per_second: int
    seconds: float


@dataclass(frozen=True)
class Answered:
    """Of each scan in the order in which they were due: seconds since the start when it was due, and how late, in ms.

    `errors` are answers other than 200; their scans are counted there and nowhere else.
    """

    due: list[float]
    late_ms: list[float]
    errors: list[str]

    def between(self, start: float, end: float) -> list[float]:
        return [late for due, late in zip(self.due, self.late_ms, strict=True) if start <= due < end]


class _Line(asyncio.Protocol):
    """One device. What is due while it waits for an answer waits too, and grows late."""

    def __init__(self, number: int, tokens: list[str], answered: Answered, start: float) -> None:
        self._head = f"POST /v1/scans HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {device_token(number)}\r\n"
        self._tokens, self._next_token = tokens, number * 311
        self._answered, self._start = answered, start
        self._sequence = time.time_ns() // 1000
        self._due: deque[float] = deque()
        self._is_waiting = False
        self._received = b""
        self._idle = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    async def over(self) -> None:
        """Once all that was due here is answered."""
        while self._due:
            self._idle.clear()
            await self._idle.wait()

    def scan(self, due: float) -> None:
        self._due.append(due)
        if not self._is_waiting:
            self._send()

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._received.endswith(b"}"):
            return
        due = self._due.popleft()
        if self._received.startswith(b"HTTP/1.1 200") and b'"new"' in self._received:
            self._answered.due.append(due)
            self._answered.late_ms.append((time.perf_counter() - self._start - due) * 1000)
        else:
            self._answered.errors.append(self._received[:200].decode(errors="replace"))
        self._received, self._is_waiting = b"", False
        if self._due:
            self._send()
        else:
            self._idle.set()

    def _send(self) -> None:
        self._is_waiting = True
        at = time.time_ns() // 1_000_000
        self._sequence += 1
        self._next_token = (self._next_token + 1) % len(self._tokens)
        scan = f'{{"sequence":{self._sequence},"token":"{self._tokens[self._next_token]}","scanned_at":{at}}}'
        body = f'{{"sent_at":{at},"scans":[{scan}]}}'
        self._transport.write(f"{self._head}content-length: {len(body)}\r\n\r\n{body}".encode())


async def _run(port: int, tokens: list[str], stretches: list[Stretch]) -> Answered:
    loop, answered = asyncio.get_running_loop(), Answered([], [], [])
    start = time.perf_counter() + 0.5
    lines = [_Line(number, tokens, answered, start) for number in range(1, CONNECTIONS + 1)]
    for line in lines:
        await loop.create_connection(lambda each=line: each, "127.0.0.1", port)
    count, began = 0, 0.0
    for stretch in stretches:
        for place in range(int(stretch.per_second * stretch.seconds)):
            due = began + place / stretch.per_second
            wait = start + due - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            lines[count % CONNECTIONS].scan(due)
            count += 1
        began += stretch.seconds
    async with asyncio.timeout(60):
        for line in lines:
            await line.over()
    return answered


def _work(port: int, tokens: list[str], stretches: list[Stretch], answer: Connection) -> None:
    answer.send(uvloop.run(_run(port, tokens, stretches)))


def send_on_time(port: int, tokens: list[str], stretches: list[Stretch]) -> Answered:
    """Runs the client in a process of its own."""
    here, there = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_work, args=(port, tokens, stretches, there))
    process.start()
    there.close()
    answered = here.recv()
    process.join()
    assert isinstance(answered, Answered)
    return answered
