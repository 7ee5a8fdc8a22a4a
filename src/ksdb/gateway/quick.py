"""HTTP for scans at a door: an upload that came whole is answered by the connection itself, without ASGI between.

Everything else (other addresses, long uploads, bodies in parts, pipelines) goes uvicorn's way as before; so does what
the parser refuses. Measured at half of what a request costs through a cycle, a task and two sends.
"""

from typing import Final

from ksdb.gateway.gate import DOOR_BYTES
from ksdb.gateway.protocol import BoundedProtocol
from ksdb.gateway.scan_door import ScanDoor

SCANS: Final = b"/v1/scans"


class QuickProtocol(BoundedProtocol):
    """One upload at a time. Whoever sends the next before the answer is hung up on after it, and sends that again."""

    _is_gathering = False
    _is_waiting = False
    _is_crowded = False
    _is_ending = False
    _gathered = b""

    def on_headers_complete(self) -> None:
        if self._is_waiting:
            self._is_in_heading = False
            self._is_crowded = True
        elif self._may_be_quick():
            self._is_in_heading = False
            self._is_gathering, self._gathered = True, b""
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if self._is_gathering:
            self._gathered += body
        elif not self._is_crowded:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if self._is_gathering:
            self._is_gathering = False
            self._take()
        elif not self._is_crowded:
            super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._is_gathering and not self.transport.is_closing():
            self._is_gathering = False
            self._go_on_as_usual()

    def shutdown(self) -> None:
        """Whoever waits for an answer gets it first."""
        if self._is_waiting:
            self._is_ending = True
        else:
            super().shutdown()

    def _may_be_quick(self) -> bool:
        is_free = self.cycle is None or self.cycle.response_complete
        if not (is_free and self.url == SCANS and self.parser.get_method() == b"POST" and not self.pipeline):
            return False
        is_plain = self.parser.should_keep_alive() and not (self.expect_100_continue or self.parser.should_upgrade())
        announced = dict(self.headers).get(b"content-length", b"")
        return is_plain and announced.isdigit() and int(announced) <= DOOR_BYTES and self.limit_concurrency is None

    def _take(self) -> None:
        door: ScanDoor | None = getattr(self.app, "scan_door", None)
        self._is_waiting = True
        if door is None or not door.take_at_once(dict(self.headers), self._gathered, self._answered):
            self._is_waiting = False
            self._go_on_as_usual()
            super().on_message_complete()

    def _go_on_as_usual(self) -> None:
        super().on_headers_complete()
        if self._gathered:
            super().on_body(self._gathered)

    def _answered(self, answer: bytes) -> None:
        self._is_waiting = False
        if self.transport.is_closing():
            return
        self.transport.write(answer)
        self.server_state.total_requests += 1
        if self._is_crowded or self._is_ending:
            self.transport.close()
            return
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)
