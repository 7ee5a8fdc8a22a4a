"""The seal of this installation, and how the secrets of second factors are kept under it."""

from base64 import b64decode, b64encode
from functools import cache

from django.db import connection

from ksdb.config import seal_key_name, settings
from ksdb.core.seal import KeyReplaced, KeyVersionUnknown, Sealer, check_value
from ksdb.postgres.named import sql

SECOND_FACTOR = "second_factor"
LIMIT = "limit"


@cache
def sealer() -> Sealer:
    """The sealer with this installation's keys. Raises KeyReplaced when they are not those of the database."""
    require_known_keys()
    return Sealer(settings().seal_keys(), settings().secret("match_key"))


def keys_here() -> dict[str, bytes]:
    """The keys of this machine by the name of their secret."""
    seals = {seal_key_name(version): key for version, key in settings().seal_keys().items()}
    return {**seals, "match_key": settings().secret("match_key")}


def known_checks() -> dict[str, bytes]:
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.access", "key_checks"))
        return {name: bytes(value) for name, value in cursor.fetchall()}


def require_known_keys() -> None:
    """Raises KeyReplaced, with the names, when a key here is not the one the database knows or the newest is missing.

    An older seal key may be missing: after a rotation nothing may need it any more.
    """
    known, here = known_checks(), keys_here()
    wrong = [name for name, key in here.items() if name in known and known[name] != check_value(key)]
    seals = [name for name in known if name != "match_key"]
    newest = max(seals, key=lambda name: int(name.removeprefix("seal_key").strip("_") or 1), default="match_key")
    wrong += [newest] if newest not in here else []
    if wrong:
        raise KeyReplaced(", ".join(sorted(wrong)))


def remember_keys() -> None:
    """Notes at the database which keys it is written with. Only as the owner, and after they were proved."""
    with connection.cursor() as cursor:
        for name, key in keys_here().items():
            cursor.execute(sql("ksdb.access", "remember_key"), {"name": name, "value": check_value(key)})


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
