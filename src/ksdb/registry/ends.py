"""Keys of the last four digits of ID numbers and phones, for the records that came without: written in batches."""

from django.db import connection, transaction

from ksdb.postgres.named import sql
from ksdb.registry.sealing import END_DIGITS, ID_NUMBER, PHONE, end_key, opened, sealer

ROOM = "ksdb.registry"
BATCH = 2_000


def fill_ends() -> int:
    """Gives every number the key of its end; returns how many records lacked one. One index probe when none does."""
    count = 0
    while written := _fill_batch():
        count += written
    return count


@transaction.atomic
def _fill_batch() -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "without_ends"), {"most": BATCH})
        rows = cursor.fetchall()
        given = {
            "ids": [row[0] for row in rows],
            "id_number_ends": [_end(ID_NUMBER, row[1]) for row in rows],
            "phone_ends": [_end(PHONE, row[2]) for row in rows],
        }
        cursor.execute(sql(ROOM, "write_ends"), given)
    return len(rows)


def _end(field: str, sealed: bytes | memoryview | None) -> int | None:
    return end_key(sealer(), field, opened(field, bytes(sealed))[-END_DIGITS:]) if sealed else None
