"""By which keys the numbers in other systems' codes are known again: of each resident's ID number one per device key.

A device sends a hash of the number under a key that all devices have. Whoever holds that key and such a hash finds the
number by trying all there are; so the registry keeps, and compares, hashes of these hashes under its own `match_key`.
"""

import hashlib
import hmac
from collections.abc import Iterable

from django.db import connection, transaction

from ksdb.config import settings
from ksdb.core.seal import check_value
from ksdb.postgres.named import sql
from ksdb.registry.sealing import ID_NUMBER, opened, sealer

ROOM = "ksdb.registry"
BATCH = 2_000
FIELD = "scan_key"


def device_hash(device_key: bytes, number: str) -> bytes:
    """What a device makes of a number: the first 16 bytes of HMAC-SHA-256."""
    return hmac.new(device_key, number.encode(), hashlib.sha256).digest()[:16]


def scan_key(hashed: bytes) -> bytes:
    """What the registry makes of that, without ever knowing the number."""
    return sealer().match_key(FIELD, hashed.hex())


def be_alone() -> None:
    """Until the transaction ends nobody else fills or matches keys."""
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "alone_with_scan_keys"))


@transaction.atomic
def note_versions() -> bool:
    """Sees to it that everybody gets keys under each key of devices; says whether one was new."""
    be_alone()
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "scan_key_versions"))
        known = {version: bytes(proof) for version, proof in cursor.fetchall()}
        here = {version: check_value(key) for version, key in settings().foreign_keys().items()}
        new = {version: proof for version, proof in here.items() if known.get(version) != proof}
        for version, proof in new.items():
            cursor.execute(sql(ROOM, "note_scan_key_version"), {"version": version, "proof": proof})
        if new:
            cursor.execute(sql(ROOM, "want_all_scan_keys"))
    return bool(new)


def fill_batch() -> list[bytes] | None:
    """Makes the keys of some residents who lack them; the keys, or None when nobody does."""
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "take_wanted_scan_keys"), {"most": BATCH})
        taken = cursor.fetchall()
        rows = list(_keys_of((resident_id, sealed) for resident_id, sealed in taken if sealed is not None))
        if rows:
            residents, versions, keys = map(list, zip(*rows, strict=True))
            cursor.execute(sql(ROOM, "write_scan_keys"), {"residents": residents, "versions": versions, "keys": keys})
    return [key for _, _, key in rows] if taken else None


def _keys_of(residents: Iterable[tuple[int, bytes]]) -> Iterable[tuple[int, int, bytes]]:
    device_keys = settings().foreign_keys()
    for resident_id, sealed in residents:
        number = opened(ID_NUMBER, bytes(sealed))
        for version, device_key in device_keys.items():
            yield resident_id, version, scan_key(device_hash(device_key, number))
