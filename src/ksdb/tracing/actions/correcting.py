"""Corrections of a case, with what stood before; its links to other cases."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction

from ksdb.audit.actions import record
from ksdb.core.clock import now
from ksdb.core.errors import KsdbError, NotAllowed
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.places.queries import covers
from ksdb.tracing.actions.running import CaseClosed
from ksdb.tracing.models import CaseChange, CaseLink, CaseRecord, Trace
from ksdb.tracing.queries import case
from ksdb.tracing.queries.periods import period_of

WRITE = Permission.TRACING_CASE_WRITE
RESULT_FIELDS = ("result", "result_on")
FIELDS = ("onset_on", "sampled_on", "isolated_at", "result", "result_on", "adjusted_from", "adjusted_until")


class CaseChanged(KsdbError):
    """Somebody else has changed this case while you were writing. See below what it says now, then save again."""

    code = "case_changed"
    status = 409


class CaseLinked(KsdbError):
    """These two cases are linked already, or are one and the same. Choose another case."""

    code = "case_linked"
    status = 409


@dataclass(frozen=True)
class CaseFields:
    """What a case says after a correction."""

    onset_on: date | None
    sampled_on: date
    isolated_at: datetime | None
    result: str
    result_on: date | None
    adjusted_from: datetime | None
    adjusted_until: datetime | None


@transaction.atomic
def correct_case(scope: Scope, case_id: int, version: int, fields: CaseFields, why: str) -> CaseRecord:
    """The case with other facts; each field that differs is kept as it was, with why. `version` is what the writer saw.

    Where more than the result changed, its traces are run again.
    Raises NotAllowed, CaseClosed, CaseChanged, PeriodEmpty.
    """
    one = _held(scope, case_id, version)
    changes = [
        CaseChange(case=one, at=now(), by_id=scope.actor_id, field=name, before=before, after=after, why=why)
        for name in FIELDS
        if (before := _text(getattr(one, name))) != (after := _text(getattr(fields, name)))
    ]
    if not changes:
        return one
    for name in FIELDS:
        setattr(one, name, getattr(fields, name))
    one.adjusted_why = why if fields.adjusted_from or fields.adjusted_until else ""
    one.version += 1
    period_of(one)
    one.save(update_fields=[*FIELDS, "adjusted_why", "version"])
    CaseChange.objects.bulk_create(changes)
    if any(change.field not in RESULT_FIELDS for change in changes):
        _touch_traces(one)
    detail = {"case": case_id, "fields": [change.field for change in changes]}
    record(scope, "tracing:case:correct", ("resident", one.resident_id), Purpose.CASE_TRACING, detail)
    return one


@transaction.atomic
def enter_result(scope: Scope, case_id: int, version: int, result: CaseRecord.Result, on: date | None) -> CaseRecord:
    """The first result of a case, which corrects nothing. Raises NotAllowed, CaseClosed, CaseChanged."""
    one = _held(scope, case_id, version)
    if one.result:
        raise CaseChanged
    one.result, one.result_on, one.version = result, on, one.version + 1
    one.save(update_fields=["result", "result_on", "version"])
    record(scope, "tracing:case:result", ("resident", one.resident_id), Purpose.CASE_TRACING, {"case": case_id})
    return one


def _held(scope: Scope, case_id: int, version: int) -> CaseRecord:
    """The open case as the writer saw it, held until the transaction ends."""
    _writable(scope, case_id)
    one = CaseRecord.objects.select_for_update(of=("self",)).select_related("profile").get(pk=case_id)
    if one.closed_at:
        raise CaseClosed
    if one.version != version:
        raise CaseChanged
    return one


@transaction.atomic
def link_cases(scope: Scope, case_id: int, other_id: int, kind: CaseLink.Kind) -> CaseLink:
    """Two cases of the jurisdiction belong together. Raises NotFound, CaseLinked."""
    first, second = _writable(scope, case_id), case(scope, other_id)
    is_there = CaseLink.objects.filter(first=second, second=first).exists()
    if first.pk == second.pk or is_there:
        raise CaseLinked
    made = CaseLink(first=first, second=second, kind=kind, linked_at=now(), linked_by_id=scope.actor_id)
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError as error:
        raise CaseLinked from error
    record(scope, "tracing:case:link", ("case", case_id), Purpose.CASE_TRACING, {"case": case_id, "other": other_id})
    return made


def note_infector(scope: Scope, one: CaseRecord, infector_id: int) -> None:
    """What followed from a trace: the case was infected by the other, unless the two are linked already."""
    scope.require(WRITE)
    pair = (one.pk, infector_id)
    if not CaseLink.objects.filter(first__in=pair, second__in=pair).exists():
        CaseLink.objects.create(
            first=one,
            second_id=infector_id,
            kind=CaseLink.Kind.INFECTED_BY,
            linked_at=now(),
            linked_by_id=scope.actor_id,
        )


@transaction.atomic
def unlink_cases(scope: Scope, case_id: int, other_id: int) -> None:
    """They do not belong together after all; where they were not linked, nothing happens."""
    _writable(scope, case_id)
    both = CaseLink.objects.filter(first=case_id, second=other_id) | CaseLink.objects.filter(
        first=other_id, second=case_id
    )
    if both.delete()[0]:
        detail = {"case": case_id, "other": other_id}
        record(scope, "tracing:case:unlink", ("case", case_id), Purpose.CASE_TRACING, detail)


def _writable(scope: Scope, case_id: int) -> CaseRecord:
    one = case(scope, case_id)
    if not covers(scope, WRITE, one.resident.division_id):
        raise NotAllowed
    return one


def _touch_traces(one: CaseRecord) -> None:
    """The latest run by each rule set is to be repeated: other days are other contacts."""
    latest = Trace.objects.filter(case=one).order_by("rule_set", "generations", "-id")
    ids = latest.distinct("rule_set", "generations").values_list("pk", flat=True)
    Trace.objects.filter(pk__in=list(ids)).update(stale_at=now(), stale_why=Trace.Stale.CASE)


def _text(value: date | datetime | str | None) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%MZ")
    return value.isoformat() if isinstance(value, date) else value or ""
