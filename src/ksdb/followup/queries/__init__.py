"""Reads of follow-ups: today's list, one person, what a form may offer. Whoever is shown is written to the trail."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.core.paginator import Page, Paginator
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from ksdb.access.models import Grant, StaffAccount
from ksdb.access.sealing import opened
from ksdb.audit.actions import record, record_many
from ksdb.core.clock import day_of, today
from ksdb.core.errors import NotFound
from ksdb.core.scope import PERMISSIONS, Permission, Purpose, Scope
from ksdb.followup.models import DayEntry, Drill, FollowUp, Source
from ksdb.followup.queries.following import Asked, Day, Line, Part, Sheet, Told
from ksdb.followup.states import NOTE
from ksdb.places.models import Division, DivisionContainment
from ksdb.places.queries import inside, within
from ksdb.registry.models import Resident
from ksdb.registry.sealing import PHONE

ROOM = "ksdb.followup"
READ, WRITE = Permission.FOLLOWUP_LIST_READ, Permission.FOLLOWUP_CONTACT_WRITE
PAGE_ROWS = 50
OPENED = "followup:contact:open"


@dataclass(frozen=True)
class Listing:
    """A page of follow-ups, and its lines."""

    page: Page[FollowUp]
    lines: Sequence[Line]


def lines_asked(scope: Scope, asked: Asked, number: int | None = 1) -> Listing:
    """At most 50 follow-ups, what has been due longest first. Each person shown is audited."""
    page = Paginator(asked_for(scope, asked), PAGE_ROWS).get_page(number)
    lines = lines_of(scope, list(page))
    record_shown(scope, lines, READ, asked)
    return Listing(page, lines)


def record_shown(scope: Scope, lines: Iterable[Line], action: str, asked: Asked) -> None:
    """One entry of the trail for each person of a list."""
    scope.require(READ)
    detail: dict[str, object] = {"list": asked.part.value} | ({"case": asked.case} if asked.case else {})
    subjects = [("resident", _counting(line.follow_up.resident).pk) for line in lines]
    record_many(scope, action, subjects, Purpose.CASE_TRACING, detail)


def asked_for(scope: Scope, asked: Asked, permission: Permission = READ) -> QuerySet[FollowUp]:
    """The follow-ups asked for within the jurisdiction, in the order of work. Not audited: whoever shows them is."""
    found = FollowUp.objects.filter(within(scope, permission)).filter(_part(asked.part))
    if asked.ward is not None:
        found = found.filter(Q(ward=asked.ward) | Q(**inside(asked.ward)))
    if asked.case is not None:
        standing = Q(sources__gone_by=None) if asked.part is not Part.GONE else Q()
        found = found.filter(standing, sources__case=asked.case)
    if asked.is_mine:
        found = found.filter(officer=scope.actor_id)
    order = ["-closed_at"] if asked.part is Part.CLOSED else ["next_on", F("tried_at").asc(nulls_first=True)]
    return found.order_by(*order, "resident__sort_key", "pk")


def _part(part: Part) -> Q:
    match part:
        case Part.TODAY:
            return Q(closed_at=None, is_contact=True, next_on__lte=today())
        case Part.OPEN:
            return Q(closed_at=None, is_contact=True)
        case Part.POSITIVE:
            return Q(closed_at=None, is_positive=True)
        case Part.GONE:
            return Q(closed_at=None, is_contact=False)
    return Q(closed_at__isnull=False)


def lines_of(scope: Scope, found: Sequence[FollowUp]) -> list[Line]:
    """Each with the person by the record that counts, and whether there is an entry for today. Not audited."""
    scope.require(READ)
    ids = [one.pk for one in found]
    entered = Exists(DayEntry.objects.filter(follow_up=OuterRef("pk"), on=today()))
    full = FollowUp.objects.filter(pk__in=ids).annotate(has_entry=entered).select_related(
        "resident__merged_into__household", "resident__merged_into__division",
        "resident__household", "resident__division", "ward", "officer",
    )  # fmt: skip
    by_id = {one.pk: one for one in full}
    cases: dict[int, list[int]] = {one: [] for one in ids}
    for follow_up, case_id in Source.objects.filter(follow_up__in=ids, gone_by=None).values_list("follow_up", "case"):
        cases[follow_up].append(case_id)
    drills = drill_residents(scope)
    return [_line(by_id[one], sorted(cases[one]), drills) for one in ids]


def _line(follow_up: FollowUp, cases: Sequence[int], drills: set[int]) -> Line:
    person = _counting(follow_up.resident)
    return Line(
        follow_up=follow_up,
        name=person.full_name,
        birth_year=person.birth_year,
        address=person.household.address if person.household else "",
        group=person.division.name if person.division.kind == Division.Kind.GROUP else "",
        cases=cases,
        has_entry=bool(getattr(follow_up, "has_entry", False)),
        is_drill=follow_up.resident_id in drills,
        on=today(),
    )


def _counting(resident: Resident) -> Resident:
    return resident.merged_into or resident


def drill_residents(scope: Scope) -> set[int]:
    """The invented people of the drill that runs."""
    scope.require(READ)
    return {one for ids in Drill.objects.filter(ended_at=None).values_list("resident_ids", flat=True) for one in ids}


def follow_up(scope: Scope, follow_up_id: int, permission: Permission = READ) -> FollowUp:
    """A follow-up of the jurisdiction. Not audited. Raises NotFound."""
    found = FollowUp.objects.filter(within(scope, permission), pk=follow_up_id).first()
    if found is None:
        raise NotFound
    return found


def sheet_of(scope: Scope, follow_up_id: int) -> Sheet:
    """One person with phone, exposures, days and history. Audited."""
    (line,) = lines_of(scope, [follow_up(scope, follow_up_id)])
    one = line.follow_up
    sources = list(one.sources.order_by("-last_at"))
    subject = ("resident", _counting(one.resident).pk)
    detail: dict[str, object] = {"phone": True} | ({"case": line.cases[0]} if line.cases else {})
    record(scope, OPENED, subject, Purpose.CASE_TRACING, detail)
    return Sheet(line, phone_of(scope, one), sources, _history(one), _days(one, sources))


def phone_of(scope: Scope, one: FollowUp) -> str:
    """The number to call, of any record of the person; "" when none is known. Audited where it is shown."""
    scope.require(READ)
    records = [_counting(one.resident), one.resident]
    sealed = next((bytes(each.phone_sealed) for each in records if each.phone_sealed), None)
    return opened(PHONE, sealed) if sealed else ""


def _history(one: FollowUp) -> list[Told]:
    events = list(one.events.order_by("-at", "-pk"))
    names = _names({event.by_id for event in events})
    return [
        Told(event, names.get(event.by_id, ""), opened(NOTE, bytes(event.note_sealed)) if event.note_sealed else "")
        for event in events
    ]


def _days(one: FollowUp, sources: Sequence[Source]) -> list[Day]:
    """Every day since the first exposure until today or the last day, latest first."""
    entries = list(one.entries.order_by("on", "pk"))
    names = _names({entry.by_id for entry in entries})
    latest = {entry.on: entry for entry in entries}
    counts = {on: sum(entry.on == on for entry in entries) for on in latest}
    first, last = first_day(one, sources), max([min(today(), one.until_on), *latest])
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    opened_on = day_of(one.opened_at)
    return [
        Day(on, latest.get(on), _by(latest.get(on), names), counts.get(on, 0), on >= opened_on) for on in reversed(days)
    ]


def first_day(one: FollowUp, sources: Sequence[Source]) -> date:
    """The first day for which an entry makes sense."""
    return min([day_of(one.opened_at), *(day_of(source.last_at) for source in sources)])


def _by(entry: DayEntry | None, names: dict[int | None, str]) -> str:
    return names.get(entry.by_id, "") if entry else ""


def _names(account_ids: Iterable[int | None]) -> dict[int | None, str]:
    return dict(StaffAccount.objects.filter(pk__in=[one for one in account_ids if one]).values_list("pk", "full_name"))


def next_of(scope: Scope, asked: Asked, after: int) -> int | None:
    """The follow-up to go on with behind this one; None when nothing of today's list is left."""
    waiting = asked_for(scope, asked).exclude(pk=after)
    return waiting.values_list("pk", flat=True).first()


