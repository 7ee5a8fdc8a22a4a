"""Publishes the status list: a new serial whenever a card changed, and now and then to show that it is fresh."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np
from django.db import connection, transaction

from ksdb.cards.keys import KeyFileMissing, signing_key
from ksdb.cards.models import IssuerKey, StatusList
from ksdb.cards.queries.keys import newest_status_list
from ksdb.core.clock import now
from ksdb.core.cose import ListFault, taken_apart
from ksdb.core.errors import KsdbError
from ksdb.core.scope import Permission, Scope
from ksdb.core.status_list import (
    CAPACITY,
    KIND,
    LISTED,
    Signer,
    Statuses,
    changes_between,
    empty,
    listed_in,
    sign_head,
    sign_status_list,
)
from ksdb.core.token import Usage, expiry
from ksdb.postgres.named import sql

FRESH: Final = timedelta(minutes=15)
"""So often a new serial comes also when nothing changed: its age tells a scanner how long it has been cut off."""
KEPT: Final = timedelta(days=7)
"""A device that was away for longer gets the whole list."""

_PACKED: Final = np.dtype([("index", ">i4"), ("status", ">i2")])
_WORDS: Final = np.array([LISTED[status] for status in sorted(LISTED)], np.uint8)


class NoStatusKey(KsdbError):
    """There is no key for status lists on this machine. Make one: `ksdb keys make --usage status`."""

    code = "no_status_key"
    status = 503


@dataclass(frozen=True)
class Published:
    """What was published: the serial, and how many cards differ from the list before."""

    serial: int
    changed: int
    byte_count: int


@transaction.atomic
def publish_status_list(scope: Scope) -> Published | None:
    """A new status list, if any card changed or the newest is no longer fresh. Raises NoStatusKey.

    Reads every card once: half a second at 1.2 million. Publishers wait for each other.
    """
    scope.require(Permission.CARDS_KEY_MANAGE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('ksdb.cards.status_list'))")
    at = now()
    newest = newest_status_list(scope)
    statuses = _statuses()
    changes = changes_between(_before(newest), statuses)
    if newest and not changes and at - newest.made_at < FRESH and newest.kid == _signer_row().kid:
        return None
    signer = _signer()
    serial = max(expiry(at), newest.serial + 1 if newest else 1)
    token = sign_status_list(statuses, serial, at, signer)
    head = sign_head(statuses, serial, at, signer)
    StatusList.objects.create(serial=serial, made_at=at, kid=signer.kid, changes=changes, head=head, token=token)
    older = StatusList.objects.filter(serial__lt=serial)
    older.filter(token__isnull=False).update(token=None)
    older.filter(made_at__lt=at - KEPT).delete()
    return Published(serial, len(changes) // 4, len(token))


def _statuses() -> Statuses:
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.cards", "all_statuses"))
        (packed,) = cursor.fetchone()
    rows = np.frombuffer(bytes(packed or b""), _PACKED)
    statuses = empty()
    rows = rows[rows["index"] < CAPACITY]
    statuses[rows["index"]] = _WORDS[rows["status"]]
    return statuses


def _before(newest: StatusList | None) -> Statuses:
    """What the newest list says; it is our own, so its signature is not asked again."""
    message = taken_apart(bytes(newest.token), KIND) if newest and newest.token else ListFault.UNREADABLE
    found = None if isinstance(message, ListFault) else listed_in(message)
    return empty() if found is None else found


def _signer_row() -> IssuerKey:
    at = now()
    usable = IssuerKey.objects.filter(
        usage=Usage.STATUS, retired_at=None, closed_at=None, not_before__lte=at, not_after__gt=at
    )
    # The newest that scanners know; before there is a trust list, the newest.
    key = usable.filter(announced_in__isnull=False).order_by("-kid").first() or usable.order_by("-kid").first()
    if key is None:
        raise NoStatusKey
    return key


def _signer() -> Signer:
    row = _signer_row()
    try:
        key = signing_key(row.kid, bytes(row.public_key))
    except KeyFileMissing as error:
        raise NoStatusKey from error
    return Signer(key.kid, key.private_key)
