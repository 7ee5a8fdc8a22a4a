"""Keys as files: the private halves of issuer keys, the offline root, and the pinned public half of the root."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from ksdb.config import settings
from ksdb.core.errors import KsdbError
from ksdb.core.trust_list import point_of


class KeyFileMissing(KsdbError):
    """The signing key of these cards is not on this machine. Put the key file back from its copy, then try again."""

    code = "key_file_missing"
    status = 503


class RootUnknown(KsdbError):
    """No root key is pinned here. Run `ksdb keys anchor FILE.pub` with the public half of the root key."""

    code = "root_unknown"
    status = 409


class RootDiffers(KsdbError):
    """Another root key is pinned here: devices believe only that one. Read «A new root» in the runbook first."""

    code = "root_differs"
    status = 409


class RootUnreadable(KsdbError):
    """This file is no root key, or the passphrase is wrong. Take the file that `ksdb keys init` wrote."""

    code = "root_unreadable"
    status = 422


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
    _write_closed(path, pem)
    return path


def _write_closed(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


def write_root(path: Path, passphrase: bytes | None) -> ec.EllipticCurvePublicKey:
    """A new root key in a file that was not there, and its public half beside it as FILE.pub."""
    key = new_private_key()
    encryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    _write_closed(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    path.with_name(path.name + ".pub").write_text(public_bytes(key).hex() + "\n")
    return key.public_key()


def read_root(path: Path, passphrase: bytes | None) -> ec.EllipticCurvePrivateKey:
    """Raises RootUnreadable."""
    try:
        key = load_pem_private_key(path.read_bytes(), passphrase)
    except (ValueError, TypeError) as error:
        raise RootUnreadable from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise RootUnreadable
    return key


def read_public_root(path: Path) -> ec.EllipticCurvePublicKey:
    """Raises RootUnreadable."""
    try:
        return public_key(bytes.fromhex(path.read_text().strip()))
    except ValueError as error:
        raise RootUnreadable from error


def pinned_path() -> Path:
    return settings().keys_dir / "root.pub"


def pinned_root() -> ec.EllipticCurvePublicKey:
    """The root whose trust lists are believed here. Raises RootUnknown."""
    if not pinned_path().exists():
        raise RootUnknown
    return read_public_root(pinned_path())


def pin_root(key: ec.EllipticCurvePublicKey, *, replaces: bool = False) -> None:
    """From now on lists of this root are believed, and no other's. Raises RootDiffers unless `replaces`."""
    path = pinned_path()
    if path.exists() and not replaces and read_public_root(path) != key:
        raise RootDiffers
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_text(point_of(key).hex() + "\n")


def signing_key(kid: int, point: bytes) -> SigningKey:
    """The key of that kid and public half, from its file. Raises KeyFileMissing."""
    path = key_path(kid, point)
    if not path.exists():
        raise KeyFileMissing
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or public_bytes(key) != point:
        raise KeyFileMissing
    return SigningKey(kid, key)
