"""How far the follow-up is, per case and per ward, in numbers alone; and what a newer run would change."""

from collections.abc import Sequence
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet

from ksdb.core.clock import today
from ksdb.core.errors import NotFound
from ksdb.core.scope import Permission, Scope
from ksdb.followup.models import DayEntry, Drill, FollowedCase, FollowUp, Source
from ksdb.followup.queries.following import CaseProgress, Change, WardCount
from ksdb.followup.states import WATCHED
from ksdb.places.queries import within
from ksdb.registry.queries import identities_of, persons_of
from ksdb.tracing.models import Contact, Trace
from ksdb.tracing.queries import trace

READ = Permission.TRACING_CASE_READ
PAGE_ROWS = 50


def followed_cases(scope: Scope, number: int | None = 1) -> tuple[Page[FollowedCase], list[CaseProgress]]:
    """A page of at most 50 cases that are followed, latest first. Numbers alone, so nobody is audited."""
    page = Paginator(_followed(scope).order_by("-case_id"), PAGE_ROWS).get_page(number)
    return page, _progress(list(page))


def _followed(scope: Scope) -> QuerySet[FollowedCase]:
    condition = within(scope, READ, "case__resident__division")
    return FollowedCase.objects.filter(condition).select_related("case", "trace__rule_set")


def progress_of(scope: Scope, case_id: int) -> CaseProgress:
    """How far the follow-up of a case is. Raises NotFound when it is not followed, or outside the jurisdiction."""
    found = list(_followed(scope).filter(case=case_id))
    if not found:
        raise NotFound
    return _progress(found)[0]


def is_followed(scope: Scope, case_id: int) -> bool:
    """Whether the contacts of a case of the jurisdiction are followed."""
    return _followed(scope).filter(case=case_id).exists()


def _progress(found: Sequence[FollowedCase]) -> list[CaseProgress]:
    ids = [one.case_id for one in found]
    counts = {case_id: _summed(FollowUp.objects.filter(_of_case(case_id)), case_id) for case_id in ids}
    calls = _calls(ids)
    newest = dict(Trace.objects.filter(case__in=ids).values_list("case").annotate(newest=Max("pk")))
    drills = set(Drill.objects.filter(case_id__in=ids).values_list("case_id", flat=True))
    return [_one(each, counts[each.case_id], calls[each.case_id], newest, drills) for each in found]


def _one(
    found: FollowedCase, counts: WardCount, calls: dict[str, Any], newest: dict[int, int], drills: set[int | None]
) -> CaseProgress:
    newer = newest.get(found.case_id, found.trace_id)
    return CaseProgress(
        case_id=found.case_id,
        trace_id=found.trace_id,
        confirmed_at=found.case.opened_at,
        listed_at=found.started_at,
        first_call_at=calls["first"],
        last_call_at=None if counts.to_call else calls["last"],
        counts=counts,
        newer_trace=newer if newer > found.trace_id else None,
        is_drill=found.case_id in drills,
    )


def _calls(case_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The first and the last of the first calls, of people who are contacts still. Two numbers a case."""
    standing = Source.objects.filter(case__in=case_ids, gone_by=None).values("case")
    rows = standing.annotate(first=Min("follow_up__first_called_at"), last=Max("follow_up__first_called_at"))
    found: dict[int, dict[str, Any]] = {row["case"]: {"first": row["first"], "last": row["last"]} for row in rows}
    return {case_id: {"first": None, "last": None} for case_id in case_ids} | found


def _of_case(case_id: int) -> Q:
    return Q(Exists(Source.objects.filter(follow_up=OuterRef("pk"), case=case_id, gone_by=None)))


def _summed(found: QuerySet[FollowUp], case_id: int) -> WardCount:
    """Closed follow-ups count as people, called and reached; what is due only of open ones."""
    counts = _with_entry(found).aggregate(**_aggregates())
    gone = Source.objects.filter(case=case_id).exclude(gone_by=None).count()
    return WardCount(case_id, "", **{**counts, "gone": gone})


def _with_entry(found: QuerySet[FollowUp]) -> QuerySet[FollowUp]:
    return found.annotate(entered=Exists(DayEntry.objects.filter(follow_up=OuterRef("pk"), on=today())))


def _aggregates() -> dict[str, Count]:
    watched = Q(closed_at=None, is_contact=True, status__in=WATCHED, until_on__gte=today())
    still = Q(closed_at=None, is_contact=True)
    return {
        "people": Count("pk"),
        "to_call": Count("pk", filter=still & Q(first_called_at=None)),
        "called": Count("pk", filter=~Q(first_called_at=None)),
        "reached": Count("pk", filter=~Q(reached_at=None)),
        "watched": Count("pk", filter=watched),
        "with_entry": Count("pk", filter=watched & Q(entered=True)),
        "overdue": Count("pk", filter=still & Q(next_on__lt=today())),
        "gone": Count("pk", filter=Q(closed_at=None, is_contact=False)),
    }


def ward_counts(scope: Scope, case_id: int | None = None) -> list[WardCount]:
    """One row per ward with open follow-ups of the jurisdiction, most overdue first; of one case when asked."""
    found = FollowUp.objects.filter(within(scope, Permission.FOLLOWUP_LIST_READ))
    found = found.filter(_of_case(case_id)) if case_id is not None else found.filter(closed_at=None)
    rows = _with_entry(found).values_list("ward", "ward__name").annotate(**_aggregates())
    counts = [WardCount(*row) for row in rows]
    return sorted(counts, key=lambda one: (-one.overdue, -one.to_call, one.name))


def change_by(scope: Scope, trace_id: int) -> Change:
    """What following this run would change: who comes, who is no longer a contact, who stays. Numbers alone."""
    found = trace(scope, trace_id)
    contacts = {one.resident_id for one in contacts_to_follow(scope, found)}
    followed = set(
        Source.objects.filter(case=found.case_id, gone_by=None).values_list("follow_up__resident", flat=True)
    )
    persons = persons_of(scope, contacts | followed)
    contacts, followed = ({persons.get(one, one) for one in some} for some in (contacts, followed))
    stayed = len(contacts & followed)
    return Change(found.pk, found.ran_at, found.rule_set.code, len(contacts) - stayed, len(followed) - stayed, stayed)


def latest_trace(scope: Scope, case_id: int) -> Trace | None:
    """The latest run of a case of the jurisdiction."""
    condition = within(scope, READ, "case__resident__division")
    return Trace.objects.select_related("rule_set").filter(condition, case=case_id).order_by("-pk").first()


def contacts_to_follow(scope: Scope, found: Trace) -> list[Contact]:
    """The contacts of a run whom the case met, and those of the second generation who were chosen before."""
    scope.require(READ)
    chosen = Source.objects.filter(case=found.case_id, gone_by=None, generation=2)
    records = identities_of(scope, list(chosen.values_list("follow_up__resident", flat=True)))
    return list(found.contacts.filter(Q(generation=1) | Q(resident_id__in=records)).order_by("pk"))


def may_choose(scope: Scope, trace_id: int) -> bool:
    """Whether people of the second generation of this run may be chosen: it is the one that is followed."""
    return scope.allows(Permission.TRACING_CASE_WRITE) and _followed(scope).filter(trace=trace_id).exists()
