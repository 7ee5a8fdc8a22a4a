"""Reads HC1 certificates: the EU Digital COVID Certificate, in whose format Vietnam's vaccine passport is too.

The format is the EU's (eHealth Network, Technical Specifications for Digital Green Certificates, vol. 1 and 3), adopted
by QĐ 5772/QĐ-BYT of 20 Dec 2021. What cannot be verified is not authenticated, and nothing it says is handed on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from math import isfinite
from typing import Final

from ksdb.core.hc1.anchors import Anchor, Kind, is_signed_by
from ksdb.core.hc1.coding import NotBase45, NotCompressed, decoded, inflated
from ksdb.core.hc1.items import NotItems, Tagged, read_items

__all__ = ["Anchor", "Certificate", "Hc1Fault", "Kind", "Reading", "read"]

PREFIX: Final = "HC1:"
MOST_CHARACTERS: Final = 4296
"""What the largest QR code holds in its alphanumeric mode."""
_SIGN1, _CWT = 18, 61
_ISS, _IAT = 1, 6
_ALG, _KID = 1, 4


class Hc1Fault(StrEnum):
    """Why a certificate is not believed, in the order in which it is read."""

    PREFIX = "prefix"
    BASE45 = "base45"
    COMPRESSION = "compression"
    CBOR = "cbor"
    UNKNOWN_KEY = "unknown_key"
    BAD_SIGNATURE = "bad_signature"
    KEY_NOT_VALID = "key_not_valid"
    NOT_A_CERTIFICATE = "not_a_certificate"
    KEY_USAGE = "key_usage"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a signed certificate says: of whom, by which country, and its one entry as it stands there."""

    kind: Kind
    issuer: str
    issued_at: datetime | None
    expires_at: datetime | None
    family_name: str
    given_name: str
    birth_date: str
    entry: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Reading:
    """A certificate with a good signature, or why there is none. One out of its time is named, with its fault."""

    fault: Hc1Fault | None
    certificate: Certificate | None = None

    @property
    def is_authenticated(self) -> bool:
        return self.fault is None


@dataclass(frozen=True, slots=True)
class _Message:
    algorithm: int
    kid: bytes
    protected: bytes
    payload: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class _Claims:
    issuer: str
    issued_at: float | None
    expires_at: float | None
    content: Mapping[object, object]


def read(text: str, anchors: Mapping[bytes, Anchor], at: datetime) -> Reading:
    """Reads and verifies a certificate against the anchors, by kid, as of `at`. Never raises for what the text is."""
    message = _message(text)
    if isinstance(message, Hc1Fault):
        return Reading(message)
    claims = _claims(message.payload)
    if claims is None:
        return Reading(Hc1Fault.CBOR)
    anchor = anchors.get(message.kid)
    if anchor is None:
        return Reading(Hc1Fault.UNKNOWN_KEY)
    if not is_signed_by(anchor, message.algorithm, (message.protected, message.payload), message.signature):
        return Reading(Hc1Fault.BAD_SIGNATURE)
    certificate = _certificate(claims)
    if certificate is None:
        return Reading(Hc1Fault.NOT_A_CERTIFICATE)
    return _in_time(certificate, anchor, at)


def _in_time(certificate: Certificate, anchor: Anchor, at: datetime) -> Reading:
    # Both ends count as in time: X.509 says so, and the EU's own cases read certificates at the second of their expiry.
    if not anchor.not_before <= at <= anchor.not_after:
        return Reading(Hc1Fault.KEY_NOT_VALID)
    if anchor.kinds and certificate.kind not in anchor.kinds:
        return Reading(Hc1Fault.KEY_USAGE)
    if certificate.issued_at and at < certificate.issued_at:
        return Reading(Hc1Fault.NOT_YET_VALID, certificate)
    if certificate.expires_at and at > certificate.expires_at:
        return Reading(Hc1Fault.EXPIRED, certificate)
    return Reading(None, certificate)


def _message(text: str) -> _Message | Hc1Fault:
    if not text.startswith(PREFIX):
        return Hc1Fault.PREFIX
    try:
        packed = decoded(text.removeprefix(PREFIX), MOST_CHARACTERS)
        return _sign1(read_items(inflated(packed))) or Hc1Fault.CBOR
    except NotBase45:
        return Hc1Fault.BASE45
    except NotCompressed:
        return Hc1Fault.COMPRESSION
    except NotItems:
        return Hc1Fault.CBOR


def _sign1(item: object) -> _Message | None:
    """A COSE_Sign1, with its tag, without, or with the tag of a CWT around it. The protected kid goes before."""
    if isinstance(item, Tagged) and item.tag == _CWT:
        item = item.value
    if isinstance(item, Tagged) and item.tag == _SIGN1:
        item = item.value
    match item:
        case [bytes() as protected, dict() as unprotected, bytes() as payload, bytes() as signature]:
            heads = [read_items(protected) if protected else {}, unprotected]
        case _:
            return None
    algorithm, kid = _header(heads, _ALG), _header(heads, _KID)
    if not isinstance(algorithm, int) or not isinstance(kid, bytes):
        return None
    return _Message(algorithm, kid, protected, payload, signature)


def _header(heads: list[object], name: int) -> object:
    """What the first header that names it says; the protected one comes first."""
    return next((head[name] for head in heads if isinstance(head, dict) and name in head), None)


def _claims(payload: bytes) -> _Claims | None:
    try:
        said = read_items(payload)
    except NotItems:
        return None
    match said:
        case {-260: {1: dict() as content}, 4: expiry, **rest}:
            issuer, issued, expires = rest.get(_ISS, ""), _seconds(rest.get(_IAT)), _seconds(expiry)
        case _:
            return None
    if expires is None or not isinstance(issuer, str) or (_IAT in rest and issued is None):
        return None
    return _Claims(issuer, issued, expires, content)


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return None
    return value if 0 <= value < 2**33 else None


_KINDS: Final = {"v": Kind.VACCINATION, "t": Kind.TEST, "r": Kind.RECOVERY}

_IN_EACH_ENTRY: Final = ("tg", "co", "is", "ci")


def _certificate(claims: _Claims) -> Certificate | None:
    """The certificate if it has the shape of the EU's schema where we read it: one person, one entry of one kind."""
    content = claims.content
    groups = [(kind, content[key]) for key, kind in _KINDS.items() if content.get(key)]
    match content:
        case {"ver": str(), "nam": {"fnt": str() as standard, **names}, "dob": str() as born}:
            pass
        case _:
            return None
    match groups:
        case [(kind, [dict() as entry])] if all(isinstance(entry.get(name), str) for name in _IN_EACH_ENTRY):
            pass
        case _:
            return None
    return Certificate(
        kind=kind,
        issuer=claims.issuer,
        issued_at=_instant(claims.issued_at),
        expires_at=_instant(claims.expires_at),
        family_name=_text(names.get("fn")) or standard,
        given_name=_text(names.get("gn")) or _text(names.get("gnt")),
        birth_date=born,
        entry={str(key): value for key, value in entry.items()},
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _instant(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
