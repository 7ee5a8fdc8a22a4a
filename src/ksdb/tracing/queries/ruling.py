"""Reads of rule sets with their versions, and two of them side by side on one case."""

from dataclasses import dataclass
from enum import StrEnum

from django.core.paginator import Page, Paginator
from django.db.models import Count, QuerySet

from ksdb.core.errors import NotFound
from ksdb.core.scope import Permission, Scope
from ksdb.places.queries import covers, province
from ksdb.tracing.models import Contact, RuleSet, Trace
from ksdb.tracing.queries import PAGE_ROWS, audit_people, case, people_of
from ksdb.tracing.report import Person

READ = Permission.TRACING_CASE_READ


class Side(StrEnum):
    """Which persons of a comparison to show."""

    FIRST = "first"
    SECOND = "second"
    BOTH = "both"


@dataclass(frozen=True)
class RulesRow:
    """The version of a rule set in force, and how many runs were made by any version of it."""

    rules: RuleSet
    runs: int


@dataclass(frozen=True)
class ComparedRow:
    """One person, with the seconds by each of the two."""

    person: Person
    first_seconds: int | None
    second_seconds: int | None


@dataclass(frozen=True)
class Comparison:
    """Two runs of one case: how many each names, how many both do, and a page of one part."""

    first: Trace
    second: Trace
    first_only: int
    second_only: int
    both: int
    side: Side
    rows: list[ComparedRow]
    page: Page[Contact]


def rules_in_force(scope: Scope) -> list[RulesRow]:
    """Of each code the latest version, retired ones last."""
    scope.require(READ)
    latest = RuleSet.objects.order_by("code", "-version").distinct("code")
    runs = dict(Trace.objects.values_list("rule_set__code").annotate(Count("id")))
    return sorted((RulesRow(one, runs.get(one.code, 0)) for one in latest), key=lambda row: row.rules.is_retired)


def versions_of(scope: Scope, code: str) -> list[RuleSet]:
    """All versions of a rule set, the latest first. Raises NotFound."""
    scope.require(READ)
    found = list(RuleSet.objects.filter(code=code).order_by("-version"))
    if not found:
        raise NotFound
    return found


def every_version(scope: Scope) -> list[RuleSet]:
    """Every version of every rule set, those in force first: an old version can be compared with the new one."""
    scope.require(READ)
    found = RuleSet.objects.order_by("code", "-version")
    latest = {one.code: one.version for one in reversed(found)}
    return sorted(
        found, key=lambda one: (one.is_retired, one.version != latest[one.code], -one.least_minutes, one.code)
    )


def may_write_rules(scope: Scope) -> bool:
    """Whether the actor's right reaches over the whole province."""
    allowed = scope.allows(Permission.TRACING_RULES_WRITE)
    return allowed and covers(scope, Permission.TRACING_RULES_WRITE, province(scope).pk)


def runs_to_compare(scope: Scope, case_id: int) -> list[Trace]:
    """The latest run of a case by each rule set, first generation."""
    runs = case(scope, case_id).traces.filter(generations=1).order_by("rule_set", "-id").distinct("rule_set")
    return list(runs.select_related("rule_set"))


def compared(scope: Scope, case_id: int, runs: tuple[int, int], side: Side, number: int = 1) -> Comparison:
    """Two runs of the case side by side, with at most 50 persons of one part; those named are audited."""
    owned = {one.pk: one for one in case(scope, case_id).traces.select_related("rule_set").filter(pk__in=runs)}
    if set(runs) != owned.keys():
        raise NotFound
    first, second = (owned[one] for one in runs)
    in_first, in_second = (one.contacts.values("resident_id") for one in (first, second))
    parts: dict[Side, QuerySet[Contact]] = {
        Side.FIRST: first.contacts.exclude(resident_id__in=in_second),
        Side.SECOND: second.contacts.exclude(resident_id__in=in_first),
        Side.BOTH: first.contacts.filter(resident_id__in=in_second),
    }
    page = Paginator(parts[side].order_by("-seconds", "id"), PAGE_ROWS).get_page(number)
    return Comparison(
        first=first,
        second=second,
        first_only=parts[Side.FIRST].count(),
        second_only=parts[Side.SECOND].count(),
        both=parts[Side.BOTH].count(),
        side=side,
        rows=_compared_rows(scope, first, second, page),
        page=page,
    )


def _compared_rows(scope: Scope, first: Trace, second: Trace, page: Page[Contact]) -> list[ComparedRow]:
    shown = [one.resident_id for one in page]
    people = people_of(scope, shown)
    audit_people(scope, [one for one, person in people.items() if person.name], first)
    seconds = [
        dict(run.contacts.filter(resident_id__in=shown).values_list("resident_id", "seconds"))
        for run in (first, second)
    ]
    return [ComparedRow(people[one], seconds[0].get(one), seconds[1].get(one)) for one in shown if one in people]
