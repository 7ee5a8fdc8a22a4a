"""Writes to the audit trail: entries, and the links that chain them. Nothing is ever changed."""

import json
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.paginator import Page
from django.db import connection, transaction

from ksdb.audit.anchors import keep_anchor
from ksdb.audit.chain import START, Content, Head, hash_after
from ksdb.audit.models import Entry
from ksdb.audit.queries import Asked, entries_asked
from ksdb.config import settings
from ksdb.core.clock import now
from ksdb.core.errors import NotAllowed
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.postgres.named import sql

ROOM = "ksdb.audit"
MOST_AT_ONCE = 2_000

_here = threading.local()


def record(
    scope: Scope,
    action: str,
    subject: tuple[str, int] | None = None,
    purpose: str = "",
    detail: Mapping[str, object] | None = None,
) -> None:
    """Writes one entry in the caller's transaction, so that an act and its trace stand or fall together."""
    record_many(scope, action, [subject] if subject else [None], purpose, detail)


def record_many(
    scope: Scope,
    action: str,
    subjects: Sequence[tuple[str, int] | None],
    purpose: str = "",
    detail: Mapping[str, object] | None = None,
) -> None:
    """One entry for each subject: a page that lists persons reads each of them. `case` of the detail has its column.

    Chained as soon as the transaction is through; nobody waits for another's entries.
    """
    facts = dict(detail or {})
    written: dict[str, Any] = {
        "at": now(),
        "actor_id": scope.actor_id,
        "actor_name": scope.actor_name,
        "action": action,
        "purpose": purpose,
        "case_id": facts.pop("case", None),
        "address": scope.address or None,
        "detail": json.dumps(facts),
        "kinds": [subject[0] if subject else "" for subject in subjects],
        "numbers": [subject[1] if subject else None for subject in subjects],
    }
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "write"), written)
        _here.is_unchained = True
        transaction.on_commit(_chain_what_waits, robust=True)  # failing, it leaves the entries to the next minute's job


def record_deleted(scope: Scope, action: str, count: int, detail: Mapping[str, object] | None = None) -> int:
    """Proof that what was past its time is gone: how many rows. Nothing is written where nothing went. The count."""
    if count:
        record(scope, action, detail={"count": count, **(detail or {})})
    return count


def look(scope: Scope, asked: Asked, page: int | str | None = 1) -> Page[Entry]:
    """A page of the trail for an auditor; that he looked, and for what, is written to it."""
    shown = entries_asked(scope, asked, page)
    subject = (asked.subject, asked.subject_id) if asked.subject and asked.subject_id else None
    record(scope, Permission.AUDIT_ENTRY_READ, subject, Purpose.AUDIT, {"asked": asked.said(), "page": shown.number})
    return shown


def seal_entries(scope: Scope) -> int:
    """Chains all that waits, and anchors the end of the chain; returns how many links are new."""
    if not scope.is_system:
        raise NotAllowed
    count = 0
    while made := _lengthen(waits=True):
        count += made
    keep_anchor(_head())
    return count


def _chain_what_waits() -> None:
    """Once for all entries of a transaction.

    Leaves it to whoever is at it already: he, the next writer, or the job of the minute takes ours along.
    """
    if getattr(_here, "is_unchained", False):
        _here.is_unchained = _lengthen(waits=False) == MOST_AT_ONCE


@transaction.atomic
def _lengthen(*, waits: bool) -> int:
    """Links for at most MOST_AT_ONCE entries. The lock is released with the commit, so links are made one by one."""
    lock = "lock_chain" if waits else "try_lock_chain"
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, lock))
        if cursor.fetchone()[0] is False:
            return 0
        cursor.execute(sql(ROOM, "unsealed"), {"most": MOST_AT_ONCE})
        waiting = [Content(*row) for row in cursor.fetchall()]
        if waiting:
            links = _links(_head(), waiting)
            cursor.execute(sql(ROOM, "append_links"), links)
        return len(waiting)


def _head() -> Head:
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "head"))
        row = cursor.fetchone()
    return Head(row[0], bytes(row[1])) if row else START


def _links(head: Head, waiting: Sequence[Content]) -> dict[str, list[object]]:
    key = settings().secret("audit_key")
    columns: dict[str, list[object]] = {"positions": [], "entries": [], "previous": [], "hashes": []}
    for content in waiting:
        after = Head(head.position + 1, hash_after(key, head, content))
        for name, value in zip(columns, (after.position, content.id, head.hash, after.hash), strict=True):
            columns[name].append(value)
        head = after
    return columns
