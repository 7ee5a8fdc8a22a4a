"""The private halves of issuer keys: files that one user can read. The public ones stand in the table issuer_key."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from ksdb.config import settings
from ksdb.core.errors import KsdbError


class KeyFileMissing(KsdbError):
    """The signing key of these cards is not on this machine. Put the key file back from its copy, then try again."""

    code = "key_file_missing"
    status = 503


@dataclass(frozen=True)
class SigningKey:
    """A private key, and the kid under which its tokens name it."""

    kid: int
    private_key: ec.EllipticCurvePrivateKey


def new_private_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def public_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The public half as the trust list has it: 65 bytes, an uncompressed point of X9.62."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def public_key(point: bytes) -> ec.EllipticCurvePublicKey:
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)


def key_path(kid: int, point: bytes) -> Path:
    """Where a private key lies. Its name carries the public half's hash: a kid of another database is another key."""
    return settings().keys_dir / f"issuer-{kid}-{hashlib.sha256(point).hexdigest()[:12]}.pem"


def write_key(kid: int, key: ec.EllipticCurvePrivateKey) -> Path:
    """Writes the key, unencrypted, for this user alone; the folder too is closed to others."""
    path = key_path(kid, public_bytes(key))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    return path


def signing_key(kid: int, point: bytes) -> SigningKey:
    """The key of that kid and public half, from its file. Raises KeyFileMissing."""
    path = key_path(kid, point)
    if not path.exists():
        raise KeyFileMissing
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or public_bytes(key) != point:
        raise KeyFileMissing
    return SigningKey(kid, key)
