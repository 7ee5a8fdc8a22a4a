"""Who is let in when there is more than can be done, told by a request's heading before any of its body is read."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from typing import Final

from ksdb.gateway.body import MOST_BYTES
from ksdb.gateway.errors import Busy, TooOften
from ksdb.gateway.writer import Writer

DOOR_BYTES: Final = 4 * 1024
"""An upload of up to five scans, as from a queue of people; a longer one is what a device kept while it was offline."""

MOST_KEPT_BYTES: Final = 4 * 1024 * 1024
"""Of long uploads that are read, decided or waiting at once: about as many scans as fill half of the writer's queue."""

MOST_DOOR_BYTES: Final = 4 * 1024 * 1024
MOST_OF_ONE: Final = 4
"""Long uploads of one device at once: a queue is sent in one after another, a copy of the device has its own."""

LOOK_SECONDS: Final = 0.1
CALM_SECONDS: Final = 0.5
"""By so much the event loop may be late; beyond it nothing is taken but scans at a door."""

LATEST_SECONDS: Final = 3.0
"""And beyond this not even those: a device that hears 503 shows its own green at once, one that waits shows nothing."""


class Gate:
    """Three classes: scans at a door go first, then what devices kept, then lists and settings."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._bytes = {True: 0, False: 0}
        self._of_one: Counter[int] = Counter()
        self.lag_seconds = 0.0

    async def run(self) -> None:
        """Goes on until it is cancelled: how late the event loop is, which is what all its work together comes to."""
        while True:
            due = time.monotonic() + LOOK_SECONDS
            await asyncio.sleep(LOOK_SECONDS)
            self.lag_seconds = max(time.monotonic() - due, self.lag_seconds / 2)

    @property
    def is_calm(self) -> bool:
        """Whether there is time for what is not a scan."""
        return self.lag_seconds < CALM_SECONDS and not self._writer.is_half_full

    def require_calm(self) -> None:
        """Raises Busy."""
        if not self.is_calm:
            raise Busy

    def enter(self, device_id: int, headers: Mapping[bytes, bytes]) -> int:
        """What the upload counts for, to be given back to `leave`. Raises Busy, TooOften."""
        size = _announced(headers)
        is_kept = size > DOOR_BYTES
        most = MOST_KEPT_BYTES if is_kept else MOST_DOOR_BYTES
        if self._bytes[is_kept] + size > most or self._is_overrun(is_kept=is_kept):
            raise Busy
        if is_kept:
            self._count_long(device_id)
        self._bytes[is_kept] += size
        return size

    def _count_long(self, device_id: int) -> None:
        if self._of_one[device_id] >= MOST_OF_ONE:
            raise TooOften
        self._of_one[device_id] += 1

    def leave(self, device_id: int, size: int) -> None:
        is_kept = size > DOOR_BYTES
        self._bytes[is_kept] -= size
        self._of_one[device_id] -= is_kept
        if not self._of_one[device_id]:
            del self._of_one[device_id]

    def _is_overrun(self, *, is_kept: bool) -> bool:
        if is_kept:
            return not self.is_calm
        return self.lag_seconds > LATEST_SECONDS or self._writer.is_full


def _announced(headers: Mapping[bytes, bytes]) -> int:
    """The bytes to come, of which no more than the limit are kept; where nothing is announced, all that is allowed."""
    announced = headers.get(b"content-length", b"")
    return min(int(announced), MOST_BYTES) if announced.isdigit() else MOST_BYTES
