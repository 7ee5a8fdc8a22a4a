"""Whose case is to be opened: found by number or name, and which case of the person is open already."""

from collections.abc import Sequence
from dataclasses import dataclass

from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.places.queries import covers, within
from ksdb.registry.models import Resident
from ksdb.registry.queries import FoundResidents, identities_of, residents_named
from ksdb.registry.searching import ResidentSearch
from ksdb.tracing.models import CaseRecord

WRITE = Permission.TRACING_CASE_WRITE


@dataclass(frozen=True)
class Candidate:
    """Somebody of that name; the number of the open case, where there is one already."""

    resident: Resident
    case_id: int | None


def people_named(scope: Scope, search: ResidentSearch) -> tuple[list[Candidate], FoundResidents]:
    """At most 50 residents of the jurisdiction, each audited with the purpose of tracing; searches are counted.

    Raises TooManySearches.
    """
    scope.require(WRITE)
    found = residents_named(scope, search, Purpose.CASE_TRACING)
    cases = open_cases(scope, [one.pk for one in found.residents])
    return [Candidate(one, cases.get(one.pk)) for one in found.residents], found


def open_cases(scope: Scope, resident_ids: Sequence[int]) -> dict[int, int]:
    """The latest open case of each of these records, where there is one in the jurisdiction."""
    mine = within(scope, Permission.TRACING_CASE_READ, "resident__division")
    found = CaseRecord.objects.filter(mine, resident__in=resident_ids, closed_at=None).order_by("id")
    return dict(found.values_list("resident_id", "pk"))


def open_case_of(scope: Scope, resident_id: int) -> CaseRecord | None:
    """The open case of this person, by whichever record it was opened."""
    scope.require(Permission.TRACING_CASE_READ)
    found = CaseRecord.objects.filter(resident__in=identities_of(scope, [resident_id]), closed_at=None)
    return found.select_related("profile").order_by("-id").first()


def may_open_for(scope: Scope, division_id: int) -> bool:
    """Whether one may open a case of somebody who lives there."""
    return scope.allows(WRITE) and covers(scope, WRITE, division_id)
