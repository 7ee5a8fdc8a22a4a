"""Reads of the lists that wards are given: only of contacts who live in the reader's own communes."""

from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet

from ksdb.audit.actions import record_many
from ksdb.core.errors import NotFound
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.places.queries import inside, within
from ksdb.registry.models import Resident
from ksdb.registry.sealing import PHONE, opened
from ksdb.tracing.models import Contact, Trace, WardList
from ksdb.tracing.queries import PAGE_ROWS, communes_of, trace

READ = Permission.TRACING_LIST_READ


@dataclass(frozen=True)
class WardCount:
    """A commune of a trace: how many contacts live there, and the list that was handed over, if any."""

    division_id: int
    name: str
    contacts: int
    handed: WardList | None


@dataclass(frozen=True)
class WardRow:
    """One contact as the ward needs it. Who the case is, and where they met, is not the ward's to know."""

    number: int
    resident_id: int
    name: str
    birth_year: int
    group: str
    address: str
    phone: str
    last_at: datetime
    minutes: int
    is_observed: bool
    generation: int


@dataclass(frozen=True)
class WardSheet:
    """A list with a page of its contacts, the last exposure first; a later run of the same trace, if there is one."""

    ward_list: WardList
    rows: list[WardRow]
    page: Page[Contact]
    is_repeated: bool


def wards_of(scope: Scope, trace_id: int) -> list[WardCount]:
    """The communes in which contacts of a trace live, most contacts first, and what was handed over."""
    handed = {one.division_id: one for one in trace(scope, trace_id).ward_lists.all()}
    return [
        WardCount(one.division_id, one.name, one.contacts, handed.get(one.division_id))
        for one in communes_of(scope, trace_id)
    ]


def ward_lists(scope: Scope, number: int = 1) -> Page[WardList]:
    """At most 50 lists handed over to the reader's communes, the latest first."""
    found = WardList.objects.filter(within(scope, READ)).select_related("division", "trace__case__profile")
    return Paginator(found.order_by("-handed_at", "-id"), PAGE_ROWS).get_page(number)


def ward_list(scope: Scope, list_id: int) -> WardList:
    """A list of the reader's communes. Raises NotFound."""
    found = WardList.objects.filter(within(scope, READ), pk=list_id)
    one = found.select_related("division", "trace__case__profile").first()
    if one is None:
        raise NotFound
    return one


def ward_sheet(scope: Scope, list_id: int, number: int = 1) -> WardSheet:
    """A page of a ward's list; each person named is audited."""
    found = ward_list(scope, list_id)
    page = Paginator(_contacts(scope, found), PAGE_ROWS).get_page(number)
    rows = ward_rows(scope, found, list(page), page.start_index())
    run = found.trace
    later = Trace.objects.filter(case=run.case_id, rule_set=run.rule_set_id, generations=run.generations, pk__gt=run.pk)
    return WardSheet(found, rows, page, later.exists())


def ward_contacts(scope: Scope, found: WardList) -> list[Contact]:
    """All contacts of a list, in its order."""
    scope.require(READ)
    return list(_contacts(scope, found))


def ward_rows(scope: Scope, found: WardList, contacts: list[Contact], first: int = 1) -> list[WardRow]:
    """The contacts with names, addresses and phones; each is audited."""
    asked = Resident.objects.filter(within(scope, READ), pk__in=[one.resident_id for one in contacts])
    people = {one.pk: one for one in asked.select_related("division", "household")}
    detail = {"case": found.trace.case_id, "list": found.pk}
    record_many(scope, READ, [("resident", one) for one in sorted(people)], Purpose.CASE_TRACING, detail)
    return [
        _row(number, contact, people[contact.resident_id])
        for number, contact in enumerate(contacts, first)
        if contact.resident_id in people
    ]


def _contacts(scope: Scope, found: WardList) -> QuerySet[Contact]:
    living = Resident.objects.filter(within(scope, READ), **inside(found.division_id)).values("id")
    return found.trace.contacts.filter(resident_id__in=living).order_by("generation", "-last_at", "id")


def _row(number: int, contact: Contact, person: Resident) -> WardRow:
    return WardRow(
        number=number,
        resident_id=person.pk,
        name=person.full_name,
        birth_year=person.birth_year,
        group=person.division.name,
        address=person.household.address if person.household else "",
        phone=opened(PHONE, bytes(person.phone_sealed)) if person.phone_sealed else "",
        last_at=contact.last_at,
        minutes=contact.seconds // 60,
        is_observed=contact.is_observed,
        generation=contact.generation,
    )
