"""COSE_Sign1 with ES256 (RFC 9052) for lists that are published: signed, typed, read strictly."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from ksdb.core.cbor import NotStrict, Tagged, read

ES256: Final = -7
_SIGN1 = 18
_ALGORITHM, _KID, _TYPE = 1, 4, 16
_COORDINATE_BYTES = 32
_ECDSA = ec.ECDSA(SHA256(), deterministic_signing=True)


class ListFault(StrEnum):
    """Why a published list is not believed, in the order in which it is read."""

    UNREADABLE = "unreadable"
    NOT_OURS = "not_ours"
    UNKNOWN_KEY = "unknown_key"
    KEY_NOT_VALID = "key_not_valid"
    BAD_SIGNATURE = "bad_signature"
    WRONG_LENGTH = "wrong_length"
    EXPIRED = "expired"
    OLDER = "older"


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed message taken apart, not yet believed."""

    kid: bytes
    payload: bytes
    said: Mapping[object, object]
    signature: bytes
    signed_bytes: bytes

    def is_by(self, key: ec.EllipticCurvePublicKey) -> bool:
        r = int.from_bytes(self.signature[:_COORDINATE_BYTES], "big")
        s = int.from_bytes(self.signature[_COORDINATE_BYTES:], "big")
        try:
            key.verify(encode_dss_signature(r, s), self.signed_bytes, ec.ECDSA(SHA256()))
        except InvalidSignature:
            return False
        return True


def sign(kind: str, kid: bytes, payload: bytes, key: ec.EllipticCurvePrivateKey) -> bytes:
    """A COSE_Sign1 whose type (RFC 9596) keeps one kind of list from being taken for another."""
    protected = _protected(kind, kid)
    r, s = decode_dss_signature(key.sign(_to_sign(protected, payload), _ECDSA))
    signature = r.to_bytes(_COORDINATE_BYTES, "big") + s.to_bytes(_COORDINATE_BYTES, "big")
    return cbor2.dumps(cbor2.CBORTag(_SIGN1, [protected, {}, payload, signature]))


def taken_apart(coded: bytes, kind: str) -> Signed | ListFault:
    """The message without belief. UNREADABLE: not strict CBOR; NOT_OURS: something else than this kind of list."""
    try:
        match read(coded):
            case Tagged(18, [bytes() as protected, {**unprotected}, bytes() as payload, bytes() as signature]):
                head, said = read(protected), read(payload)
            case _:
                return ListFault.NOT_OURS
    except NotStrict:
        return ListFault.UNREADABLE
    if unprotected or not isinstance(said, dict) or len(signature) != 2 * _COORDINATE_BYTES:
        return ListFault.NOT_OURS
    match head:
        case {1: -7, 4: bytes() as kid, 16: str() as named, **rest} if named == kind and not rest:
            return Signed(kid, payload, said, signature, _to_sign(protected, payload))
    return ListFault.NOT_OURS


def _protected(kind: str, kid: bytes) -> bytes:
    return cbor2.dumps({_ALGORITHM: ES256, _KID: kid, _TYPE: kind})


def _to_sign(protected: bytes, payload: bytes) -> bytes:
    """Sig_structure of RFC 9052, section 4.4."""
    return cbor2.dumps(["Signature1", protected, b"", payload])
