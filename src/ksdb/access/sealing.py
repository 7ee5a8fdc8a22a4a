"""The seal of this room: how the secrets of second factors are kept, and how keys of limits are hashed."""

from base64 import b64decode, b64encode
from functools import cache

from ksdb.config import settings
from ksdb.core.seal import Sealer

SECOND_FACTOR = "second_factor"
LIMIT = "limit"


@cache
def sealer() -> Sealer:
    """The sealer with this installation's keys."""
    return Sealer(settings().secret("seal_key"), settings().secret("match_key"))


def sealed_text(text: str) -> str:
    """Sealed, as text: the library that keeps second factors keeps them in JSON."""
    return b64encode(sealer().seal(SECOND_FACTOR, text)).decode()


def opened_text(sealed: str) -> str:
    return sealer().open(SECOND_FACTOR, b64decode(sealed))
