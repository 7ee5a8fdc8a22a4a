"""Reads of cases of unknown people, of a case's corrections and links, and of the line list of all."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.core.paginator import Page, Paginator
from django.db.models import Q
from django.utils.translation import gettext

from ksdb.access.models import StaffAccount
from ksdb.audit.actions import record_many
from ksdb.core.clock import ZONE, day_of
from ksdb.core.errors import NotFound
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.places.models import Division
from ksdb.places.queries import within
from ksdb.tracing.linelist import BETWEEN
from ksdb.tracing.models import CaseChange, CaseLink, CaseRecord, ReportedCase
from ksdb.tracing.queries import PAGE_ROWS, case

READ = Permission.TRACING_CASE_READ
OWN_LABEL = re.compile(r"KSDB-(\d{1,9})")
"""A case that came with no label goes by this one in the lists that are taken out, and is known by it again."""


@dataclass(frozen=True)
class Correction:
    """A correction with who made it; days and instants as people write them."""

    change: CaseChange
    by: str
    before: str
    after: str


@dataclass(frozen=True)
class Linked:
    """Another case, and how it belongs to this one; `is_first`: this one is named first."""

    case_id: int
    kind: str
    is_first: bool


@dataclass(frozen=True)
class ListedCase:
    """A row of the line list: a case, or a reported one."""

    number: str
    label: str
    name: str
    birth_year: int | None
    age: int | None
    sex: str
    commune: str
    disease: str
    onset_on: date | None
    sampled_on: date
    result: str
    isolated_on: date | None
    infector: str
    closed_on: date | None


def reported_cases(scope: Scope, number: int = 1) -> Page[ReportedCase]:
    """At most 50 cases of unknown people, the latest first."""
    found = ReportedCase.objects.filter(within(scope, READ), case=None).select_related("division", "profile")
    return Paginator(found.order_by("-id"), PAGE_ROWS).get_page(number)


def reported_case(scope: Scope, report_id: int) -> ReportedCase:
    """One of them, of the jurisdiction. Raises NotFound."""
    found = ReportedCase.objects.filter(within(scope, READ), pk=report_id)
    one = found.select_related("division", "profile", "case").first()
    if one is None:
        raise NotFound
    return one


def corrections_of(scope: Scope, case_id: int) -> list[Correction]:
    """What was corrected in a case, the latest first."""
    changes = list(case(scope, case_id).corrections.all())
    accounts = StaffAccount.objects.filter(pk__in={one.by_id for one in changes if one.by_id})
    names = dict(accounts.values_list("pk", "full_name"))
    return [
        Correction(one, names.get(one.by_id or 0, ""), _written(one.before), _written(one.after)) for one in changes
    ]


def links_of(scope: Scope, case_id: int) -> list[Linked]:
    """The cases that belong to this one, as far as they lie in the jurisdiction."""
    case(scope, case_id)
    found = CaseLink.objects.filter(Q(first=case_id) | Q(second=case_id)).order_by("id")
    seen = set(
        CaseRecord.objects.filter(within(scope, READ, "resident__division"))
        .filter(pk__in={one for link in found for one in (link.first_id, link.second_id)})
        .values_list("pk", flat=True)
    )
    return [
        Linked(other, link.kind, link.first_id == case_id)
        for link in found
        if (other := link.second_id if link.first_id == case_id else link.first_id) in seen
    ]


def communes_to_report_in(scope: Scope) -> list[tuple[int, str]]:
    """The divisions for whose unknown people one may report cases: provinces and communes of the latest structure."""
    condition = within(scope, Permission.TRACING_CASE_WRITE, "pk")
    kinds = (Division.Kind.PROVINCE, Division.Kind.COMMUNE)
    found = Division.objects.filter(condition, kind__in=kinds, valid_to=None)
    return list(found.order_by("kind", "name").values_list("pk", "name"))


def line_list(scope: Scope, since: date, until: date) -> list[ListedCase]:
    """All cases of the jurisdiction sampled from `since` to `until`, known people and unknown ones.

    Each person is audited as taken out.
    """
    scope.require(Permission.TRACING_TRACE_EXPORT)
    span = {"sampled_on__gte": since, "sampled_on__lte": until}
    known = CaseRecord.objects.filter(within(scope, READ, "resident__division"), **span)
    cases = list(known.select_related("profile", "resident__division__parent").order_by("id"))
    people = [("resident", one.resident_id) for one in cases]
    record_many(scope, Permission.TRACING_TRACE_EXPORT, people, Purpose.CASE_TRACING, {"list": "line"})
    unknown = ReportedCase.objects.filter(within(scope, READ), case=None, **span)
    labels, infectors = _labels(cases), _infectors(cases)
    listed = [_known(one, labels[one.pk], infectors.get(one.pk, "")) for one in cases]
    return [*listed, *map(_unknown, unknown.select_related("division", "profile").order_by("id"))]


def own_labels(scope: Scope, labels: Sequence[str]) -> set[str]:
    """Which of these are the labels of cases of the jurisdiction in lists that were taken out here."""
    numbers = {int(found[1]): found[0] for label in labels if (found := OWN_LABEL.fullmatch(label))}
    mine = CaseRecord.objects.filter(within(scope, READ, "resident__division"), pk__in=numbers)
    return {numbers[pk] for pk in mine.values_list("pk", flat=True)}


def _labels(cases: Sequence[CaseRecord]) -> dict[int, str]:
    """By what a list calls each case: the label it was reported with, else one of our own."""
    reported = ReportedCase.objects.filter(case__in=cases).order_by("-id").values_list("case_id", "label")
    given = {case_id: label for case_id, label in reported if case_id}
    return {one.pk: given.get(one.pk, f"KSDB-{one.pk}") for one in cases}


def _infectors(cases: Sequence[CaseRecord]) -> dict[int, str]:
    """The labels of those who infected each case, by its links."""
    links = CaseLink.objects.filter(first__in=cases, kind=CaseLink.Kind.INFECTED_BY).select_related("second")
    labels = _labels([link.second for link in links])
    found: dict[int, list[str]] = {}
    for link in links:
        found.setdefault(link.first_id, []).append(labels[link.second_id])
    return {case_id: BETWEEN.join(by) for case_id, by in found.items()}


def counted_cases(scope: Scope, since: date, until: date) -> int:
    """How many rows the line list has."""
    span = {"sampled_on__gte": since, "sampled_on__lte": until}
    known = CaseRecord.objects.filter(within(scope, READ, "resident__division"), **span).count()
    return known + ReportedCase.objects.filter(within(scope, READ), case=None, **span).count()


def _written(text: str) -> str:
    """An ISO day or instant, or a result, as people write it."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return {"positive": gettext("positive"), "negative": gettext("negative"), "unclear": gettext("unclear")}.get(
            text, ""
        )
    return f"{at.astimezone(ZONE):%H:%M %d/%m/%Y}" if "T" in text else f"{at:%d/%m/%Y}"


def _known(one: CaseRecord, label: str, infector: str) -> ListedCase:
    home = one.resident.division
    commune = home.parent if home.kind == Division.Kind.GROUP and home.parent else home
    return ListedCase(
        number=str(one.pk),
        label=label,
        name=one.resident.full_name,
        birth_year=one.resident.birth_year,
        age=None,
        sex=one.resident.sex,
        commune=commune.name,
        disease=one.profile.code,
        onset_on=one.onset_on,
        sampled_on=one.sampled_on,
        result=one.result,
        isolated_on=day_of(one.isolated_at) if one.isolated_at else None,
        infector=infector,
        closed_on=day_of(one.closed_at) if one.closed_at else None,
    )


def _unknown(one: ReportedCase) -> ListedCase:
    return ListedCase(
        number="",
        label=one.label,
        name="",
        birth_year=None,
        age=one.age,
        sex=one.sex,
        commune=one.division.name,
        disease=one.profile.code,
        onset_on=one.onset_on,
        sampled_on=one.sampled_on,
        result="",
        isolated_on=one.isolated_on,
        infector=one.infector,
        closed_on=None,
    )
