"""Contacts handed over to wards, and a ward's list taken out as a file."""

from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext

from ksdb.approvals.actions import require_second_person
from ksdb.approvals.kinds import Kind
from ksdb.audit.actions import record
from ksdb.core.clock import ZONE, now
from ksdb.core.errors import NotAllowed
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.places.queries import covers
from ksdb.tracing.actions.exporting import Asked
from ksdb.tracing.models import WardList
from ksdb.tracing.queries import completeness_of, trace
from ksdb.tracing.queries.wards import WardRow, ward_contacts, ward_list, ward_rows, wards_of
from ksdb.tracing.words import incomplete
from ksdb.web.exporting import Table, Written, write_table


@transaction.atomic
def hand_over(scope: Scope, trace_id: int, division_ids: Collection[int]) -> list[WardList]:
    """Gives the officers of these communes the contacts of the trace who live there; again does nothing."""
    found = trace(scope, trace_id)
    if not covers(scope, Permission.TRACING_CASE_WRITE, found.case.resident.division_id):
        raise NotAllowed
    chosen = [ward for ward in wards_of(scope, trace_id) if ward.division_id in division_ids and ward.handed is None]
    made = [
        WardList(
            trace=found,
            division_id=ward.division_id,
            handed_at=now(),
            handed_by_id=scope.actor_id,
            contact_count=ward.contacts,
        )
        for ward in chosen
    ]
    WardList.objects.bulk_create(made, ignore_conflicts=True)
    detail = {"case": found.case_id, "trace": found.pk, "wards": len(made)}
    record(scope, "tracing:list:hand_over", ("trace", found.pk), Purpose.CASE_TRACING, detail)
    return made


@transaction.atomic
def export_ward_list(scope: Scope, list_id: int, asked: Asked) -> Written:
    """A ward's list as a file with its count and hash. Raises SecondPersonNeeded above 500 persons."""
    found = ward_list(scope, list_id)
    contacts = ward_contacts(scope, found)
    require_second_person(scope, Kind.TRACE_EXPORT, len(contacts))
    rows = [_cells(row) for row in ward_rows(scope, found, contacts)]
    facts = [
        (gettext("List"), str(found.pk)),
        (gettext("Commune"), found.division.name),
        (gettext("Purpose"), asked.purpose.value),
        (gettext("Reason"), asked.reason),
        (gettext("Account"), str(scope.actor_id)),
        (gettext("Time"), f"{now():%Y-%m-%dT%H:%M:%SZ}"),
        (gettext("Please note"), incomplete(completeness_of(scope, found.trace))),
    ]
    written = write_table(Table(gettext("Contacts"), _headings(), rows, len(contacts), facts), asked.kind, "")
    detail = {
        "case": found.trace.case_id,
        "list": found.pk,
        "found": len(contacts),
        "rows": written.count,
        "sha256": written.sha256,
        "file": asked.kind.suffix,
        "reason": asked.reason,
    }
    record(scope, "tracing:list:export", ("ward_list", found.pk), asked.purpose, detail)
    return written


def _headings() -> tuple[str, ...]:
    return (
        gettext("No."),
        gettext("Full name"),
        gettext("Year of birth"),
        gettext("Residential group"),
        gettext("Where the person lives"),
        gettext("Phone"),
        gettext("Last contact"),
        gettext("Minutes"),
        gettext("Evidence"),
        gettext("Generation"),
        gettext("Resident number"),
    )


def _cells(row: WardRow) -> tuple[str | int, ...]:
    return (
        row.number,
        row.name,
        row.birth_year,
        row.group,
        row.address,
        row.phone,
        f"{row.last_at.astimezone(ZONE):%d/%m/%Y %H:%M}",
        row.minutes,
        gettext("observed") if row.is_observed else gettext("inferred"),
        row.generation,
        row.resident_id,
    )
