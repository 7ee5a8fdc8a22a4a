"""The static card token: a CWT in COSE_Sign1, ES256, written as decimal digits. `docs/card-format.md` describes it.

Nothing here knows a person: a token names a card by its index, and that is all.
"""

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from typing import Final

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from ksdb.core.cbor import NotStrict, Tagged, read

VERSION: Final = "1"
MAX_BYTES: Final = 400
_ES256, _ESP256 = -7, -9
_EXP, _CTI, _FORM = 4, 7, -65537
_COORDINATE_BYTES = 32
_ECDSA = ec.ECDSA(SHA256())
# RFC 6979: the same claims and key give the same token, so a card can be printed again without a second signature.
_REPEATABLE_ECDSA = ec.ECDSA(SHA256(), deterministic_signing=True)


class Form(IntEnum):
    """The three forms a card takes."""

    ELECTRONIC = 1
    PAPER = 2
    PLASTIC = 3


class TokenFault(StrEnum):
    """Why a token is not believed, in the order in which it is read."""

    UNREADABLE = "unreadable"
    NOT_OURS = "not_ours"
    UNKNOWN_KEY = "unknown_key"
    KEY_NOT_VALID = "key_not_valid"
    BAD_SIGNATURE = "bad_signature"
    EXPIRED = "expired"


class Usage(StrEnum):
    """What an issuer key may sign."""

    CARD = "card"
    STATUS = "status"


@dataclass(frozen=True, slots=True)
class Claims:
    """What a card token says. `expires_at` is in seconds since 1970, as in the token."""

    card_index: int
    form: Form
    expires_at: int


@dataclass(frozen=True, slots=True)
class IssuerKey:
    """A public key of the trust list; `not_before` and `not_after` are seconds since 1970, half open."""

    kid: int
    public_key: ec.EllipticCurvePublicKey
    usage: Usage
    not_before: int
    not_after: int


@dataclass(frozen=True, slots=True)
class SignedToken:
    """A token taken apart, not yet believed."""

    kid: int
    claims: Claims
    signature: bytes
    signed_bytes: bytes


def sign_token(claims: Claims, kid: int, key: ec.EllipticCurvePrivateKey) -> str:
    """The digits of a new token: one version digit and the COSE bytes as one number, 235 digits in all."""
    protected = _protected(_ES256, kid)
    payload = _payload(claims)
    r, s = decode_dss_signature(key.sign(_to_sign(protected, payload), _REPEATABLE_ECDSA))
    signature = r.to_bytes(_COORDINATE_BYTES, "big") + s.to_bytes(_COORDINATE_BYTES, "big")
    return to_digits(cbor2.dumps(cbor2.CBORTag(18, [protected, {}, payload, signature])))


def check_token(text: str, trust: Mapping[int, IssuerKey], at: datetime) -> Claims | TokenFault:
    """The claims of a token that was good at `at`, or the first fault in reading order."""
    read = read_token(text)
    if isinstance(read, TokenFault):
        return read
    seconds = at.timestamp()
    key = usable_key(read.kid, trust, seconds)
    if isinstance(key, TokenFault):
        return key
    if not is_signed_by(read, key.public_key):
        return TokenFault.BAD_SIGNATURE
    return read.claims if seconds < read.claims.expires_at else TokenFault.EXPIRED


def usable_key(kid: int, trust: Mapping[int, IssuerKey], seconds: float) -> IssuerKey | TokenFault:
    """The key of the trust list that could sign cards at `seconds` since 1970."""
    key = trust.get(kid)
    if key is None:
        return TokenFault.UNKNOWN_KEY
    if key.usage != Usage.CARD or not key.not_before <= seconds < key.not_after:
        return TokenFault.KEY_NOT_VALID
    return key


def read_token(text: str) -> SignedToken | TokenFault:
    """Takes a token apart without believing it. UNREADABLE: not digits of a token; NOT_OURS: another kind of token."""
    coded = from_digits(text)
    if isinstance(coded, TokenFault):
        return coded
    try:
        message = read(coded)
    except NotStrict:
        return TokenFault.UNREADABLE
    return _taken_apart(message) or TokenFault.NOT_OURS


