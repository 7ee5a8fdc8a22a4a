"""Cases of people who are not known: reported one by one or with a line list, and found later."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

from django.db import transaction

from ksdb.audit.actions import record
from ksdb.core.clock import ZONE, now
from ksdb.core.errors import KsdbError, NotFound
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.places.queries import covers
from ksdb.tracing.actions import open_case
from ksdb.tracing.linelist import ReadLine
from ksdb.tracing.models import CaseRecord, ReportedCase
from ksdb.tracing.period import CaseFacts
from ksdb.tracing.queries import profile_named
from ksdb.tracing.queries.reporting import reported_case

WRITE = Permission.TRACING_CASE_WRITE


class LabelTaken(KsdbError):
    """There is a case of this label in the commune already. Give it another label, or look for it in the list."""

    code = "label_taken"
    status = 409


@dataclass(frozen=True)
class Brought:
    """How many cases were new, and how many were known by their label."""

    new: int
    known: int


@transaction.atomic
def report_cases(scope: Scope, division_id: int, profile: str, lines: Sequence[ReadLine]) -> Brought:
    """Brings lines in as cases of unknown people of a division; whose label is known stays as it was."""
    if not covers(scope, WRITE, division_id):
        raise NotFound
    found = profile_named(scope, profile)
    before = ReportedCase.objects.filter(division=division_id)
    labels = set(before.filter(label__in=[line.label for line in lines]).values_list("label", flat=True))
    made = [
        ReportedCase(
            division_id=division_id,
            profile=found,
            reported_at=now(),
            reported_by_id=scope.actor_id,
            label=line.label,
            onset_on=line.onset_on,
            sampled_on=line.sampled_on,
            isolated_on=line.isolated_on,
            age=line.age,
            sex=line.sex,
            place=line.place,
            infector=line.infector,
        )
        for line in lines
        if line.label not in labels
    ]
    ReportedCase.objects.bulk_create(made, batch_size=1_000)
    detail = {"new": len(made), "known": len(lines) - len(made)}
    record(scope, "tracing:report:write", ("division", division_id), Purpose.CASE_TRACING, detail)
    return Brought(len(made), len(lines) - len(made))


def report_case(scope: Scope, division_id: int, profile: str, line: ReadLine) -> ReportedCase:
    """One case of an unknown person. Raises LabelTaken."""
    if not report_cases(scope, division_id, profile, [line]).new:
        raise LabelTaken
    return ReportedCase.objects.get(division=division_id, label=line.label)


@transaction.atomic
def identify_case(scope: Scope, report_id: int, resident_id: int) -> CaseRecord:
    """It is known who the reported case is: a case is opened with its days. Raises NotFound, PeriodEmpty."""
    one = reported_case(scope, report_id)
    if one.case_id:
        return CaseRecord.objects.get(pk=one.case_id)
    isolated_at = datetime.combine(one.isolated_on, time(), ZONE) if one.isolated_on else None
    facts = CaseFacts(one.profile.code, one.onset_on, one.sampled_on, isolated_at)
    one.case = open_case(scope, resident_id, facts)
    one.save(update_fields=["case"])
    return one.case
