"""The electronic card's code: a card token bound to a phone's key, signed anew by the phone every half minute.

`docs/card-format.md` describes it. The phone needs no server to show it, and a scanner none to believe it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ksdb.core.cbor import NotStrict, Tagged, read
from ksdb.core.token import (
    Claims,
    Form,
    IssuerKey,
    SignedToken,
    TokenFault,
    from_digits,
    is_signed_by,
    to_digits,
    usable_key,
)

OLDEST_SECONDS: Final = 90
AHEAD_SECONDS: Final = 30
ASKS_TO_REFRESH_SECONDS: Final = 86400
_ECDSA = ec.ECDSA(SHA256(), deterministic_signing=True)
_HEADS: Final = {cbor2.dumps({1: algorithm}) for algorithm in (-7, -9)}
_KEYED_HEADS: Final = {cbor2.dumps({1: algorithm, 4: b"\0\0"})[:-2] for algorithm in (-7, -9)}
_IAT, _TOKEN = 6, -65538


class CodeFault(StrEnum):
    """Why the code of an electronic card is not believed although its token is; read after all faults of the token."""

    BAD_DEVICE_SIGNATURE = "bad_device_signature"
    FROM_THE_FUTURE = "from_the_future"
    TOO_OLD = "too_old"
    OLD_CODE = "old_code"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a fresh code says: the card's claims, and when the phone made it."""

    claims: Claims
    issued_at: int


def bind_token(claims: Claims, kid: int, key: ec.EllipticCurvePrivateKey, device: ec.EllipticCurvePublicKey) -> bytes:
    """A token for an electronic card that only the holder of the device's key can show."""
    point = device.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    index = claims.card_index.to_bytes(4, "big")
    payload = cbor2.dumps({4: claims.expires_at, 7: index, 8: point, -65537: int(Form.ELECTRONIC)})
    return _signed(cbor2.dumps({1: -7, 4: kid.to_bytes(2, "big")}), payload, key)


def show_code(token: bytes, issued_at: int, device: ec.EllipticCurvePrivateKey) -> str:
    """The digits that the phone shows at that second."""
    return to_digits(_signed(cbor2.dumps({1: -7}), cbor2.dumps({_IAT: issued_at, _TOKEN: token}), device))


@dataclass(frozen=True, slots=True)
class SignedCode:
    """A code that was read and not yet verified: the phone's message and the token within."""

    token: SignedToken
    issued_at: int
    shown: SignedToken
    device: ec.EllipticCurvePublicKey


def check_code(text: str, trust: Mapping[int, IssuerKey], at: datetime) -> Shown | TokenFault | CodeFault:
    """What a code says that is good and fresh at `at`, or the first fault in reading order."""
    code = read_code(text)
    if isinstance(code, TokenFault):
        return code
    return fault_of(code, trust, at) or Shown(code.token.claims, code.issued_at)


def read_code(text: str) -> SignedCode | TokenFault:
    """What a code claims, believed by nobody yet."""
    coded = from_digits(text)
    if isinstance(coded, TokenFault):
        return coded
    outer = _sign1(coded, _HEADS)
    if isinstance(outer, TokenFault):
        return outer
    match _strictly(outer.payload):
        case {6: int() as issued_at, -65538: bytes() as inner, **rest} if not rest and 0 <= issued_at < 2**32:
            bound = _bound(inner)
        case _:
            return TokenFault.NOT_OURS
    if isinstance(bound, TokenFault):
        return bound
    shown = SignedToken(0, bound.token.claims, outer.signature, _to_sign(outer.head, outer.payload))
    return SignedCode(bound.token, issued_at, shown, bound.device)


def fault_of(code: SignedCode, trust: Mapping[int, IssuerKey], at: datetime) -> TokenFault | CodeFault | None:
    """The first reason in reading order why a code is not believed at `at`."""
    fault = _fault_of_token(code.token, trust, at)
    if fault is None and not is_signed_by(code.shown, code.device):
        return CodeFault.BAD_DEVICE_SIGNATURE
    return fault or _staleness(code.issued_at, at)


@dataclass(frozen=True, slots=True)
class _Sign1:
    head: bytes
    payload: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class _Bound:
    token: SignedToken
    device: ec.EllipticCurvePublicKey


def _fault_of_token(token: SignedToken, trust: Mapping[int, IssuerKey], at: datetime) -> TokenFault | None:
    key = usable_key(token.kid, trust, at.timestamp())
    if isinstance(key, TokenFault):
        return key
    if not is_signed_by(token, key.public_key):
        return TokenFault.BAD_SIGNATURE
    return None if at.timestamp() < token.claims.expires_at else TokenFault.EXPIRED


def _staleness(issued_at: int, at: datetime) -> CodeFault | None:
    age = at.timestamp() - issued_at
    if age < -AHEAD_SECONDS:
        return CodeFault.FROM_THE_FUTURE
    if age > ASKS_TO_REFRESH_SECONDS:
        return CodeFault.TOO_OLD
    return CodeFault.OLD_CODE if age > OLDEST_SECONDS else None


def _bound(coded: bytes) -> _Bound | TokenFault:
    inner = _sign1(coded, _KEYED_HEADS, kid_bytes=2)
    if isinstance(inner, TokenFault):
        return inner
    match _strictly(inner.payload):
        case {4: int() as expires_at, 7: bytes() as index, 8: bytes() as point, -65537: 1, **rest} if not rest:
            pass
        case _:
            return TokenFault.NOT_OURS
    if len(index) != 4 or len(point) != 33 or not 0 <= expires_at < 2**32:
        return TokenFault.NOT_OURS
    try:
        device = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        return TokenFault.NOT_OURS
    claims = Claims(int.from_bytes(index, "big"), Form.ELECTRONIC, expires_at)
    kid = int.from_bytes(inner.head[-2:], "big")
    return _Bound(SignedToken(kid, claims, inner.signature, _to_sign(inner.head, inner.payload)), device)


def _sign1(coded: bytes, heads: set[bytes], kid_bytes: int = 0) -> _Sign1 | TokenFault:
    try:
        message = read(coded)
    except NotStrict:
        return TokenFault.UNREADABLE
    match message:
        case Tagged(18, [bytes() as head, dict() as unprotected, bytes() as payload, bytes() as signature]):
            is_ours = not unprotected and len(signature) == 64 and head[: len(head) - kid_bytes] in heads
            return _Sign1(head, payload, signature) if is_ours else TokenFault.NOT_OURS
    return TokenFault.NOT_OURS


def _strictly(coded: bytes) -> object:
    try:
        return read(coded)
    except NotStrict:
        return None


def _to_sign(head: bytes, payload: bytes) -> bytes:
    return cbor2.dumps(["Signature1", head, b"", payload])


def _signed(head: bytes, payload: bytes, key: ec.EllipticCurvePrivateKey) -> bytes:
    r, s = decode_dss_signature(key.sign(_to_sign(head, payload), _ECDSA))
    return cbor2.dumps(cbor2.CBORTag(18, [head, {}, payload, r.to_bytes(32, "big") + s.to_bytes(32, "big")]))
