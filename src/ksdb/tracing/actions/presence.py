"""The list of who was at a place taken out: by one person up to 500 people, by two beyond."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from django.db import transaction
from django.utils.translation import gettext

from ksdb.approvals.actions import request_act, require_second_person
from ksdb.approvals.kinds import Errand, Kind, Payload, SecondPersonNeeded
from ksdb.approvals.models import Act
from ksdb.audit.actions import record
from ksdb.core.clock import ZONE, now
from ksdb.core.errors import NotFound
from ksdb.core.scope import Permission, Scope
from ksdb.places.queries import covers
from ksdb.tracing.actions.exporting import PURPOSES, Asked
from ksdb.tracing.exposures import Met
from ksdb.tracing.queries import case
from ksdb.tracing.queries.present import Hours, Present, met_at, named_present, point_for
from ksdb.tracing.words import sensitive_place
from ksdb.web.exporting import FileKind, Table, Written, write_table

EXPORT = Permission.TRACING_TRACE_EXPORT


def export_present(scope: Scope, hours: Hours, asked: Asked) -> Written | Act:
    """The file; beyond 500 people the act that asks for it. The reason asked for stands for the one of the look.

    Raises NotFound, AlreadyAsked, UnitMissing, and as `present_at` does.
    """
    _check(scope, hours)
    hours = replace(hours, why=asked.reason)
    met = met_at(scope, hours)
    try:
        require_second_person(scope, Kind.POINT_EXPORT, len(met))
    except SecondPersonNeeded:
        return _asked(scope, hours, len(met), asked)
    return _written(scope, hours, met, asked)


def _asked(scope: Scope, hours: Hours, count: int, asked: Asked) -> Act:
    payload = {
        "case": hours.case_id,
        "point": hours.point_id,
        "since": int(hours.span[0].timestamp()),
        "until": int(hours.span[1].timestamp()),
        "count": count,
        "kind": int(asked.kind),
        "purpose": PURPOSES.index(asked.purpose),
    }
    division_id = case(scope, hours.case_id).resident.division_id
    return request_act(scope, Kind.POINT_EXPORT, division_id, payload, asked.reason)


def carry_out_present(scope: Scope, errand: Errand) -> Payload:
    """Writes the file that was asked for; its asker can fetch it for 24 hours."""
    since, until = (datetime.fromtimestamp(errand.number(name), UTC) for name in ("since", "until"))
    hours = Hours(errand.number("case"), errand.number("point"), (since, until), errand.reason)
    asked = Asked(PURPOSES[errand.number("purpose")], errand.reason, FileKind(errand.number("kind")))
    return {"count": _written(scope, hours, met_at(scope, hours), asked, f"act-{errand.act_id}").count}


def _check(scope: Scope, hours: Hours) -> None:
    if not covers(scope, EXPORT, case(scope, hours.case_id).resident.division_id):
        raise NotFound


@transaction.atomic
def _written(scope: Scope, hours: Hours, met: Sequence[Met], asked: Asked, name: str = "") -> Written:
    rows = named_present(scope, hours, met)
    point = point_for(scope, hours.case_id, hours.point_id)
    facts = [
        (gettext("Place"), f"{sensitive_place()}, {point.pk}" if point.is_sensitive else point.name),
        (gettext("From – to"), " – ".join(_local(at) for at in hours.span)),
        (gettext("Case"), str(hours.case_id)),
        (gettext("Purpose"), asked.purpose.value),
        (gettext("Reason"), asked.reason),
        (gettext("Account"), str(scope.actor_id)),
        (gettext("Time"), f"{now():%Y-%m-%dT%H:%M:%SZ}"),
        (gettext("Please note"), gettext("This list is not complete.")),
    ]
    cells = [_cells(number, row) for number, row in enumerate(rows, 1)]
    written = write_table(Table(gettext("Who was there"), _headings(), cells, len(rows), facts), asked.kind, name)
    detail = {
        "case": hours.case_id,
        "rows": written.count,
        "sha256": written.sha256,
        "file": asked.kind.suffix,
        "reason": asked.reason,
    }
    record(scope, "tracing:point:export", ("point", hours.point_id), asked.purpose, detail)
    return written


def _headings() -> Sequence[str]:
    return (
        gettext("No."),
        gettext("Full name"),
        gettext("Year of birth"),
        gettext("Commune"),
        gettext("There from"),
        gettext("There until"),
        gettext("Minutes"),
        gettext("Evidence"),
        gettext("Resident number"),
    )


def _cells(number: int, row: Present) -> tuple[str | int, ...]:
    return (
        number,
        row.person.name or gettext("outside your jurisdiction"),
        row.person.birth_year or "",
        row.person.commune,
        _local(row.first_at),
        _local(row.last_at),
        row.minutes,
        gettext("observed") if row.is_observed else gettext("inferred"),
        row.person.resident_id if row.person.name else "",
    )


def _local(at: datetime) -> str:
    return f"{at.astimezone(ZONE):%d/%m/%Y %H:%M}"
