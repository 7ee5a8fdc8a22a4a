"""HTTP as the gateway takes it: uvicorn's parser, and an end to headings that have none."""

import asyncio
import resource
from functools import cache
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ksdb.config import settings

MOST_HEADING_BYTES: Final = 16 * 1024
MOST_HEADERS: Final = 64


_FULL: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\ncontent-type: application/json\r\nconnection: close\r\n"
    b'content-length: 68\r\n\r\n{"error":"busy","message":"Too many are connected. Try again soon."}'
)
_SPARE_FILES: Final = 64


@cache
def most_connections() -> int:
    """As many as are set, or as the system lets this process have."""
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    ours = settings().gateway_connections
    return ours if allowed == resource.RLIM_INFINITY else min(ours, allowed - _SPARE_FILES)


class BoundedProtocol(HttpToolsProtocol):
    """A connection whose every heading must come whole within ten seconds (a setting) and 16 KiB, or it ends.

    uvicorn sets no such bound with httptools. One timer a connection, not a request: at thousands of requests a second
    timers are felt, and nobody minds whether it is ten seconds or nineteen.
    """

    _is_in_heading = True
    _heading_bytes = 0
    _heading_since = 0.0
    _seconds = 0.0
    _watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > most_connections():
            transport.write(_FULL)
            transport.close()
            return
        self._seconds = settings().request_seconds
        self._heading_since = self.loop.time()
        self._watch = self.loop.call_later(self._seconds, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        self._is_in_heading = True
        self._heading_bytes = 0
        self._heading_since = self.loop.time()
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(self.headers) >= MOST_HEADERS:
            raise ValueError("too many headers")  # the parser stops, and 400 is answered
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._is_in_heading = False
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._is_in_heading and not self.transport.is_closing():
            self._heading_bytes += len(data)
            if self._heading_bytes > MOST_HEADING_BYTES:
                self.send_400_response("The heading is too large.")

    def _look(self) -> None:
        is_late = self.loop.time() - self._heading_since >= self._seconds
        if self._is_in_heading and is_late:
            self.transport.close()
        else:
            self._watch = self.loop.call_later(self._seconds, self._look)
