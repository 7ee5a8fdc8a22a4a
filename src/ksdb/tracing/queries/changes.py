"""Reads of what a repeated run changed, and of runs whose change nobody has seen yet."""

from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.db.models import F, Q, QuerySet

from ksdb.core.scope import Permission, Scope
from ksdb.places.queries import within
from ksdb.registry.models import Resident
from ksdb.tracing.models import Trace, TraceChange, TraceSeen
from ksdb.tracing.queries import PAGE_ROWS, audit_people, people_of, trace
from ksdb.tracing.report import Person

READ = Permission.TRACING_CASE_READ
MOST_NOTICES = 20


@dataclass(frozen=True)
class ChangeRow:
    """One contact that a run found otherwise: in seconds, None where there was or is none."""

    person: Person
    seconds_before: int | None
    seconds_after: int | None

    @property
    def kind(self) -> str:
        if self.seconds_before is None:
            return "new"
        return "gone" if self.seconds_after is None else "changed"

    @property
    def minutes_before(self) -> int | None:
        return None if self.seconds_before is None else self.seconds_before // 60

    @property
    def minutes_after(self) -> int | None:
        return None if self.seconds_after is None else self.seconds_after // 60


@dataclass(frozen=True)
class ChangesPage:
    """A run with the one it repeats, and a page of what differs."""

    trace: Trace
    rows: list[ChangeRow]
    page: Page[TraceChange]


def unseen_changes(scope: Scope) -> tuple[list[Trace], int]:
    """Runs of open cases that a job repeated, that differ and that the actor has not seen: the latest, and how many."""
    found = _unseen(scope)
    return list(found.select_related("rule_set", "case")[:MOST_NOTICES]), found.count()


def _unseen(scope: Scope) -> QuerySet[Trace]:
    mine = within(scope, READ, "case__resident__division")
    runs = Trace.objects.filter(mine, is_automatic=True, case__closed_at=None)
    differ = runs.exclude(Q(new_count=0) & Q(gone_count=0) & Q(changed_count=0))
    return differ.exclude(pk__in=TraceSeen.objects.filter(account_id=scope.actor_id or 0).values("trace"))


def is_seen(scope: Scope, trace_id: int) -> bool:
    """Whether the actor has noted that he has seen what the run changed."""
    scope.require(READ)
    return TraceSeen.objects.filter(trace=trace_id, account_id=scope.actor_id or 0).exists()


def trace_changes(scope: Scope, trace_id: int, number: int = 1) -> ChangesPage:
    """At most 50 contacts that differ: new ones first, then gone ones, then other minutes. Those named are audited."""
    found = trace(scope, trace_id)
    ordered = found.changes.order_by(
        F("seconds_before").asc(nulls_first=True), F("seconds_after").asc(nulls_first=True), "id"
    )
    page = Paginator(ordered, PAGE_ROWS).get_page(number)
    people = people_of(scope, [one.resident_id for one in page])
    audit_people(scope, [one for one, person in people.items() if person.name], found)
    nobody = Person(0, None, None, "")
    rows = [ChangeRow(people.get(c.resident_id, nobody), c.seconds_before, c.seconds_after) for c in page]
    return ChangesPage(found, rows, page)


def merged_since(scope: Scope, found: Trace) -> int:
    """How many contacts of a run are by now known to be a record of somebody else."""
    scope.require(READ)
    merged = Resident.objects.exclude(merged_into=None).filter(pk__in=found.contacts.values("resident_id"))
    return merged.count()
