"""What a row of the table of keys says to a reader: the key as the trust list has it."""

from datetime import datetime
from typing import Protocol

from ksdb.cards.keys import public_key
from ksdb.core import token


class KeyRow(Protocol):
    """What is needed of a row of `issuer_key`."""

    kid: int
    public_key: bytes | memoryview
    usage: str
    not_before: datetime
    not_after: datetime
    retired_at: datetime | None


def trusted(key: KeyRow) -> token.IssuerKey:
    """A retired key ends when it was retired: scans from before stay what they were."""
    until = min(key.not_after, key.retired_at or key.not_after)
    return token.IssuerKey(
        kid=key.kid,
        public_key=public_key(bytes(key.public_key)),
        usage=token.Usage(key.usage),
        not_before=token.expiry(key.not_before),
        not_after=max(token.expiry(until), token.expiry(key.not_before)),
    )
