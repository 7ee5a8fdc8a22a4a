"""Rotation of the seal key: every sealed value of every room is written anew under the newest key."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from ksdb.access.resealing import SealedColumn, seal_columns_anew, sealed_columns, versions_in
from ksdb.config import MOST_SEAL_KEYS, make_secret, seal_key_name, settings
from ksdb.core.errors import KsdbError
from ksdb.core.seal import Sealer
from ksdb.postgres.named import sql
from ksdb.registry.sealing import ID_NUMBER, PHONE, sealer

ROOM = "ksdb.registry"
TABLE = "resident"
BATCH = 2_000


class SealKeyNeeded(KsdbError):
    """A new seal key must be given: this machine has its keys from elsewhere. Set KSDB_SEAL_KEY_<n>, then run again."""

    code = "seal_key_needed"
    status = 409


def versions_in_use() -> Counter[int]:
    """How many values of all rooms each version of the key has sealed. Reads each of their tables once."""
    found = versions_in(_columns_of_others())
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "seal_versions"))
        found.update(dict(cursor.fetchall()))
    return found


def _columns_of_others() -> list[SealedColumn]:
    return [column for column in sealed_columns() if column.table != TABLE]


def make_newest_key() -> int:
    """A key with the next version, beside the newest one in `<var>/secrets`; sealing uses it from now on."""
    newest = max(settings().seal_keys())
    folder = settings().var_dir / "secrets"
    if newest == MOST_SEAL_KEYS or not (folder / seal_key_name(newest)).exists():
        raise SealKeyNeeded
    path: Path = folder / seal_key_name(newest + 1)
    make_secret(path)
    sealer.cache_clear()
    return newest + 1


def seal_anew() -> Iterator[int]:
    """Batch after batch, each in a transaction of its own; gives how many values each had.

    Residents first, whose two numbers are written at once. Only what is still as it was read is written: who changes
    a number meanwhile wins, and has it sealed already.
    """
    after = 0
    while rows := _under_older_keys(after):
        after = rows[-1][0]
        yield _write(rows)
    yield from seal_columns_anew(_columns_of_others())


Row = tuple[int, bytes | None, bytes | None]


def _under_older_keys(after: int) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "sealed_with_others"), {"after": after, "newest": sealer().newest, "most": BATCH})
        return [(number, _bytes(one), _bytes(other)) for number, one, other in cursor.fetchall()]


def _bytes(given: bytes | memoryview | None) -> bytes | None:
    return None if given is None else bytes(given)


@transaction.atomic
def _write(rows: list[Row]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "write_sealed_anew"), given_anew(rows, sealer()))
    return sum(one is not None and one[0] != sealer().newest for row in rows for one in row[1:])


def given_anew(rows: list[Row], under: Sealer) -> dict[str, list[Any]]:
    """What `write_sealed_anew` takes: the values as they are, and as that sealer seals them."""
    ids, id_numbers, phones = (list(column) for column in zip(*rows, strict=True))
    return {
        "ids": ids,
        "id_numbers": [under.sealed_anew(ID_NUMBER, one) for one in id_numbers],
        "phones": [under.sealed_anew(PHONE, one) for one in phones],
        "old_id_numbers": id_numbers,
        "old_phones": phones,
    }
