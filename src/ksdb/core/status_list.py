"""The status list: two bits a card in a signed CWT (IETF Token Status List), and the differences between two lists.

A list names cards by their index and says nothing about a person. `docs/card-format.md` describes it.
"""

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final

import cbor2
import numpy as np
from cryptography.hazmat.primitives.asymmetric import ec
from numpy.typing import NDArray

from ksdb.core.cbor import NotStrict, read
from ksdb.core.cose import ListFault, Signed, sign, taken_apart
from ksdb.core.decision import CardStatus
from ksdb.core.token import IssuerKey, Usage, expiry

KIND: Final = "application/statuslist+cwt"
HEAD_KIND: Final = "application/ksdb-status-head+cwt"
CAPACITY: Final = 2**22
BITS: Final = 2
LIST_BYTES: Final = CAPACITY * BITS // 8
LIFE: Final = timedelta(hours=72)
"""So long is a list believed. A reader with none trusts the signature alone, and says so."""
TTL_SECONDS: Final = 60
SUBJECT: Final = "ksdb:cards"

_SUBJECT, _EXP, _IAT, _STATUS_LIST, _TTL, _SERIAL, _SHA256 = 2, 4, 6, 65533, 65534, -65538, -65539
Statuses = NDArray[np.uint8]


class Listed(IntEnum):
    """What two bits say; the first three as the standard names them."""

    VALID = 0
    INVALID = 1
    SUSPENDED = 2
    ATTENTION = 3


# Not activated is "ask the ward": the card may be in the wrong hands, and a scanner must not show green. An index that
# no card has says VALID: there is no signature for it, and two million random marks would make the list five times as
# long.
LISTED: Final[Mapping[CardStatus, Listed]] = {
    CardStatus.UNKNOWN: Listed.VALID,
    CardStatus.ISSUED: Listed.ATTENTION,
    CardStatus.ACTIVE: Listed.VALID,
    CardStatus.SUSPENDED: Listed.SUSPENDED,
    CardStatus.REVOKED: Listed.INVALID,
    CardStatus.EXPIRED: Listed.INVALID,
    CardStatus.ATTENTION: Listed.ATTENTION,
}


@dataclass(frozen=True, slots=True)
class StatusList:
    """A list that was checked: the status of each index, and its place among the lists."""

    serial: int
    made_at: int
    statuses: Statuses

    def of(self, card_index: int) -> Listed:
        return Listed(self.statuses.item(card_index)) if card_index < len(self.statuses) else Listed.ATTENTION


@dataclass(frozen=True, slots=True)
class Signer:
    """The key of usage `status`, and the kid by which the trust list knows it."""

    kid: int
    key: ec.EllipticCurvePrivateKey


def empty(capacity: int = CAPACITY) -> Statuses:
    return np.zeros(capacity, np.uint8)


def packed(statuses: Statuses) -> bytes:
    """Four statuses a byte, the first in the lowest bits."""
    quads = statuses.reshape(-1, 4)
    return (quads[:, 0] | quads[:, 1] << 2 | quads[:, 2] << 4 | quads[:, 3] << 6).astype(np.uint8).tobytes()


def unpacked(raw: bytes) -> Statuses:
    quads = np.frombuffer(raw, np.uint8)
    return np.stack([quads & 3, quads >> 2 & 3, quads >> 4 & 3, quads >> 6], axis=1).reshape(-1)


def sign_status_list(statuses: Statuses, serial: int, at: datetime, signer: Signer) -> bytes:
    """The list as a signed CWT: `application/statuslist+cwt`."""
    lst = zlib.compress(packed(statuses), 9)
    said = {
        _SUBJECT: SUBJECT,
        _EXP: expiry(at + LIFE),
        _IAT: expiry(at),
        _STATUS_LIST: {"lst": lst, "bits": BITS},
        _TTL: TTL_SECONDS,
        _SERIAL: serial,
    }
    return sign(KIND, _kid(signer.kid), cbor2.dumps(said), signer.key)


def sign_head(statuses: Statuses, serial: int, at: datetime, signer: Signer) -> bytes:
    """What proves a list that was put together from differences: its serial, its time, and the hash of its bits."""
    digest = hashlib.sha256(packed(statuses)).digest()
    said = {_EXP: expiry(at + LIFE), _IAT: expiry(at), _SERIAL: serial, _SHA256: digest}
    return sign(HEAD_KIND, _kid(signer.kid), cbor2.dumps(said), signer.key)


