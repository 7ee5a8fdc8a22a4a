"""Taking out a list of follow-ups, in a file or on paper, with count and hash: beyond 500 people by two persons."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.db import transaction
from django.utils.translation import gettext

from ksdb.approvals.actions import request_act, require_second_person
from ksdb.approvals.kinds import Errand, Kind, Payload, number_of
from ksdb.approvals.models import Act
from ksdb.approvals.queries import finished_act
from ksdb.audit.actions import record
from ksdb.core.clock import ZONE, now
from ksdb.core.errors import NotAllowed
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.followup.queries import asked_for, lines_of, phone_of, record_shown
from ksdb.followup.queries.following import Asked, Line, Part
from ksdb.followup.states import Status
from ksdb.followup.words import STATUS_LABELS
from ksdb.places.queries import granted_over, province
from ksdb.tracing.actions.exporting import PURPOSES, approved_of, asked_in, file_of
from ksdb.tracing.actions.exporting import Asked as Wanted
from ksdb.web.exporting import EXPORT_LIFE, Table, Written, rows_sha256, write_table

EXPORT = Permission.FOLLOWUP_LIST_EXPORT
PAPER = "followup:list:paper"
PARTS: Final = (Part.TODAY, Part.OPEN, Part.POSITIVE, Part.GONE, Part.CLOSED)
"""An act that waits keeps the place in this list: add at its end."""


@dataclass(frozen=True)
class Printed:
    """A line of the list on paper, with the number to call."""

    line: Line
    phone: str


@dataclass(frozen=True)
class PaperList:
    """The list on paper, and the hash of its rows: the file of the same list has the same."""

    printed: Sequence[Printed]
    sha256: str


@transaction.atomic
def paper_list(scope: Scope, asked: Asked, reason: str) -> PaperList:
    """The list with phones, to be printed; each person is audited. Raises SecondPersonNeeded beyond 500.

    And once the sheet: why and what it was asked by, how many stand on it, and the hash of its rows.
    """
    lines = _lines_alone(scope, asked)
    record_shown(scope, lines, PAPER, asked)
    printed = [Printed(line, phone_of(scope, line.follow_up)) for line in lines]
    sheet = PaperList(printed, rows_sha256(_cells(one.line, one.phone) for one in printed))
    detail = {
        "rows": len(lines),
        "sha256": sheet.sha256,
        "asked": {"part": asked.part.value, "ward": asked.ward},
        "case": asked.case,
        "reason": reason,
    }
    record(scope, PAPER, None, Purpose.CASE_TRACING, detail)
    return sheet


@transaction.atomic
def export_list(scope: Scope, asked: Asked, wanted: Wanted) -> Written:
    """The file, read again before it is given out. Each person is audited. Raises SecondPersonNeeded beyond 500."""
    return _written(scope, asked, _lines_alone(scope, asked), wanted)


def ask_list(scope: Scope, asked: Asked, wanted: Wanted) -> Act:
    """Asks for the file of more than 500 people."""
    found = asked_for(scope, asked, EXPORT)
    payload = {
        "count": found.count(),
        "part": PARTS.index(asked.part),
        "ward": asked.ward or 0,
        "case": asked.case or 0,
        "mine": int(asked.is_mine),
        "kind": int(wanted.kind),
        "purpose": PURPOSES.index(wanted.purpose),
    }
    return request_act(
        scope,
        Kind.FOLLOWUP_EXPORT,
        _where(scope, set(found.values_list("division", flat=True))),
        payload,
        wanted.reason,
    )


def _where(scope: Scope, divisions: set[int]) -> int:
    """The division of one's own in which all of them are followed: who decides, decides for all of it."""
    if scope.is_system:
        return province(scope).pk
    where = granted_over(scope, EXPORT, divisions)
    if where is None:
        raise NotAllowed
    return where


def carry_out_list(scope: Scope, errand: Errand) -> Payload:
    """Writes the file that two persons agreed on, as the list is then; its asker can fetch it for 24 hours."""
    asked = _asked_by(errand.payload)
    lines = lines_of(scope, list(asked_for(scope, asked, EXPORT)))
    written = _written(scope, asked, lines, asked_in(scope, errand), file_of(scope, errand))
    return {"count": written.count}


def _asked_by(payload: Payload) -> Asked:
    """What of the follow-ups an act is about."""
    part, ward, case, mine = (number_of(payload, name) for name in ("part", "ward", "case", "mine"))
    return Asked(PARTS[part], ward or None, case or None, bool(mine))


def approved_list(scope: Scope, act_id: int) -> Path:
    """The file of an act that one asked for, within 24 hours of its making. Audited. Raises NotFound."""
    scope.require(EXPORT)
    return approved_of(scope, finished_act(scope, act_id, Kind.FOLLOWUP_EXPORT, EXPORT_LIFE))


def _written(scope: Scope, asked: Asked, lines: Sequence[Line], wanted: Wanted, name: str = "") -> Written:
    record_shown(scope, lines, EXPORT, asked)
    facts = [
        (gettext("Purpose"), wanted.purpose.value),
        (gettext("Reason"), wanted.reason),
        (gettext("Account"), str(scope.actor_id)),
        (gettext("Time"), f"{now():%Y-%m-%dT%H:%M:%SZ}"),
    ]
    rows = [_cells(line, phone_of(scope, line.follow_up)) for line in lines]
    written = write_table(Table(gettext("Follow-up"), _headings(), rows, len(lines), facts), wanted.kind, name)
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


def _lines_alone(scope: Scope, asked: Asked) -> list[Line]:
    """The lines that one person may take out alone. Raises SecondPersonNeeded beyond 500."""
    found = list(asked_for(scope, asked, EXPORT))
    require_second_person(scope, Kind.FOLLOWUP_EXPORT, len(found))
    return lines_of(scope, found)


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