def glance(text: str) -> tuple[int, Claims] | None:
    """The kid and claims that a token of the usual layout has, by position alone, or None.

    Nothing is checked but the length: worth something only for a text whose signature was checked before.
    """
    if len(text) != _USUAL_DIGITS or isinstance(coded := from_digits(text), TokenFault):
        return None
    kid, expires_at, card_index, form = _USUAL.unpack(coded)
    return (kid, Claims(card_index, _FORMS[form], expires_at)) if form in _FORMS else None


def is_signed_by(token: SignedToken, key: ec.EllipticCurvePublicKey) -> bool:
    r = int.from_bytes(token.signature[:_COORDINATE_BYTES], "big")
    s = int.from_bytes(token.signature[_COORDINATE_BYTES:], "big")
    try:
        key.verify(encode_dss_signature(r, s), token.signed_bytes, _ECDSA)
    except InvalidSignature:
        return False
    return True


def digit_count(byte_count: int) -> int:
    """Digits that hold any number of `byte_count` bytes; no two byte counts share it, so the width tells the length."""
    return math.ceil(byte_count * 8 * math.log10(2))


_BYTES_BY_WIDTH = {digit_count(n): n for n in range(1, MAX_BYTES + 1)}
_USUAL = struct.Struct(">8x H 5x I 2x I 5x B 66x")  # kid, exp, card index, form in a token of 97 bytes
_USUAL_DIGITS = 1 + digit_count(_USUAL.size)
_FORMS = {int(form): form for form in Form}


def to_digits(coded: bytes) -> str:
    return VERSION + str(int.from_bytes(coded, "big")).zfill(digit_count(len(coded)))


def from_digits(text: str) -> bytes | TokenFault:
    """The COSE bytes behind the digits."""
    if not text.isascii() or not text.isdigit():
        return TokenFault.UNREADABLE
    byte_count = _BYTES_BY_WIDTH.get(len(text) - 1)
    if byte_count is None:
        return TokenFault.UNREADABLE
    if text[0] != VERSION:
        return TokenFault.NOT_OURS
    try:
        return int(text[1:]).to_bytes(byte_count, "big")
    except OverflowError:
        return TokenFault.UNREADABLE


def _payload(claims: Claims) -> bytes:
    return cbor2.dumps({_EXP: claims.expires_at, _CTI: claims.card_index.to_bytes(4, "big"), _FORM: int(claims.form)})


def _to_sign(protected: bytes, payload: bytes) -> bytes:
    """Sig_structure of RFC 9052, section 4.4."""
    return cbor2.dumps(["Signature1", protected, b"", payload])


def _taken_apart(message: object) -> SignedToken | None:
    match message:
        case Tagged(18, [bytes() as protected, dict() as unprotected, bytes() as payload, bytes() as signature]):
            pass
        case _:
            return None
    kid = _kid(protected)
    claims = _claims(payload)
    if kid is None or claims is None or unprotected or len(signature) != 2 * _COORDINATE_BYTES:
        return None
    return SignedToken(kid, claims, signature, _to_sign(protected, payload))


def _protected(algorithm: int, kid: int) -> bytes:
    return cbor2.dumps({1: algorithm, 4: kid.to_bytes(2, "big")})


_HEADS = frozenset(_protected(algorithm, 0)[:-2] for algorithm in (_ES256, _ESP256))


def _kid(protected: bytes) -> int | None:
    return int.from_bytes(protected[-2:], "big") if protected[:-2] in _HEADS else None


def _claims(payload: bytes) -> Claims | None:
    try:
        said = read(payload)
    except NotStrict:
        return None
    match said:
        case {4: int() as expires_at, 7: bytes() as index, -65537: int() as form} if len(index) == 4 and form in _FORMS:
            claims = Claims(int.from_bytes(index, "big"), _FORMS[form], expires_at)
        case _:
            return None
    # One token has one form of bytes: what was read must be what we would have written.
    return claims if 0 <= expires_at < 2**32 and _payload(claims) == payload else None


def expiry(on: datetime) -> int:
    """Seconds since 1970, as a token carries them."""
    return int(on.astimezone(UTC).timestamp())
