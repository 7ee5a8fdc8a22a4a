"""How much one device may ask of the gateway: a bucket of requests for each, refilled as time passes."""

import mmap
import struct
import time
from pathlib import Path
from typing import Final, Protocol

from ksdb.gateway.errors import TooOften

SLOTS: Final = 2**16
"""Devices whose numbers differ by this share a bucket in the file."""

_SLOT: Final = struct.Struct("dd")


class Buckets(Protocol):
    """Where what is left for each device is kept, and since when."""

    def get(self, device_id: int) -> tuple[float, float]: ...

    def put(self, device_id: int, left: float, since: float) -> None: ...


class OwnBuckets:
    """Of one process."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[float, float]] = {}

    def get(self, device_id: int) -> tuple[float, float]:
        return self._kept.get(device_id, (0.0, 0.0))

    def put(self, device_id: int, left: float, since: float) -> None:
        self._kept[device_id] = (left, since)


class SharedBuckets:
    """Of all processes of a gateway: a megabyte they share. Without locks: two that write at once cost a request."""

    def __init__(self, path: Path) -> None:
        with path.open("a+b") as file:
            file.truncate(SLOTS * _SLOT.size)
            self._kept = mmap.mmap(file.fileno(), SLOTS * _SLOT.size)

    def get(self, device_id: int) -> tuple[float, float]:
        left, since = _SLOT.unpack_from(self._kept, device_id % SLOTS * _SLOT.size)
        return left, since

    def put(self, device_id: int, left: float, since: float) -> None:
        _SLOT.pack_into(self._kept, device_id % SLOTS * _SLOT.size, left, since)


class RequestLimit:
    """So many requests a second on average, and `burst` at once. Two machines give a device twice as much.

    A scanner with two lanes sends two or three a second; one that was offline for a day sends its queue in fifty.
    """

    def __init__(self, per_second: float, burst: float, buckets: Buckets | None = None) -> None:
        self._per_second = per_second
        self._burst = burst
        self._buckets = buckets or OwnBuckets()

    def spend(self, device_id: int) -> None:
        """Raises TooOften when the device has nothing left."""
        at = time.monotonic()  # of the machine, so that all its processes have the same
        left, since = self._buckets.get(device_id)
        left = min(self._burst, left + (at - since) * self._per_second) if since else self._burst
        self._buckets.put(device_id, left - (left >= 1), at)
        if left < 1:
            raise TooOften