def check_status_list(
    token: bytes, trust: Mapping[int, IssuerKey], at: datetime, newest: int = 0, size: int = LIST_BYTES
) -> StatusList | ListFault:
    """The list if a status key of the trust list signed it, it is whole, and not older than `newest`.

    What is inflated is bounded by `size`: neither more nor less is believed.
    """
    message = _believed(token, KIND, trust, at)
    if isinstance(message, ListFault):
        return message
    match message.said:
        case {2: "ksdb:cards", 6: int() as made_at, 65533: {"bits": 2, "lst": bytes()}, -65538: int() as serial}:
            statuses = listed_in(message, size)
        case _:
            return ListFault.NOT_OURS
    if statuses is None:
        return ListFault.WRONG_LENGTH
    return ListFault.OLDER if serial < newest else StatusList(serial, made_at, statuses)


def listed_in(message: Signed, size: int = LIST_BYTES) -> Statuses | None:
    """The statuses of a list that was taken apart; None when it is not whole."""
    match message.said:
        case {65533: {"bits": 2, "lst": bytes() as lst}} if (raw := _inflated(lst, size)) is not None:
            return unpacked(raw)
    return None


def check_delta(
    answer: bytes, known: StatusList, trust: Mapping[int, IssuerKey], at: datetime
) -> StatusList | ListFault:
    """The list that follows from `known` and a delta, if its head proves exactly that list."""
    parts = _delta_parts(answer)
    if isinstance(parts, ListFault):
        return parts
    head, changes = parts
    message = _believed(head, HEAD_KIND, trust, at)
    if isinstance(message, ListFault):
        return message
    match message.said:
        case {6: int() as made_at, -65538: int() as serial, -65539: bytes() as digest}:
            pass
        case _:
            return ListFault.NOT_OURS
    if serial < known.serial:
        return ListFault.OLDER
    statuses = changed(known.statuses, changes)
    if statuses is None or hashlib.sha256(packed(statuses)).digest() != digest:
        return ListFault.BAD_SIGNATURE
    return StatusList(serial, made_at, statuses)


def changes_between(before: Statuses, after: Statuses) -> bytes:
    """For each card whose status differs, ascending: four bytes, big-endian, of index × 4 + new status."""
    indexes = np.flatnonzero(before != after).astype(np.uint32)
    return (indexes << 2 | after[indexes]).astype(">u4").tobytes()


def changed(statuses: Statuses, changes: bytes) -> Statuses | None:
    """The statuses after the changes; None if these do not fit."""
    if len(changes) % 4:
        return None
    words = np.frombuffer(changes, ">u4")
    if len(words) and int(words.max() >> 2) >= len(statuses):
        return None
    after = statuses.copy()
    after[words >> 2] = words & 3
    return after


def merged(parts: list[bytes]) -> bytes:
    """Several differences one after another as one: of each card the last."""
    words = np.frombuffer(b"".join(parts), ">u4").astype(np.uint32)[::-1]
    _, last = np.unique(words >> 2, return_index=True)
    return words[last].astype(">u4").tobytes()


def coded_delta(head: bytes, changes: bytes) -> bytes:
    """What a device is answered: the signed head, and the differences in zlib."""
    return cbor2.dumps([head, zlib.compress(changes, 9)])


def _delta_parts(answer: bytes) -> tuple[bytes, bytes] | ListFault:
    try:
        match read(answer):
            case [bytes() as head, bytes() as deflated]:
                raw = _inflated(deflated, 4 * CAPACITY, is_exact=False)
            case _:
                return ListFault.NOT_OURS
    except NotStrict:
        return ListFault.UNREADABLE
    return (head, raw) if raw is not None else ListFault.WRONG_LENGTH


def _believed(token: bytes, kind: str, trust: Mapping[int, IssuerKey], at: datetime) -> Signed | ListFault:
    """The message, if its signature is that of a status key that is valid now, and it has not run out."""
    message = taken_apart(token, kind)
    if isinstance(message, ListFault):
        return message
    key = trust.get(int.from_bytes(message.kid, "big"))
    if key is None:
        return ListFault.UNKNOWN_KEY
    seconds = at.timestamp()
    if key.usage != Usage.STATUS or not key.not_before <= seconds < key.not_after:
        return ListFault.KEY_NOT_VALID
    if not message.is_by(key.public_key):
        return ListFault.BAD_SIGNATURE
    until = message.said.get(_EXP)
    return message if isinstance(until, int) and seconds < until else ListFault.EXPIRED


def _inflated(deflated: bytes, size: int, *, is_exact: bool = True) -> bytes | None:
    """At most `size` bytes; None for more, for less where exactly so many are due, and for what is no zlib."""
    machine = zlib.decompressobj()
    try:
        raw = machine.decompress(deflated, size + 1)
    except zlib.error:
        return None
    is_whole = machine.eof and not machine.unused_data
    return raw if is_whole and (len(raw) == size or (not is_exact and len(raw) < size)) else None


def _kid(kid: int) -> bytes:
    return kid.to_bytes(2, "big")
