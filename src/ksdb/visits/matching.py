"""Scans of other systems' codes find their residents: those that came in, and those of people registered since."""

from dataclasses import dataclass
from typing import Final

from django.db import connection, transaction

from ksdb.postgres.named import sql
from ksdb.registry.scan_keys import be_alone, fill_batch, note_versions, scan_key

ROOM: Final = "ksdb.visits"
BATCH: Final = 2_000


@dataclass
class Matched:
    """What one look did: hashes of devices replaced, residents' keys made, and visits that have their resident now."""

    replaced: int = 0
    keys: int = 0
    visits: int = 0


def match_scans() -> Matched:
    """Goes in batches, each a transaction, and one at a time: of two that are made at once each sees the other."""
    done = Matched()
    note_versions()
    while (keys := _fill(done)) is not None:
        done.keys += len(keys)
    while _replace(done):
        pass
    return done


@transaction.atomic
def _fill(done: Matched) -> list[bytes] | None:
    be_alone()
    keys = fill_batch()
    if keys:
        done.visits += _matched(keys)
    return keys


@transaction.atomic
def _replace(done: Matched) -> int:
    be_alone()
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "device_hashes"), {"most": BATCH})
        sent = [bytes(row[0]) for row in cursor.fetchall()]
        if not sent:
            return 0
        made = [scan_key(one) for one in sent]
        cursor.execute(sql(ROOM, "rekey_scans"), {"sent": sent, "made": made})
        done.replaced += int(cursor.fetchone()[0])
    done.visits += _matched(made)
    return len(sent)


def _matched(keys: list[bytes]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "match_scans"), {"keys": keys})
        return int(cursor.fetchone()[0])
