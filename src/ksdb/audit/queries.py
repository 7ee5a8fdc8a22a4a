"""Reads of the audit trail: for auditors, for the public; and whether the trail is whole.

What a resident may know of his own record is told by `wallet.queries.mine.my_reads`.
"""

from collections.abc import Callable, Collection, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from django.core.paginator import Page, Paginator
from django.db import connection
from django.db.models import QuerySet
from django.utils.functional import cached_property

from ksdb.audit.anchors import anchors
from ksdb.audit.chain import Content, Fault, Kind, StoredLink, Walk
from ksdb.audit.models import Entry, Link
from ksdb.config import settings
from ksdb.core.clock import day_bounds
from ksdb.core.scope import Permission, Scope
from ksdb.postgres.named import sql

ROOM = "ksdb.audit"
READ = Permission.AUDIT_ENTRY_READ
PAGE_ROWS = 50
MOST_LISTED = 10_000
CHUNK = 5_000

Progress = Callable[[int, int], None]


class Asked(msgspec.Struct, frozen=True):
    """Which entries an auditor asks for; what is empty or None narrows nothing. Days are both included."""

    since: date | None = None
    until: date | None = None
    actor_id: int | None = None
    action: str = ""
    subject: str = ""
    subject_id: int | None = None
    purpose: str = ""
    case_id: int | None = None

    def conditions(self) -> dict[str, object]:
        """As filter arguments."""
        given = {
            "at__gte": self.since and day_bounds(self.since)[0],
            "at__lt": self.until and day_bounds(self.until)[1],
            "actor_id": self.actor_id,
            "action__startswith": self.action,
            "subject": self.subject,
            "subject_id": self.subject_id,
            "purpose": self.purpose,
            "case_id": self.case_id,
        }
        return {name: value for name, value in given.items() if value not in {None, ""}}

    def said(self) -> dict[str, object]:
        """As the trail keeps it: who looks at the trail stands in the trail."""
        given = msgspec.to_builtins(self)
        return {name: value for name, value in given.items() if value not in {None, ""}}


def details_of(scope: Scope, action: str, since: datetime) -> list[dict[str, Any]]:
    """What was written of an action of this person's own since then. One scan of his entries by index."""
    own = Entry.objects.filter(actor_id=scope.actor_id, action=action, at__gt=since)
    return list(own.values_list("detail", flat=True))


def written_about(scope: Scope, subject: tuple[str, Collection[int]], action: str) -> list[tuple[datetime, Any]]:
    """When an action was done to these subjects and what was written of it. Who asks shows them already.

    One index scan of their entries.
    """
    scope.require(Permission.REGISTRY_RESIDENT_READ)
    kind, numbers = subject
    found = Entry.objects.filter(subject=kind, subject_id__in=list(numbers), action=action)
    return list(found.values_list("at", "detail"))


class LatestPaginator(Paginator):  # type: ignore[type-arg]  # takes none at run time
    """Pages of the latest entries: whoever looks for older ones names days. Nothing counts a trail of years."""

    @cached_property
    def count(self) -> int:
        return min(self._counted, MOST_LISTED)

    @property
    def has_older(self) -> bool:
        return self._counted > MOST_LISTED

    @cached_property
    def _counted(self) -> int:
        found = self.object_list
        assert isinstance(found, QuerySet)  # noqa: S101 - entries_asked gives one
        return found.order_by()[: MOST_LISTED + 1].count()


def entries_asked(scope: Scope, asked: Asked, page: int | str | None = 1) -> Page[Entry]:
    """At most 50 of the latest 10,000 entries, latest first; pages look through `actions.look`. Index scans."""
    scope.require(READ)
    found = Entry.objects.filter(**asked.conditions()).order_by("-id")
    shown = LatestPaginator(found, PAGE_ROWS).get_page(page)
    shown.object_list = list(shown.object_list)
    return shown


def positions_of(scope: Scope, entry_ids: list[int]) -> dict[int, int]:
    """The place in the chain of each of the entries that has one already."""
    scope.require(READ)
    return dict(Link.objects.filter(entry_id__in=entry_ids).values_list("entry_id", "position"))


def actors(scope: Scope) -> list[tuple[int, str]]:
    """Number and sign-in name of each account in the trail, by name."""
    scope.require(READ)
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "actors"))
        return list(cursor.fetchall())


def subjects(scope: Scope) -> list[str]:
    """The kinds of subjects in the trail."""
    scope.require(READ)
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "subjects"))
        return [kind for (kind,) in cursor.fetchall()]


class PurposeCount(msgspec.Struct, frozen=True):
    """Entries of one purpose in a month, by how many accounts, of how many residents."""

    purpose: str
    reads: int
    readers: int
    residents: int


def counts_of_month(scope: Scope, month: date) -> list[PurposeCount]:
    """One row per purpose that occurred in the calendar month of that day. Small ones are not to be published."""
    scope.require(READ)
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "counts_by_purpose"), dict(zip(("since", "until"), _month(month), strict=True)))
        return [PurposeCount(*row) for row in cursor.fetchall()]


def _month(day: date) -> tuple[datetime, datetime]:
    first = day.replace(day=1)
    next_first = (first + timedelta(days=31)).replace(day=1)
    return day_bounds(first)[0], day_bounds(next_first)[0]


def faults(scope: Scope, progress: Progress | None = None, copied: Path | None = None) -> Iterator[Fault]:
    """Everything that is wrong with the trail, in the order of the chain; nothing if it is whole.

    Held against the anchors of this machine and against a copy of them from elsewhere, which counts where they differ.
    Reads the whole trail once. Entries that were written and not yet chained are no fault.
    """
    scope.require(READ)
    walk = Walk(settings().secret("audit_key"), anchors() | (anchors(copied) if copied else {}))
    last = Link.objects.order_by("-position").values_list("position", flat=True).first() or 0
    while links := _links_after(walk.head.position):
        yield from walk.follow(links)
        if progress:
            progress(walk.head.position, max(last, walk.head.position))
    yield from walk.end()
    yield from (Fault(Kind.REMOVED, None, entry_id) for entry_id in _numbers("waiting_and_gone"))
    yield from (Fault(Kind.UNCHAINED, None, entry_id) for entry_id in _numbers("entries_without_link"))


def _links_after(position: int) -> list[StoredLink]:
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "links_after"), {"position": position, "most": CHUNK})
        return [
            StoredLink(at, entry_id, bytes(previous), bytes(own), Content(*entry) if entry[0] is not None else None)
            for at, entry_id, previous, own, *entry in cursor.fetchall()
        ]


def _numbers(name: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, name))
        return [number for (number,) in cursor.fetchall()]
