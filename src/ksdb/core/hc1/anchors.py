"""Whom to believe: document signers' certificates, each known by the first eight bytes of its SHA-256 (the kid)."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

import cbor2
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

_ES256, _PS256 = -7, -37
_LEAST_RSA_BITS = 2048


class Kind(StrEnum):
    """The three kinds of entry; a signer may be confined to some of them."""

    TEST = "test"
    VACCINATION = "vaccination"
    RECOVERY = "recovery"


_USAGES: Final = {
    f"1.3.6.1.4.1.{arc}1847.2021.1.{number}": kind
    for arc in ("", "0.")
    for number, kind in ((1, Kind.TEST), (2, Kind.VACCINATION), (3, Kind.RECOVERY))
}
"""Extended key usages of the EU's certificate governance; both spellings are in the field."""


@dataclass(frozen=True)
class Anchor:
    """A signer's public key, the time in which it may sign, and what; no kinds: all."""

    kid: bytes
    public_key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey
    not_before: datetime
    not_after: datetime
    kinds: frozenset[Kind]


class NotAnAnchor(ValueError):
    """This certificate holds no key that may sign health certificates: P-256, P-384, or RSA from 2048 bits."""


def anchor_of(coded: bytes) -> Anchor:
    """The anchor in an X.509 certificate, DER or PEM. Raises NotAnAnchor."""
    try:
        is_pem = coded.lstrip().startswith(b"-----")
        certificate = x509.load_pem_x509_certificate(coded) if is_pem else x509.load_der_x509_certificate(coded)
        key = certificate.public_key()
    except ValueError as error:
        raise NotAnAnchor from error
    is_curve = isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1 | ec.SECP384R1)
    is_rsa = isinstance(key, rsa.RSAPublicKey) and key.key_size >= _LEAST_RSA_BITS
    if not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey) or not (is_curve or is_rsa):
        raise NotAnAnchor
    return Anchor(
        kid=certificate.fingerprint(SHA256())[:8],
        public_key=key,
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        kinds=_kinds(certificate),
    )


def anchors_of(certificates: Iterable[bytes]) -> dict[bytes, Anchor]:
    """Anchors by kid."""
    return {anchor.kid: anchor for anchor in map(anchor_of, certificates)}


def anchors_in(folder: Path) -> dict[bytes, Anchor]:
    """The anchors in a folder: `.pem`, `.crt`, `.cer` or `.der`, one a file; none where there is no folder.

    Raises NotAnAnchor with the name of the file.
    """
    if not folder.is_dir():
        return {}
    wanted = {".pem", ".crt", ".cer", ".der"}
    found = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in wanted:
            try:
                anchor = anchor_of(path.read_bytes())
            except NotAnAnchor as error:
                raise NotAnAnchor(path.name) from error
            found[anchor.kid] = anchor
    return found


def _kinds(certificate: x509.Certificate) -> frozenset[Kind]:
    try:
        usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return frozenset()
    return frozenset(_USAGES[usage.dotted_string] for usage in usages if usage.dotted_string in _USAGES)


def is_signed_by(anchor: Anchor, algorithm: int, signed: tuple[bytes, bytes], signature: bytes) -> bool:
    """Whether the anchor's key signed (protected header, payload) by the algorithm; its kind of key must fit."""
    protected, payload = signed
    whole = cbor2.dumps(["Signature1", protected, b"", payload])
    try:
        match anchor.public_key:
            # ES256 names the hash alone: Spain's signers of 2021 use it with P-384.
            case ec.EllipticCurvePublicKey() as key if algorithm == _ES256 and len(signature) * 4 == key.key_size:
                half = len(signature) // 2
                r, s = int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
                key.verify(encode_dss_signature(r, s), whole, ec.ECDSA(SHA256()))
            case rsa.RSAPublicKey() as key if algorithm == _PS256:
                salted = padding.PSS(padding.MGF1(SHA256()), hashlib.sha256().digest_size)
                key.verify(signature, whole, salted, SHA256())
            case _:
                return False
    except InvalidSignature:
        return False
    return True
