"""The seal of this installation, and how the secrets of second factors are kept under it."""

from base64 import b64decode, b64encode
from functools import cache

from ksdb.config import settings
from ksdb.core.seal import KeyVersionUnknown, Sealer

SECOND_FACTOR = "second_factor"
LIMIT = "limit"


@cache
def sealer() -> Sealer:
    """The sealer with this installation's keys."""
    return Sealer(settings().seal_keys(), settings().secret("match_key"))


def sealer_of_now() -> Sealer:
    """The sealer with the keys as they lie there now: for whoever begins to write many, beside a rotation."""
    sealer.cache_clear()
    return sealer()


def opened(field: str, sealed: bytes) -> str:
    """The text that was sealed, also with a key that was made since this process began."""
    try:
        return sealer().open(field, sealed)
    except KeyVersionUnknown:
        return sealer_of_now().open(field, sealed)


def sealed_text(text: str) -> str:
    """Sealed, as text: the library that keeps second factors keeps them in JSON."""
    return b64encode(sealer().seal(SECOND_FACTOR, text)).decode()


def opened_text(sealed: str) -> str:
    return opened(SECOND_FACTOR, b64decode(sealed))


def resealed_text(sealed: str) -> str:
    """The same under the newest key."""
    return b64encode(sealer().sealed_anew(SECOND_FACTOR, b64decode(sealed)) or b"").decode()
