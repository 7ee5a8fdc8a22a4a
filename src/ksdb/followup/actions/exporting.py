"""Taking out a list of follow-ups, as a file with count and hash or on paper: at most 500 people at once."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext

from ksdb.approvals.kinds import MOST_ALONE, Kind
from ksdb.audit.actions import record
from ksdb.core.clock import ZONE, now
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.followup.faults import TooManyToTakeOut
from ksdb.followup.queries import asked_for, lines_of, phone_of, record_shown
from ksdb.followup.queries.following import Asked, Line
from ksdb.followup.states import Status
from ksdb.followup.words import STATUS_LABELS
from ksdb.web.exporting import FileKind, Table, Written, write_table

EXPORT = Permission.FOLLOWUP_LIST_EXPORT
PAPER = "followup:list:paper"


@dataclass(frozen=True)
class Wanted:
    """For what purpose and why a list is taken out, and in which form."""

    purpose: Purpose
    reason: str
    kind: FileKind


@dataclass(frozen=True)
class Printed:
    """A line of the list on paper, with the number to call."""

    line: Line
    phone: str


@transaction.atomic
def paper_list(scope: Scope, asked: Asked) -> list[Printed]:
    """The list with phones, to be printed; each person is audited. Raises TooManyToTakeOut beyond 500.

    And once the sheet: what it was asked by, how many stand on it, and a hash of their numbers in its order.
    """
    lines = _lines(scope, asked)
    record_shown(scope, lines, PAPER, asked)
    numbers = ",".join(str(line.follow_up.resident_id) for line in lines)
    detail = {
        "rows": len(lines),
        "numbers_sha256": hashlib.sha256(numbers.encode()).hexdigest(),
        "asked": {"part": asked.part.value, "ward": asked.ward},
        "case": asked.case,
    }
    record(scope, PAPER, None, Purpose.CASE_TRACING, detail)
    return [Printed(line, phone_of(scope, line.follow_up)) for line in lines]


@transaction.atomic
def export_list(scope: Scope, asked: Asked, wanted: Wanted) -> Written:
    """The file, read again before it is given out. Each person is audited. Raises TooManyToTakeOut beyond 500."""
    lines = _lines(scope, asked)
    record_shown(scope, lines, EXPORT, asked)
    facts = [
        (gettext("Purpose"), wanted.purpose.value),
        (gettext("Reason"), wanted.reason),
        (gettext("Account"), str(scope.actor_id)),
        (gettext("Time"), f"{now():%Y-%m-%dT%H:%M:%SZ}"),
    ]
    rows = [_cells(line, phone_of(scope, line.follow_up)) for line in lines]
    written = write_table(Table(gettext("Follow-up"), _headings(), rows, len(lines), facts), wanted.kind)
    detail = {
        "found": len(lines),
        "rows": written.count,
        "sha256": written.sha256,
        "file": wanted.kind.suffix,
        "reason": wanted.reason,
        "case": asked.case,
    }
    record(scope, EXPORT, None, wanted.purpose, detail)
    return written


def _lines(scope: Scope, asked: Asked) -> list[Line]:
    found = asked_for(scope, asked, EXPORT)
    most = MOST_ALONE[Kind.TRACE_EXPORT]
    if found.count() > most:
        raise TooManyToTakeOut
    return lines_of(scope, list(found))


def _headings() -> Sequence[str]:
    return (
        gettext("Full name"),
        gettext("Year of birth"),
        gettext("Phone"),
        gettext("Address"),
        gettext("Residential group"),
        gettext("Commune"),
        gettext("Status"),
        gettext("Due since"),
        gettext("Last exposure"),
        gettext("Until"),
        gettext("Entry today"),
        gettext("Cases"),
        gettext("Officer"),
        gettext("Drill"),
    )


def _cells(line: Line, phone: str) -> tuple[str | int, ...]:
    one = line.follow_up
    return (
        line.name,
        line.birth_year,
        phone,
        line.address,
        line.group,
        one.ward.name,
        str(STATUS_LABELS[Status(one.status)]),
        f"{one.next_on:%d/%m/%Y}",
        f"{one.last_exposed_at.astimezone(ZONE):%d/%m/%Y %H:%M}",
        f"{one.until_on:%d/%m/%Y}",
        gettext("yes") if line.has_entry else gettext("no"),
        ", ".join(str(case) for case in line.cases),
        one.officer.full_name if one.officer else "",
        gettext("drill") if line.is_drill else "",
    )
