"""Contacts handed over to wards, and a ward's list taken out as a file."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext

from ksdb.approvals.actions import request_act, require_second_person
from ksdb.approvals.kinds import Errand, Kind, Payload
from ksdb.approvals.models import Act
from ksdb.approvals.queries import finished_act
from ksdb.audit.actions import record
from ksdb.core.clock import ZONE, now
from ksdb.core.errors import NotAllowed
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.places.queries import covers
from ksdb.tracing.actions.exporting import PURPOSES, Asked, approved_of, asked_in, file_of
from ksdb.tracing.models import Contact, WardList
from ksdb.tracing.queries import completeness_of, trace
from ksdb.tracing.queries.wards import WardRow, ward_contacts, ward_list, ward_rows, wards_of
from ksdb.tracing.words import incomplete
from ksdb.web.exporting import EXPORT_LIFE, Table, Written, rows_sha256, write_table


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
    require_second_person(scope, Kind.WARD_EXPORT, len(contacts))
    return _written(scope, found, contacts, asked)


def ask_ward_list(scope: Scope, list_id: int, asked: Asked) -> Act:
    """Asks for the file of a list of more than 500 people."""
    found = ward_list(scope, list_id)
    payload = {
        "count": len(ward_contacts(scope, found)),
        "list": list_id,
        "kind": int(asked.kind),
        "purpose": PURPOSES.index(asked.purpose),
    }
    return request_act(scope, Kind.WARD_EXPORT, found.division_id, payload, asked.reason)


def carry_out_ward_list(scope: Scope, errand: Errand) -> Payload:
    """Writes the file that two persons agreed on; its asker can fetch it for 24 hours."""
    found = ward_list(scope, errand.number("list"))
    contacts = ward_contacts(scope, found)
    return {"count": _written(scope, found, contacts, asked_in(scope, errand), file_of(scope, errand)).count}


def approved_ward_file(scope: Scope, act_id: int) -> Path:
    """The file of an act that one asked for, within 24 hours of its making. Audited. Raises NotFound."""
    scope.require(Permission.TRACING_LIST_READ)
    return approved_of(scope, finished_act(scope, act_id, Kind.WARD_EXPORT, EXPORT_LIFE))


@dataclass(frozen=True)
class WardPaper:
    """A ward's list on paper, and the hash of its rows: the file of the same list has the same."""

    rows: list[WardRow]
    sha256: str


@transaction.atomic
def print_ward_list(scope: Scope, list_id: int, reason: str) -> WardPaper:
    """All of a ward's list on paper; each person is audited. Raises SecondPersonNeeded above 500 persons."""
    found = ward_list(scope, list_id)
    contacts = ward_contacts(scope, found)
    require_second_person(scope, Kind.WARD_EXPORT, len(contacts))
    rows = ward_rows(scope, found, contacts)
    paper = WardPaper(rows, rows_sha256(_cells(row) for row in rows))
    detail = {
        "case": found.trace.case_id,
        "list": list_id,
        "rows": len(rows),
        "sha256": paper.sha256,
        "reason": reason,
    }
    record(scope, "tracing:list:print", ("ward_list", list_id), Purpose.CASE_TRACING, detail)
    return paper


def _written(scope: Scope, found: WardList, contacts: list[Contact], asked: Asked, name: str = "") -> Written:
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
    written = write_table(Table(gettext("Contacts"), _headings(), rows, len(contacts), facts), asked.kind, name)
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
