"""What the gateway must know to judge a scan, in memory: cards as arrays, devices, issuer keys, and checked tokens."""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ksdb.core.decision import CardStatus
from ksdb.core.token import IssuerKey
from ksdb.gateway.lists import Lists

CAPACITY: Final = 2**22
PACKED: Final = np.dtype([("index", ">i4"), ("resident", ">i4"), ("status", ">i2"), ("since", ">u4")])
"""One card as the query `cards_changed` packs it."""

_STATUSES = {int(status): status for status in CardStatus}
_ENDED = {CardStatus.SUSPENDED, CardStatus.REVOKED, CardStatus.EXPIRED}


class Cards:
    """Resident and status of each card, by card index: nine bytes a card, and no object for any of them."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._empty(capacity)

    def _empty(self, capacity: int) -> None:
        self._residents: NDArray[np.int32] = np.zeros(capacity, np.int32)
        self._statuses: NDArray[np.uint8] = np.zeros(capacity, np.uint8)
        self._since: NDArray[np.uint32] = np.zeros(capacity, np.uint32)

    @property
    def capacity(self) -> int:
        return len(self._residents)

    def count(self) -> int:
        return int(np.count_nonzero(self._statuses))

    def clear(self) -> None:
        self._empty(self.capacity)

    def learn(self, packed: bytes) -> None:
        """Takes in cards of the layout PACKED, new or changed."""
        rows = np.frombuffer(packed, PACKED)
        if not len(rows):
            return
        self._reach(int(rows["index"].max()))
        self._residents[rows["index"]] = rows["resident"]
        self._statuses[rows["index"]] = rows["status"]
        self._since[rows["index"]] = rows["since"]

    def resident_of(self, card_index: int | None) -> int | None:
        if card_index is None or card_index >= self.capacity:
            return None
        return self._residents.item(card_index) or None

    def status_at(self, card_index: int | None, seconds: float) -> CardStatus:
        """The card's status at an instant. An end that came later than `seconds` since 1970 does not count yet.

        To the second: who is revoked within the second of the scan counts as revoked.
        """
        if card_index is None or card_index >= self.capacity:
            return CardStatus.UNKNOWN
        status = _STATUSES[self._statuses.item(card_index)]
        if status in _ENDED and seconds < self._since.item(card_index):
            return CardStatus.ACTIVE
        return status

    def _reach(self, card_index: int) -> None:
        """Grows by doubling. Only a card in the database makes it grow; what a token claims never does."""
        capacity = self.capacity
        while capacity <= card_index:
            capacity *= 2
        if capacity > self.capacity:
            self._residents = np.concatenate([self._residents, np.zeros(capacity - self.capacity, np.int32)])
            self._statuses = np.concatenate([self._statuses, np.zeros(capacity - len(self._statuses), np.uint8)])
            self._since = np.concatenate([self._since, np.zeros(capacity - len(self._since), np.uint32)])


class CheckedTokens:
    """For each card index, a hash of the last token whose signature proved good, so that it need not be proved again.

    The hash is keyed with a key of this process: nobody outside can look for a second text with the same 64 bits.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._key = secrets.token_bytes(32)
        self._hashes: NDArray[np.uint64] = np.zeros(capacity, np.uint64)

    def holds(self, card_index: int, text: str) -> bool:
        return card_index < len(self._hashes) and self._hashes.item(card_index) == self._hash(text)

    def keep(self, card_index: int, text: str) -> None:
        if card_index < len(self._hashes):
            self._hashes[card_index] = self._hash(text)

    def forget_all(self) -> None:
        self._hashes = np.zeros(len(self._hashes), np.uint64)

    def _hash(self, text: str) -> int:
        """Never 0, which stands for no token."""
        digest = hashlib.blake2b(text.encode(), digest_size=8, key=self._key).digest()
        return int.from_bytes(digest, "big") or 1


@dataclass(frozen=True, slots=True)
class Device:
    """An enrolled scanner and where it stands."""

    id: int
    point_id: int
    is_revoked: bool
    offered_sha256: bytes | None = None
    """Set when the device came with the token it was offered and has not used before."""


@dataclass
class Known:
    """All of it; one per process, changed only between two steps of the event loop."""

    cards: Cards = field(default_factory=Cards)
    checked: CheckedTokens = field(default_factory=CheckedTokens)
    devices: Mapping[bytes, Device] = field(default_factory=dict)
    trust: Mapping[int, IssuerKey] = field(default_factory=dict)
    lists: Lists = field(default_factory=Lists)

    def device_of(self, token: bytes) -> Device | None:
        return self.devices.get(hashlib.sha256(token).digest())

    def learn_devices(self, rows: Iterable[tuple[bytes, bytes | None, int, int, bool]]) -> None:
        devices: dict[bytes, Device] = {}
        for token_sha256, offered, device_id, point_id, is_revoked in rows:
            devices[bytes(token_sha256)] = Device(device_id, point_id, is_revoked)
            if offered is not None:
                devices[bytes(offered)] = Device(device_id, point_id, is_revoked, bytes(offered))
        self.devices = devices

    def learn_device(self, token: bytes, device: Device) -> None:
        """One that we let in ourselves; the table that follows has it too."""
        self.devices = {**self.devices, hashlib.sha256(token).digest(): device}

    def learn_trust(self, keys: Iterable[IssuerKey]) -> None:
        """A token that was good under another trust list is proved anew."""
        trust = {key.kid: key for key in keys}
        if trust != self.trust:
            self.trust = trust
            self.checked.forget_all()
