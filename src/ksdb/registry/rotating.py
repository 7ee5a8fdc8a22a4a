"""Rotation of the key that seals ID numbers and phones: every sealed value is written anew under the newest key."""

from collections.abc import Iterator
from pathlib import Path

from django.db import connection, transaction

from ksdb.config import MOST_SEAL_KEYS, make_secret, seal_key_name, settings
from ksdb.core.errors import KsdbError
from ksdb.postgres.named import sql
from ksdb.registry.sealing import ID_NUMBER, PHONE, sealer

ROOM = "ksdb.registry"
BATCH = 2_000


class SealKeyNeeded(KsdbError):
    """A new seal key must be given: this machine has its keys from elsewhere. Set KSDB_SEAL_KEY_<n>, then run again."""

    code = "seal_key_needed"
    status = 409


def versions_in_use() -> dict[int, int]:
    """How many values each version of the key has sealed. Reads every resident once."""
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "seal_versions"))
        return dict(cursor.fetchall())


def count_under_older_keys() -> int:
    """Residents with a value that another key than the newest sealed. Reads every resident once."""
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "count_sealed_with_others"), {"newest": sealer().newest})
        return int(cursor.fetchone()[0])


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
    """Batch after batch, each in a transaction of its own; gives how many residents each had.

    Only what is still as it was read is written: who changes a number meanwhile wins, and has it sealed already.
    """
    after = 0
    while rows := _under_older_keys(after):
        after = rows[-1][0]
        _write(rows)
        yield len(rows)


Row = tuple[int, bytes | None, bytes | None]


def _under_older_keys(after: int) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "sealed_with_others"), {"after": after, "newest": sealer().newest, "most": BATCH})
        return [(number, _bytes(one), _bytes(other)) for number, one, other in cursor.fetchall()]


def _bytes(given: bytes | memoryview | None) -> bytes | None:
    return None if given is None else bytes(given)


@transaction.atomic
def _write(rows: list[Row]) -> None:
    seal = sealer().sealed_anew
    ids, id_numbers, phones = (list(column) for column in zip(*rows, strict=True))
    given = {
        "ids": ids,
        "id_numbers": [seal(ID_NUMBER, one) for one in id_numbers],
        "phones": [seal(PHONE, one) for one in phones],
        "old_id_numbers": id_numbers,
        "old_phones": phones,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "write_sealed_anew"), given)
