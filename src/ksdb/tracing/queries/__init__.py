"""Reads of cases and traces. Each person shown is written to the audit trail, with the case as the reason."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.core.paginator import Page, Paginator
from django.db import connection
from django.db.models import F, Q, QuerySet, Sum

from ksdb.access.actions import spend_person_search, spend_persons
from ksdb.audit.actions import record_many
from ksdb.cards.queries import card_by_number
from ksdb.core.errors import NotFound
from ksdb.core.ids import digits_of
from ksdb.core.names import search_key
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.places.models import Division, ScanPoint
from ksdb.places.queries import inside, within
from ksdb.postgres.named import sql
from ksdb.registry.models import Resident
from ksdb.tracing.exposures import Period
from ksdb.tracing.models import CaseRecord, Contact, CoPresence, DiseaseProfile, RuleSet, Trace
from ksdb.tracing.queries.evidence import evidence_of, flags_of, visit_behind
from ksdb.tracing.report import Completeness, Evidence, Person, Report, Row, Through
from ksdb.visits.disputing import VisitRef

READ = Permission.TRACING_CASE_READ
PAGE_ROWS = 50
RESIDENT_ID_DIGITS = 9


@dataclass(frozen=True)
class CommuneCount:
    """A commune, and how many contacts of a trace live there."""

    division_id: int
    name: str
    contacts: int


@dataclass(frozen=True)
class Chosen:
    """Which contacts of a trace to show: of a commune, of a generation, met at a place, a single one, or all."""

    commune: int | None = None
    generation: int | None = None
    place: int | None = None
    contact: int | None = None


@dataclass(frozen=True)
class CasesWanted:
    """Which cases to list: of a number, a profile, a state, sampled since, of people whose names have these words."""

    case_id: int | None = None
    profile: str = ""
    state: str = ""
    since: date | None = None
    name: str = ""

    @property
    def conditions(self) -> list[Q]:
        asked = {
            "pk": self.case_id,
            "profile__code": self.profile,
            "closed_at__isnull": {"open": True, "closed": False}.get(self.state, ""),
            "sampled_on__gte": self.since,
        }
        words = [Q(resident__search_key__contains=word) for word in search_key(self.name).split()]
        return words + [Q(**{field: value}) for field, value in asked.items() if value not in (None, "")]


@dataclass(frozen=True)
class TracePage:
    """One page of a trace's contacts: the report, what pages and communes there are, and which one is chosen."""

    report: Report
    page: Page[Contact]
    communes: list[CommuneCount]
    commune: int | None
    second_kept: int


@dataclass(frozen=True)
class CaseSheet:
    """A case, whose it is, its traces, latest first, and where it stayed when, by the latest."""

    case: CaseRecord
    person: Person
    traces: list[Trace]
    stays: list[Period]


@dataclass(frozen=True)
class ContactSheet:
    """One contact with all evidence, and the trace as a whole."""

    report: Report
    row: Row
    evidence: list[Evidence]


def profiles(scope: Scope) -> list[DiseaseProfile]:
    """The disease profiles in force: of each code the latest version."""
    scope.require(READ)
    return list(DiseaseProfile.objects.order_by("code", "-version").distinct("code"))


def profile_named(scope: Scope, code: str) -> DiseaseProfile:
    """The latest version of a profile. Raises NotFound."""
    found = next((profile for profile in profiles(scope) if profile.code == code), None)
    if found is None:
        raise NotFound
    return found


def rule_sets(scope: Scope) -> list[RuleSet]:
    """The rule sets in force, the shortest overlap last."""
    scope.require(READ)
    latest = RuleSet.objects.order_by("code", "-version").distinct("code")
    offered = [rules for rules in latest if not rules.is_retired]
    return sorted(offered, key=lambda rules: -rules.least_minutes)


def rule_set_named(scope: Scope, code: str) -> RuleSet:
    """The latest version of a rule set. Raises NotFound."""
    found = next((rules for rules in rule_sets(scope) if rules.code == code), None)
    if found is None:
        raise NotFound
    return found


