"""`POST /v1/scans`: plain ASGI, and, for the few scans of somebody at a door, without even that."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from ksdb.core.clock import now_ms
from ksdb.core.errors import KsdbError
from ksdb.gateway.answers import RAW_HEADERS, in_bytes, receipt_in_bytes, refusal
from ksdb.gateway.body import whole_body
from ksdb.gateway.errors import GatewayError
from ksdb.gateway.gate import DOOR_BYTES
from ksdb.gateway.intake import Arrival, DecidedScan, Upload, authenticated, decided, decoded, receipt, typed_numbers
from ksdb.gateway.known import Device

if TYPE_CHECKING:
    from ksdb.gateway.app import Gateway

_log = logging.getLogger(__name__)

SLICE = 20
"""Scans decided in one go: with fresh signatures two milliseconds, in which nobody else is served."""

Answered = Callable[[bytes], None]
"""Takes the whole answer as it goes over the line."""


class ScanDoor:
    """Takes uploads. Both ways in do the same; at thousands of requests a second the request object is felt."""

    def __init__(self, gateway: "Gateway") -> None:
        self.gateway = gateway

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        since = time.perf_counter()
        try:
            answer = await self._taken(scope, receive)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, the device is answered and keeps its scans
            await refusal(self.told(error))(scope, receive, send)
            return
        length = (b"content-length", str(len(answer)).encode())
        headers = [(b"content-type", b"application/json"), length, *RAW_HEADERS]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})
        self.gateway.metrics.observe_upload(time.perf_counter() - since)

    def told(self, error: Exception) -> KsdbError:
        """What the device hears of it, counted."""
        if isinstance(error, GatewayError):
            self.gateway.metrics.refused[error.code] += 1
            return error
        # The words of an error may quote what was sent: only its kind is written down.
        _log.error("an upload failed: %s", type(error).__name__)
        self.gateway.metrics.refused["fault"] += 1
        return KsdbError()

    async def _taken(self, scope: Scope, receive: Receive) -> bytes:
        """The receipt of an upload, once it is stored."""
        gateway = self.gateway
        headers = dict(scope["headers"])
        device = await gateway.device_of(headers)
        size = gateway.gate.enter(device.id, headers)
        try:
            return await self._stored(device, await whole_body(headers, receive, gateway.request_seconds))
        finally:
            gateway.gate.leave(device.id, size)

    async def _stored(self, device: Device, body: bytes) -> bytes:
        gateway = self.gateway
        upload = decoded(body)
        arrival = self._arrival(device, upload, await self._typed(upload))
        rows: list[DecidedScan] = []
        for row in decided(upload, arrival, gateway.known, gateway.rules):
            rows.append(row)
            if len(rows) % SLICE == 0:
                await asyncio.sleep(0)
        return self.receipt_of(rows, await gateway.writer.store(rows))

    def _arrival(self, device: Device, upload: Upload, typed: Mapping[str, int]) -> Arrival:
        received_ms = now_ms()
        arrival = Arrival(device, received_ms, upload.sent_at - received_ms, typed)
        self.gateway.states.note(arrival, upload.state)
        return arrival

    async def _typed(self, upload: Upload) -> dict[str, int]:
        numbers = typed_numbers(upload)
        return await self.gateway.cards_numbered(numbers) if numbers else {}

    def receipt_of(self, rows: Sequence[DecidedScan], is_new: Sequence[bool]) -> bytes:
        metrics = self.gateway.metrics
        for row, new in zip(rows, is_new, strict=True):
            if new:
                metrics.results[row.result] += 1
            else:
                metrics.before_count += 1
        return msgspec.json.encode(receipt(rows, is_new))

    def take_at_once(self, headers: Mapping[bytes, bytes], body: bytes, answered: Answered) -> bool:
        """Takes a few scans that came whole, and calls back with the answer; False for what has to wait for something.

        No task, no future and no request object: that is half of what a scan costs. False has done nothing but count a
        request of the device.
        """
        gateway, reply = self.gateway, _Reply(self, answered)
        try:
            if len(body) > DOOR_BYTES:
                return False
            device = authenticated(headers.get(b"authorization", b""), gateway.known)
            if device.offered_sha256 is not None:
                return False
            gateway.limit.spend(device.id)
            upload = decoded(body)
            if typed_numbers(upload):
                return False
            reply.enter(device, headers)
            rows = list(decided(upload, self._arrival(device, upload, {}), gateway.known, gateway.rules))
            reply.rows = rows
            gateway.writer.put(rows, reply)
        except Exception as error:  # noqa: BLE001 - as above
            reply.set_exception(error)
        return True


class _Reply:
    """What the writer tells of these scans, and what is told to their device."""

    __slots__ = ("_answered", "_device_id", "_door", "_is_done", "_since", "_size", "rows")

    def __init__(self, door: ScanDoor, answered: Answered) -> None:
        self._door, self._answered = door, answered
        self._since = time.perf_counter()
        self._is_done = False
        self._device_id, self._size = 0, -1
        self.rows: Sequence[DecidedScan] = ()

    def enter(self, device: Device, headers: Mapping[bytes, bytes]) -> None:
        self._size = self._door.gateway.gate.enter(device.id, headers)
        self._device_id = device.id

    def done(self) -> bool:
        return self._is_done

    def set_result(self, is_new: list[bool]) -> None:
        self._end(receipt_in_bytes(self._door.receipt_of(self.rows, is_new)))
        self._door.gateway.metrics.observe_upload(time.perf_counter() - self._since)

    def set_exception(self, error: Exception) -> None:
        self._end(in_bytes(refusal(self._door.told(error))))

    def _end(self, answer: bytes) -> None:
        self._is_done = True
        if self._size >= 0:
            self._door.gateway.gate.leave(self._device_id, self._size)
        self._answered(answer)
