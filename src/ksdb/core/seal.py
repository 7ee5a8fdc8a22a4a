"""Encryption at rest and keyed matching: a sealed value can be opened, a match key can only be compared."""

import hashlib
import hmac
import os
from collections.abc import Mapping

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ksdb.core.errors import KsdbError


class KeyVersionUnknown(KsdbError):
    """A sealed number needs a key that this machine does not have. Ask the administrator for all `seal_key` files."""

    code = "key_version_unknown"


class KeyReplaced(KsdbError):
    """A secret is not the one this database was written with.

    Nothing was changed: put the named file back from its copy.
    """

    code = "key_replaced"
    status = 503


def check_value(key: bytes) -> bytes:
    """What may be kept beside the data to know the key again; it tells nothing of it."""
    return hmac.new(key, b"ksdb key check", hashlib.sha256).digest()[:16]


class Sealer:
    """Seals short texts with AES-256-GCM and derives keyed hashes for matching.

    A sealed value is `version of the key (1) · nonce (12) · ciphertext and tag`; the field name is authenticated with
    it, so a value moved to another column does not open. The newest key seals, each opens what it sealed. A match key
    is the first 16 bytes of HMAC-SHA-256.
    """

    def __init__(self, seal_keys: Mapping[int, bytes], match_key: bytes) -> None:
        self._ciphers = {version: AESGCM(key) for version, key in seal_keys.items()}
        self.newest = max(self._ciphers)
        self._match_key = match_key

    def seal(self, field: str, text: str) -> bytes:
        nonce = os.urandom(12)
        sealed = self._ciphers[self.newest].encrypt(nonce, text.encode(), field.encode())
        return bytes([self.newest]) + nonce + sealed

    def open(self, field: str, sealed: bytes) -> str:
        """The text that was sealed. Raises InvalidTag if it was altered, KeyVersionUnknown when its key is not here."""
        cipher = self._ciphers.get(sealed[0])
        if cipher is None:
            raise KeyVersionUnknown(sealed[0])
        return cipher.decrypt(sealed[1:13], sealed[13:], field.encode()).decode()

    def sealed_anew(self, field: str, sealed: bytes | None) -> bytes | None:
        """The same text under the newest key; what is under it already, and None, as it is."""
        if sealed is None or sealed[0] == self.newest:
            return sealed
        return self.seal(field, self.open(field, sealed))

    def match_key(self, field: str, text: str) -> bytes:
        return hmac.new(self._match_key, f"{field}:{text}".encode(), hashlib.sha256).digest()[:16]