def resident_by_number(scope: Scope, text: str) -> int:
    """Whose case it is, by a card's number or the resident's own. Audited; NotFound outside the jurisdiction."""
    scope.require(Permission.TRACING_CASE_WRITE)
    digits = digits_of(text)
    if len(digits) > RESIDENT_ID_DIGITS:
        return int(card_by_number(scope, digits, Purpose.CASE_TRACING).resident_id)
    if not digits.isascii() or not digits.isdigit():
        raise NotFound
    spend_person_search(scope)
    spend_persons(scope, 1)
    return person_for_case(scope, int(digits)).resident_id


def person_for_case(scope: Scope, resident_id: int) -> Person:
    """The resident of whom a case may be opened. Audited; NotFound outside the jurisdiction."""
    condition = within(scope, Permission.TRACING_CASE_WRITE)
    resident = _with_commune(Resident.objects.filter(condition, pk=resident_id)).first()
    if resident is None:
        raise NotFound
    _read(scope, [resident_id], {})
    return _person(resident)


def cases_in(scope: Scope, number: int = 1, wanted: CasesWanted | None = None) -> Page[CaseRecord]:
    """At most 50 cases of the jurisdiction that are wanted, latest first; each person shown is audited."""
    wanted = wanted or CasesWanted()
    cases = CaseRecord.objects.filter(within(scope, READ, "resident__division"), *wanted.conditions)
    shown = cases.select_related("profile", "resident__division__parent").prefetch_related("traces")
    page = Paginator(shown.order_by("-id"), PAGE_ROWS).get_page(number)
    _read(scope, [case.resident_id for case in page], {"list": "cases"})
    return page


def case(scope: Scope, case_id: int) -> CaseRecord:
    """The case with its person and profile. Not audited: its pages are. Raises NotFound outside the jurisdiction."""
    condition = within(scope, READ, "resident__division")
    found = CaseRecord.objects.select_related("profile", "resident__division__parent")
    one = found.filter(condition, pk=case_id).first()
    if one is None:
        raise NotFound
    return one


def case_sheet(scope: Scope, case_id: int) -> CaseSheet:
    """What the page of a case shows. Audited."""
    found = case(scope, case_id)
    _read(scope, [found.resident_id], {"case": case_id})
    traces = list(found.traces.select_related("rule_set"))
    stays = list(traces[0].stays.order_by("id").values_list("arrived_at", "departed_at")) if traces else []
    return CaseSheet(found, _person(found.resident), traces, stays)


def trace(scope: Scope, trace_id: int) -> Trace:
    """A trace of a case of the jurisdiction. Raises NotFound."""
    condition = within(scope, READ, "case__resident__division")
    found = Trace.objects.select_related("rule_set", "case").filter(condition, pk=trace_id).first()
    if found is None:
        raise NotFound
    return found


def trace_report(scope: Scope, trace_id: int, count: int = PAGE_ROWS) -> Report:
    """A trace with its first contacts, longest together first, at most 50. Those named are audited."""
    found = trace(scope, trace_id)
    ranked = list(_ranked(found)[: min(count, PAGE_ROWS)])
    return _report(scope, found, found.contact_count, _rows(scope, found, ranked, 1))


def trace_page(scope: Scope, trace_id: int, chosen: Chosen | None = None, number: int = 1) -> TracePage:
    """At most 50 contacts, of one commune or generation when asked, ranked as shown. Those named are audited."""
    found, chosen = trace(scope, trace_id), chosen or Chosen()
    page = Paginator(contacts_chosen(scope, found, chosen), PAGE_ROWS).get_page(number)
    rows = _rows(scope, found, list(page), page.start_index())
    return TracePage(
        _report(scope, found, page.paginator.count, rows),
        page,
        communes_of(scope, trace_id),
        chosen.commune,
        found.contact_count - found.first_count,
    )


