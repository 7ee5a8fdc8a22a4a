"""Taking out the contacts of a trace: by one person up to 500 people, by two beyond."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext

from ksdb.approvals.actions import request_act, require_second_person
from ksdb.approvals.kinds import Errand, Kind, Payload
from ksdb.approvals.models import Act
from ksdb.approvals.queries import finished_act
from ksdb.audit.actions import record
from ksdb.core.clock import ZONE, now
from ksdb.core.errors import NotFound
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.places.queries import covers
from ksdb.tracing.models import Trace
from ksdb.tracing.queries import completeness_of, export_rows, trace
from ksdb.tracing.report import Row
from ksdb.tracing.words import incomplete, sensitive_place
from ksdb.visits.words import FLAG_LABELS
from ksdb.web.exporting import EXPORT_LIFE, FileKind, Table, Written, exports_dir, write_table

EXPORT = Permission.TRACING_TRACE_EXPORT
PURPOSES = (Purpose.CASE_TRACING, Purpose.AUDIT)
"""What a list of contacts may be taken out for. An act that waits keeps the place in this list: add at its end."""


@dataclass(frozen=True)
class Asked:
    """For what purpose and why a trace is taken out, and in which form."""

    purpose: Purpose
    reason: str
    kind: FileKind


def export_trace(scope: Scope, trace_id: int, asked: Asked) -> Written:
    """The file with the contacts of a trace. Raises NotFound, SecondPersonNeeded when there are more than 500."""
    found = _trace(scope, trace_id)
    require_second_person(scope, Kind.TRACE_EXPORT, found.contact_count)
    return _written(scope, found, asked, "")


def ask_export(scope: Scope, trace_id: int, asked: Asked) -> Act:
    """Asks for the file of a trace of more than 500 people."""
    found = _trace(scope, trace_id)
    payload = {
        "count": found.contact_count,
        "trace": trace_id,
        "kind": int(asked.kind),
        "purpose": PURPOSES.index(asked.purpose),
    }
    return request_act(scope, Kind.TRACE_EXPORT, found.case.resident.division_id, payload, asked.reason)


def carry_out_export(scope: Scope, errand: Errand) -> Payload:
    """Writes the file that was asked for; its asker can fetch it for 24 hours."""
    written = _written(scope, _trace(scope, errand.number("trace")), asked_in(scope, errand), file_of(scope, errand))
    return {"count": written.count}


def asked_in(scope: Scope, errand: Errand) -> Asked:
    """For what, why and in which form an act's file was asked for."""
    scope.require(Permission.TRACING_LIST_READ)
    return Asked(PURPOSES[errand.number("purpose")], errand.reason, FileKind(errand.number("kind")))


def file_of(scope: Scope, errand: Errand) -> str:
    """The name, without its ending, of the file that an act writes."""
    scope.require(Permission.TRACING_LIST_READ)
    return _file_of(errand.act_id)


def approved_file(scope: Scope, act_id: int) -> Path:
    """The file of an act that one asked for, within 24 hours of its making. Audited. Raises NotFound."""
    scope.require(EXPORT)
    return approved_of(scope, _finished(scope, act_id))


def approved_of(scope: Scope, act: Act) -> Path:
    """The file that a finished act has written. Audited. Raises NotFound."""
    scope.require(Permission.TRACING_LIST_READ)
    act_id = act.pk
    path = exports_dir() / f"{_file_of(act_id)}.{FileKind(act.payload['kind']).suffix}"
    if not path.is_file():
        raise NotFound
    record(scope, "tracing:export:download", ("act", act_id), PURPOSES[act.payload["purpose"]])
    return path


def _finished(scope: Scope, act_id: int) -> Act:
    try:
        return finished_act(scope, act_id, Kind.TRACE_EXPORT, EXPORT_LIFE)
    except NotFound:
        return finished_act(scope, act_id, Kind.POINT_EXPORT, EXPORT_LIFE)


def _file_of(act_id: int) -> str:
    """The name, without its ending, of the file that an act has written."""
    return f"act-{act_id}"


def _trace(scope: Scope, trace_id: int) -> Trace:
    found = trace(scope, trace_id)
    if not covers(scope, EXPORT, found.case.resident.division_id):
        raise NotFound
    return found


@transaction.atomic
def _written(scope: Scope, found: Trace, asked: Asked, name: str) -> Written:
    rows = [_cells(row) for row in export_rows(scope, found, sensitive_place())]
    facts = [
        (gettext("Trace"), str(found.pk)),
        (gettext("Case"), str(found.case_id)),
        (gettext("Rule set"), str(found.rule_set)),
        (gettext("Infectious period"), f"{_local(found.infectious_from)} – {_local(found.infectious_until)}"),
        (gettext("Run at"), _local(found.ran_at)),
        (gettext("Purpose"), asked.purpose.value),
        (gettext("Reason"), asked.reason),
        (gettext("Account"), str(scope.actor_id)),
        (gettext("Time"), f"{now():%Y-%m-%dT%H:%M:%SZ}"),
        (gettext("Please note"), incomplete(completeness_of(scope, found))),
    ]
    table = Table(gettext("Contacts"), _headings(), rows, found.contact_count, facts)
    written = write_table(table, asked.kind, name)
    detail = {
        "case": found.case_id,
        "trace": found.pk,
        "found": found.contact_count,
        "rows": written.count,
        "sha256": written.sha256,
        "file": asked.kind.suffix,
        "reason": asked.reason,
    }
    record(scope, EXPORT, ("trace", found.pk), asked.purpose, detail)
    return written


def _headings() -> Sequence[str]:
    return (
        gettext("Rank"),
        gettext("Full name"),
        gettext("Year of birth"),
        gettext("Commune"),
        gettext("Minutes"),
        gettext("Times"),
        gettext("First"),
        gettext("Last"),
        gettext("Places"),
        gettext("Evidence"),
        gettext("Generation"),
        gettext("Through the contact of rank"),
        gettext("Odd"),
        gettext("Resident number"),
    )


def _cells(row: Row) -> tuple[str | int, ...]:
    person = row.person
    return (
        row.rank,
        person.name or gettext("outside your jurisdiction"),
        person.birth_year or "",
        person.commune,
        row.minutes,
        row.co_presence_count,
        _local(row.first_at),
        _local(row.last_at),
        "; ".join(row.places),
        gettext("observed") if row.is_observed else gettext("inferred"),
        row.generation,
        row.through.rank if row.through else "",
        "; ".join(str(FLAG_LABELS[flag]) for flag in row.flags),
        person.resident_id if person.name else "",
    )


def _local(at: datetime) -> str:
    return f"{at.astimezone(ZONE):%d/%m/%Y %H:%M}"
