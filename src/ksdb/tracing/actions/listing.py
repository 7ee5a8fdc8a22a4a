"""The line list of cases taken out as a file."""

from datetime import date

from django.db import transaction
from django.utils.translation import gettext

from ksdb.approvals.actions import request_act, require_second_person
from ksdb.approvals.kinds import Errand, Kind, Payload
from ksdb.approvals.models import Act
from ksdb.audit.actions import record
from ksdb.core.clock import now
from ksdb.core.scope import Permission, Scope
from ksdb.places.queries import province
from ksdb.tracing.actions.exporting import PURPOSES, Asked, asked_in, file_of
from ksdb.tracing.queries.reporting import ListedCase, counted_cases, line_list
from ksdb.web.exporting import Table, Written, write_table


@transaction.atomic
def export_line_list(scope: Scope, days: tuple[date, date], asked: Asked) -> Written:
    """All cases sampled in these days, both included. Raises SecondPersonNeeded above 500."""
    scope.require(Permission.TRACING_TRACE_EXPORT)
    require_second_person(scope, Kind.TRACE_EXPORT, counted_cases(scope, *days))
    return _written(scope, days, asked)


def ask_line_list(scope: Scope, days: tuple[date, date], asked: Asked) -> Act:
    """Asks for the file of more than 500 cases."""
    scope.require(Permission.TRACING_TRACE_EXPORT)
    payload = {
        "count": counted_cases(scope, *days),
        "first_day": days[0].toordinal(),
        "last_day": days[1].toordinal(),
        "kind": int(asked.kind),
        "purpose": PURPOSES.index(asked.purpose),
    }
    own = scope.outer(Permission.TRACING_TRACE_EXPORT) or [province(scope).pk]
    return request_act(scope, Kind.TRACE_EXPORT, own[0], payload, asked.reason)


def carry_out_line_list(scope: Scope, errand: Errand) -> Payload:
    """Writes the file that two persons agreed on."""
    days = date.fromordinal(errand.number("first_day")), date.fromordinal(errand.number("last_day"))
    return {"count": _written(scope, days, asked_in(scope, errand), file_of(scope, errand)).count}


def _written(scope: Scope, days: tuple[date, date], asked: Asked, name: str = "") -> Written:
    rows = line_list(scope, *days)
    facts = [
        (gettext("Sampled"), " – ".join(day.isoformat() for day in days)),
        (gettext("Purpose"), asked.purpose.value),
        (gettext("Reason"), asked.reason),
        (gettext("Account"), str(scope.actor_id)),
        (gettext("Time"), f"{now():%Y-%m-%dT%H:%M:%SZ}"),
    ]
    table = Table(gettext("Cases"), _HEADINGS, [_cells(row) for row in rows], len(rows), facts)
    written = write_table(table, asked.kind, name)
    detail = {"rows": written.count, "sha256": written.sha256, "file": asked.kind.suffix, "reason": asked.reason}
    record(scope, "tracing:case:export", None, asked.purpose, detail)
    return written


_HEADINGS = (
    "case",
    "label",
    "name",
    "birth_year",
    "age",
    "sex",
    "commune",
    "disease",
    "onset_on",
    "sampled_on",
    "result",
    "isolated_on",
    "infector",
    "closed_on",
)
"""As an import reads them again, so in no language of its own."""


def _cells(row: ListedCase) -> tuple[str | int, ...]:
    return (
        row.number,
        row.label,
        row.name,
        row.birth_year or "",
        "" if row.age is None else row.age,
        row.sex,
        row.commune,
        row.disease,
        _day(row.onset_on),
        _day(row.sampled_on),
        row.result,
        _day(row.isolated_on),
        row.infector,
        _day(row.closed_on),
    )


def _day(on: date | None) -> str:
    return on.isoformat() if on else ""