def contacts_chosen(scope: Scope, found: Trace, chosen: Chosen) -> QuerySet[Contact]:
    """These contacts, ranked. Not audited: whoever names them is."""
    scope.require(READ)
    ranked = _ranked(found)
    if chosen.commune is not None:
        ranked = ranked.filter(resident_id__in=Resident.objects.filter(**inside(chosen.commune)).values("id"))
    if chosen.place is not None:
        ranked = ranked.filter(pk__in=CoPresence.objects.filter(point_id=chosen.place).values("contact"))
    asked = {"generation": chosen.generation, "pk": chosen.contact}
    return ranked.filter(**{name: value for name, value in asked.items() if value is not None})


def contact_sheet(scope: Scope, trace_id: int, contact_id: int) -> ContactSheet:
    """One contact with every co-presence, in order of time. NotFound for one who lives outside the jurisdiction."""
    found = trace(scope, trace_id)
    contact = _contact(scope, found, contact_id)
    rank = 1 + list(_ranked(found).values_list("pk", flat=True)).index(contact.pk)
    rows = _rows(scope, found, [contact], rank)
    return ContactSheet(_report(scope, found, 1, rows), rows[0], evidence_of(scope, found, contact))


def visit_of_meeting(scope: Scope, trace_id: int, contact_id: int, meeting_id: int) -> VisitRef:
    """The visit by which a contact of the jurisdiction came to a meeting; which it is stays a number."""
    found = trace(scope, trace_id)
    return visit_behind(scope, found, _contact(scope, found, contact_id), meeting_id)


def _contact(scope: Scope, found: Trace, contact_id: int) -> Contact:
    living = Resident.objects.filter(within(scope, READ)).values("id")
    contact = found.contacts.filter(pk=contact_id, resident_id__in=living).first()
    if contact is None:
        raise NotFound
    return contact


def _ranked(found: Trace) -> QuerySet[Contact]:
    return found.contacts.order_by("generation", "-seconds", "-co_presence_count", "id")


def communes_of(scope: Scope, trace_id: int) -> list[CommuneCount]:
    """The communes in which contacts of a trace live, most contacts first."""
    scope.require(READ)
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.tracing", "communes_of_trace"), {"trace": trace_id})
        return [CommuneCount(*row) for row in cursor.fetchall()]


def completeness_of(scope: Scope, found: Trace) -> Completeness:
    """What limits a run, and the estimate of how many of the first generation it misses."""
    scope.require(READ if scope.allows(READ) else Permission.TRACING_LIST_READ)
    return Completeness(found.resident_count, found.covered_count, found.unverified_count, found.first_count)


def _report(scope: Scope, found: Trace, shown: int, rows: list[Row]) -> Report:
    return Report(
        trace_id=found.pk,
        case_id=found.case_id,
        rule_set=str(found.rule_set),
        period=(found.infectious_from, found.infectious_until),
        ran_at=found.ran_at,
        duration_ms=found.duration_ms,
        stays=found.stay_count,
        contacts=found.contact_count,
        shown=shown,
        completeness=completeness_of(scope, found),
        rows=rows,
        generations=found.generations,
        first=found.first_count,
        second=found.second_count,
        engine=found.engine,
    )


def _rows(scope: Scope, found: Trace, contacts: Sequence[Contact], first_rank: int, sensitive: str = "") -> list[Row]:
    """The contacts with names and places; names only of those inside the jurisdiction, each of whom is audited."""
    residents = _with_commune(Resident.objects.filter(pk__in=[contact.resident_id for contact in contacts]))
    people = {resident.pk: resident for resident in residents}
    named = set(residents.filter(within(scope, READ)).values_list("pk", flat=True))
    through = _ranks_of(found, {contact.through_id for contact in contacts if contact.through_id})
    action = Permission.TRACING_TRACE_EXPORT if sensitive else READ
    _read(scope, sorted(named), {"case": found.case_id, "trace": found.pk}, action)
    places, flags = _places(contacts, sensitive), flags_of(scope, [contact.pk for contact in contacts])
    return [
        Row(
            contact_id=contact.pk,
            rank=rank,
            person=_person(people[contact.resident_id], is_named=contact.resident_id in named),
            seconds=contact.seconds,
            co_presence_count=contact.co_presence_count,
            first_at=contact.first_at,
            last_at=contact.last_at,
            places=places[contact.pk],
            is_observed=contact.is_observed,
            generation=contact.generation,
            through=through.get(contact.through_id or 0),
            flags=flags.get(contact.pk, ()),
        )
        for rank, contact in enumerate(contacts, first_rank)
    ]


