"""The devices of the demo town: they send their scans through the gateway's door, with the mishaps of real ones."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import httpx
import msgspec
import numpy as np
from cryptography.hazmat.primitives.asymmetric import ec
from numpy.typing import NDArray

from ksdb.core.clock import now
from ksdb.core.token import Claims, Form, sign_token

BATCH = 100
AT_ONCE = 6
LATE_DEVICES = 0.03
"""Share of devices that are without network on a given day and send it two days later."""
SENT_TWICE = 0.015
FORGED_PER_DAY = 25
FORMER_CODES = ("https://example.invalid/the", "0123456789", "Xin chào")
TRIES = 20


class Refused(Exception):
    """The gateway did not take an upload."""


class OutgoingScan(msgspec.Struct):
    """One scan as a device sends it."""

    sequence: int
    token: str
    scanned_at: int
    is_exit: bool = False


@dataclass
class Sent:
    """What was sent and what the gateway said."""

    scans: int = 0
    uploads: int = 0
    results: Counter[str] = field(default_factory=Counter)
    stored: Counter[str] = field(default_factory=Counter)


Upload = tuple[str, list[OutgoingScan]]
"""A device's token and the scans of one request."""


class Outbox:
    """Turns the days of the town into uploads: device by device in order, some late, some twice, some forged."""

    def __init__(self, devices: Sequence[Sequence[str]], tokens: Mapping[int, str], seed: int) -> None:
        """`devices`: the device tokens of each point; `tokens`: the card token of each person (a population row)."""
        self._devices = devices
        self._tokens = tokens
        self._rng = np.random.Generator(np.random.PCG64(seed))
        self._sequence: Counter[str] = Counter()
        self._late: dict[int, list[Upload]] = defaultdict(list)
        self._stranger = ec.generate_private_key(ec.SECP256R1())

    def day(self, number: int, visits: NDArray[np.void]) -> Iterator[Upload]:
        """The uploads made on day `number`, of its own scans and of those kept back two days before."""
        for device, scans in self._by_device(visits).items():
            uploads = [(device, scans[i : i + BATCH]) for i in range(0, len(scans), BATCH)]
            if self._rng.random() < LATE_DEVICES:
                self._late[number + 2] += uploads
            else:
                yield from self._doubled(uploads)
        yield from self._late.pop(number, [])

    def rest(self) -> Iterator[Upload]:
        """What is still kept back after the last day."""
        for number in sorted(self._late):
            yield from self._late.pop(number)

    def at_last(self, people: Sequence[int], at_ms: int) -> Iterator[Upload]:
        """These people's cards scanned once more, now: what a revoked card meets."""
        found: dict[str, list[OutgoingScan]] = defaultdict(list)
        for person in people:
            if token := self._tokens.get(person):
                self._append(found, self._device_of(person % len(self._devices), person), token, at_ms)
        yield from found.items()

    def _by_device(self, visits: NDArray[np.void]) -> dict[str, list[OutgoingScan]]:
        found: dict[str, list[OutgoingScan]] = defaultdict(list)
        forged_at = set(self._rng.integers(0, max(1, visits.size), FORGED_PER_DAY).tolist())
        for row, (person, point, at, is_exit) in enumerate(visits.tolist()):
            device = self._device_of(point, person)
            if token := self._tokens.get(person):
                self._append(found, device, token, at, is_exit=is_exit)
            if row in forged_at:
                self._append(found, device, self._forged(), at)
        return found

    def _append(
        self, found: dict[str, list[OutgoingScan]], device: str, token: str, at: int, *, is_exit: bool = False
    ) -> None:
        self._sequence[device] += 1
        found[device].append(OutgoingScan(self._sequence[device], token, at, is_exit))

    def _device_of(self, point: int, person: int) -> str:
        lanes = self._devices[point]
        return lanes[person % len(lanes)]

    def _forged(self) -> str:
        """A code that is none of ours: a stranger's signature, an unknown key, or something else people hold out."""
        kind = int(self._rng.integers(0, 5))
        if kind < 2:
            return sign_token(
                Claims(int(self._rng.integers(1, 2**22)), Form.PAPER, 2**31), 1 + 998 * kind, self._stranger
            )
        return FORMER_CODES[kind - 2]

    def _doubled(self, uploads: list[Upload]) -> Iterator[Upload]:
        for upload in uploads:
            yield upload
            if self._rng.random() < SENT_TWICE:
                yield upload


async def send(url: str, uploads: Iterator[Upload], on_sent: Callable[[Sent], None]) -> Sent:
    """Sends the uploads, a few at once but those of one device in order; an upload refused for load is sent again."""
    total = Sent()
    lanes: list[asyncio.Queue[Upload | None]] = [asyncio.Queue(50) for _ in range(AT_ONCE)]
    async with httpx.AsyncClient(timeout=60) as client, asyncio.TaskGroup() as tasks:
        for lane in lanes:
            tasks.create_task(_drain(client, url, lane, total))
        for upload in uploads:
            await lanes[hash(upload[0]) % AT_ONCE].put(upload)
            on_sent(total)
        for lane in lanes:
            await lane.put(None)
    on_sent(total)
    return total


async def _drain(client: httpx.AsyncClient, url: str, lane: "asyncio.Queue[Upload | None]", total: Sent) -> None:
    while upload := await lane.get():
        _add(total, await _posted(client, url, upload), len(upload[1]))


async def _posted(client: httpx.AsyncClient, url: str, upload: Upload) -> httpx.Response:
    device, scans = upload
    body = msgspec.json.encode({"sent_at": int(now().timestamp() * 1000), "scans": scans})
    for attempt in range(TRIES):
        answer = await client.post(url, content=body, headers={"Authorization": f"Bearer {device}"})
        if answer.status_code == 200:
            return answer
        if answer.status_code != 503:
            raise Refused(answer.text)
        await asyncio.sleep(0.1 * (attempt + 1))
    raise Refused(answer.text)


def _add(total: Sent, answer: httpx.Response, scans: int) -> None:
    total.uploads += 1
    total.scans += scans
    for outcome in answer.json()["results"]:
        total.results[outcome["result"]] += outcome["stored"] == "new"
        total.stored[outcome["stored"]] += 1
