"""Encryption at rest and keyed matching: a sealed value can be opened, a match key can only be compared."""

import hashlib
import hmac
import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION = 1


class Sealer:
    """Seals short texts with AES-256-GCM and derives keyed hashes for matching.

    A sealed value is `version (1) · nonce (12) · ciphertext and tag`; the field name is authenticated with it, so a
    value moved to another column does not open. A match key is the first 16 bytes of HMAC-SHA-256.
    """

    def __init__(self, seal_key: bytes, match_key: bytes) -> None:
        self._cipher = AESGCM(seal_key)
        self._match_key = match_key

    def seal(self, field: str, text: str) -> bytes:
        nonce = os.urandom(12)
        return bytes([_VERSION]) + nonce + self._cipher.encrypt(nonce, text.encode(), field.encode())

    def open(self, field: str, sealed: bytes) -> str:
        """The text that was sealed. Raises InvalidTag if it was altered, ValueError on a version not known."""
        if sealed[0] != _VERSION:
            raise ValueError(sealed[0])
        return self._cipher.decrypt(sealed[1:13], sealed[13:], field.encode()).decode()

    def match_key(self, field: str, text: str) -> bytes:
        return hmac.new(self._match_key, f"{field}:{text}".encode(), hashlib.sha256).digest()[:16]