def _ranks_of(found: Trace, resident_ids: set[int]) -> dict[int, Through]:
    """The contacts of the first generation through whom others were reached, by resident: ranks, not names."""
    if not resident_ids:
        return {}
    ranked = enumerate(_ranked(found).filter(generation=1).values_list("resident_id", "pk"), 1)
    return {resident: Through(rank, pk) for rank, (resident, pk) in ranked if resident in resident_ids}


def _places(contacts: Iterable[Contact], sensitive: str) -> Mapping[int, tuple[str, ...]]:
    """Of each contact the names of the places, the one of the longest time together first."""
    seconds: dict[int, dict[int, timedelta]] = {contact.pk: {} for contact in contacts}
    met = CoPresence.objects.filter(contact__in=seconds).order_by().values_list("contact", "point_id")
    for contact_id, point_id, together in met.annotate(together=Sum(F("ended_at") - F("started_at"))):
        seconds[contact_id][point_id] = together
    names = _point_names({point_id for at in seconds.values() for point_id in at}, sensitive)
    return {
        contact_id: tuple(names[point_id] for point_id in sorted(at, key=lambda point_id: (-at[point_id], point_id)))
        for contact_id, at in seconds.items()
    }


def _point_names(point_ids: Iterable[int], sensitive: str) -> dict[int, str]:
    points = ScanPoint.objects.filter(pk__in=list(point_ids)).values_list("pk", "name", "is_sensitive")
    return {pk: sensitive if sensitive and is_hidden else name for pk, name, is_hidden in points}


def _with_commune(residents: QuerySet[Resident]) -> QuerySet[Resident]:
    return residents.select_related("division__parent")


def _person(resident: Resident, *, is_named: bool = True) -> Person:
    division = resident.division
    commune = division.parent if division.kind == Division.Kind.GROUP and division.parent else division
    if not is_named:
        return Person(resident.pk, None, None, commune.name)
    return Person(resident.pk, resident.full_name, resident.birth_year, commune.name)


def people_of(scope: Scope, resident_ids: Sequence[int]) -> dict[int, Person]:
    """Who these are; names only of those inside the jurisdiction. The caller audits those named."""
    residents = _with_commune(Resident.objects.filter(pk__in=resident_ids))
    named = set(residents.filter(within(scope, READ)).values_list("pk", flat=True))
    return {one.pk: _person(one, is_named=one.pk in named) for one in residents}


def audit_people(scope: Scope, resident_ids: Sequence[int], found: Trace) -> None:
    """Writes to the trail that a page of this trace named them."""
    _read(scope, sorted(resident_ids), {"case": found.case_id, "trace": found.pk})


def _read(scope: Scope, resident_ids: Sequence[int], detail: dict[str, object], action: Permission = READ) -> None:
    record_many(scope, action, [("resident", one) for one in resident_ids], Purpose.CASE_TRACING, detail)


def export_rows(scope: Scope, found: Trace, sensitive: str) -> list[Row]:
    """All contacts of a trace, longest together first; names only of those inside the jurisdiction.

    Each is audited as taken out: what has left in a file is no mere look. Sensitive places go by the word given: a file
    names none of them.
    """
    return _rows(scope, found, list(_ranked(found)), 1, sensitive)