def wards_at_work(scope: Scope) -> list[Division]:
    """Communes that open follow-ups of the jurisdiction are counted under, by name."""
    wards = FollowUp.objects.filter(within(scope, READ), closed_at=None).values("ward")
    return list(Division.objects.filter(pk__in=wards).order_by("name", "-valid_from"))


def wards_to_assign(scope: Scope) -> list[Division]:
    """Communes of today within the jurisdiction; those of the register's year where none of today's lies in it."""
    communes = Division.objects.filter(within(scope, WRITE, "pk"), kind=Division.Kind.COMMUNE)
    current = communes.filter(Q(valid_to=None) | Q(valid_to__gt=today()), valid_from__lte=today())
    return list((current if current.exists() else communes).order_by("name", "-valid_from"))


def officers_for(scope: Scope, division_id: int) -> list[StaffAccount]:
    """Accounts whose grants of today reach the division and let them note there, by name."""
    scope.require(WRITE)
    roles = [role for role, permissions in PERMISSIONS.items() if WRITE in permissions]
    outer = DivisionContainment.objects.filter(inner=division_id).values("outer")
    grants = Grant.objects.filter(
        Q(valid_to=None) | Q(valid_to__gt=today()), role__in=roles, valid_from__lte=today(), division__in=outer
    )
    return list(StaffAccount.objects.filter(pk__in=grants.values("account"), is_active=True).order_by("full_name"))
