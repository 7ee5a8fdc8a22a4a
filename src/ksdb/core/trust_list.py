"""The trust list: which keys may sign what, when; signed by the offline root. `docs/card-format.md` describes it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ksdb.core.cbor import NotStrict, read
from ksdb.core.cose import ES256, ListFault, sign, taken_apart
from ksdb.core.token import IssuerKey, Usage

KIND: Final = "application/ksdb-trust-list+cbor"
MAX_BYTES: Final = 64 * 1024
"""A key takes about 100 bytes; twenty years of a province are under 100 keys."""
_VERSION = 1
_USAGES = {Usage.CARD: 1, Usage.STATUS: 2}
_USAGE_OF = {number: usage for usage, number in _USAGES.items()}


@dataclass(frozen=True, slots=True)
class TrustList:
    """All keys of one serial. A newer list has a greater serial; whoever knows a newer one refuses the older."""

    serial: int
    made_at: int
    keys: tuple[IssuerKey, ...]

    def by_kid(self) -> dict[int, IssuerKey]:
        return {key.kid: key for key in self.keys}


def point_of(key: ec.EllipticCurvePublicKey) -> bytes:
    """65 bytes, an uncompressed point of X9.62."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def root_id(key: ec.EllipticCurvePublicKey) -> bytes:
    """By which a list names the root that signed it: the first 8 bytes of the SHA-256 of its point."""
    return root_id_of(point_of(key))


def root_id_of(point: bytes) -> bytes:
    return hashlib.sha256(point).digest()[:8]


def coded(trust: TrustList) -> bytes:
    """The list before it is signed."""
    return cbor2.dumps({0: _VERSION, 1: trust.serial, 2: trust.made_at, 3: [_coded_key(key) for key in trust.keys]})


def _coded_key(key: IssuerKey) -> dict[int, object]:
    usage = _USAGES[key.usage]
    return {1: key.kid, 2: ES256, 3: point_of(key.public_key), 4: usage, 5: key.not_before, 6: key.not_after}


def sign_list(payload: bytes, root: ec.EllipticCurvePrivateKey) -> bytes:
    return sign(KIND, root_id(root.public_key()), payload, root)


def read_unsigned(payload: bytes) -> TrustList | ListFault:
    """A list as the offline machine is given it to sign."""
    if len(payload) > MAX_BYTES:
        return ListFault.UNREADABLE
    try:
        said = read(payload)
    except NotStrict:
        return ListFault.UNREADABLE
    return _understood(said)


def check_list(signed: bytes, root: ec.EllipticCurvePublicKey, newest: int = 0) -> TrustList | ListFault:
    """The list, if this root signed it and it is not older than `newest`, the greatest serial the reader knows."""
    if len(signed) > MAX_BYTES:
        return ListFault.UNREADABLE
    message = taken_apart(signed, KIND)
    if isinstance(message, ListFault):
        return message
    if message.kid != root_id(root):
        return ListFault.UNKNOWN_KEY
    if not message.is_by(root):
        return ListFault.BAD_SIGNATURE
    trust = _understood(message.said)
    if isinstance(trust, TrustList) and trust.serial < newest:
        return ListFault.OLDER
    return trust


def _understood(said: object) -> TrustList | ListFault:
    match said:
        case {0: 1, 1: int() as serial, 2: int() as made_at, 3: list() as rows, **rest} if serial > 0 and not rest:
            keys = _keys(rows)
        case _:
            return ListFault.NOT_OURS
    return TrustList(serial, made_at, keys) if keys is not None else ListFault.NOT_OURS


def _keys(rows: Sequence[object]) -> tuple[IssuerKey, ...] | None:
    keys = [_key(row) for row in rows]
    kids = [key.kid for key in keys if key is not None]
    return tuple(key for key in keys if key) if len(set(kids)) == len(rows) else None


def _key(row: object) -> IssuerKey | None:
    match row:
        case {
            1: int() as kid,
            2: -7,
            3: bytes() as point,
            4: int() as usage,
            5: int() as since,
            6: int() as until,
            **rest,
        }:
            if rest:
                return None
        case _:
            return None
    if usage not in _USAGE_OF or not 1 <= kid < 2**15:
        return None
    try:
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        return None
    return IssuerKey(kid, public, _USAGE_OF[usage], since, until)
