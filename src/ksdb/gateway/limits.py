"""How much one device may ask of the gateway: a bucket of requests for each, refilled as time passes."""

import time
from dataclasses import dataclass, field

from ksdb.gateway.errors import TooOften


@dataclass(slots=True)
class _Bucket:
    left: float
    since: float


@dataclass
class RequestLimit:
    """So many requests a second on average, and `burst` at once. Per process: two gateways give a device twice as much.

    A scanner with two lanes sends two or three a second; one that was offline for a day sends its queue in fifty.
    """

    per_second: float
    burst: float
    _buckets: dict[int, _Bucket] = field(default_factory=dict)

    def spend(self, device_id: int) -> None:
        """Raises TooOften when the device has nothing left."""
        at = time.monotonic()
        bucket = self._buckets.get(device_id)
        if bucket is None:
            self._buckets[device_id] = _Bucket(self.burst - 1, at)
            return
        bucket.left = min(self.burst, bucket.left + (at - bucket.since) * self.per_second)
        bucket.since = at
        if bucket.left < 1:
            raise TooOften
        bucket.left -= 1
