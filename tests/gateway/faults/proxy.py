"""A line that can be bad: a TCP proxy that delays, cuts, or loses an answer on its way back."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class _Line(asyncio.StreamReaderProtocol):
    """Notes the line that was opened, until it is closed."""

    def __init__(self, joined: Callable[..., Awaitable[None]], open_lines: set[asyncio.BaseTransport]) -> None:
        super().__init__(asyncio.StreamReader(), joined)
        self._open_lines = open_lines

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._open_lines.add(transport)
        self._line = transport
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._open_lines.discard(self._line)
        super().connection_lost(exc)


class BadLine:
    """Forwards to a port or a socket file. Bytes in a message choose whose answer is lost."""

    def __init__(self, target: int | Path) -> None:
        self._target = target
        self.port = 0
        self.answer_delay_seconds = 0.0
        self.is_frozen = asyncio.Event()
        """Of the lines that are open now: `freeze` leaves them up, and no answer comes through them any more."""
        self.loses_answer_to: bytes | None = None
        """The answer to the first message with these bytes in it is dropped, and both ends are hung up."""
        self.lost_count = 0

    def freeze(self) -> None:
        """Lines that are made afterwards are good."""
        self.is_frozen.set()
        self.is_frozen = asyncio.Event()

    async def serve(self, ready: threading.Event, over: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        open_lines: set[asyncio.BaseTransport] = set()
        server = await loop.create_server(lambda: _Line(self._joined, open_lines), "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await over.wait()
        server.close()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        for line in list(open_lines):  # also of whoever joined too late to be served
            line.abort()  # type: ignore[attr-defined]
        await asyncio.sleep(0.01)

    async def _joined(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        writers = [to_client]
        try:
            if isinstance(self._target, Path):
                upstream, to_upstream = await asyncio.open_unix_connection(str(self._target))
            else:
                upstream, to_upstream = await asyncio.open_connection("127.0.0.1", self._target)
            writers.append(to_upstream)
            is_marked = asyncio.Event()
            asks = asyncio.create_task(self._asks(client, to_upstream, is_marked))
            answers = asyncio.create_task(self._answers(upstream, to_client, is_marked))
            _, rest = await asyncio.wait([asks, answers], return_when=asyncio.FIRST_COMPLETED)
            for task in rest:
                task.cancel()
            await asyncio.gather(asks, answers, return_exceptions=True)
        except OSError:
            pass
        finally:
            for writer in writers:
                with suppress(OSError):
                    writer.transport.abort()

    async def _asks(
        self, client: asyncio.StreamReader, upstream: asyncio.StreamWriter, is_marked: asyncio.Event
    ) -> None:
        while data := await client.read(65_536):
            if self.loses_answer_to is not None and self.loses_answer_to in data:
                self.loses_answer_to = None
                is_marked.set()
            upstream.write(data)
            await upstream.drain()

    async def _answers(
        self, upstream: asyncio.StreamReader, client: asyncio.StreamWriter, is_marked: asyncio.Event
    ) -> None:
        is_frozen = self.is_frozen
        while data := await upstream.read(65_536):
            if is_marked.is_set():
                self.lost_count += 1
                return
            await asyncio.sleep(self.answer_delay_seconds)
            if is_frozen.is_set():
                await asyncio.Event().wait()
            client.write(data)
            await client.drain()


@contextmanager
def bad_line(target: int | Path) -> Iterator[BadLine]:
    """The proxy, in a thread with a loop of its own."""
    line, ready, loop, over = BadLine(target), threading.Event(), asyncio.new_event_loop(), asyncio.Event()

    def run() -> None:
        loop.run_until_complete(line.serve(ready, over))
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(5)
    try:
        yield line
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)
