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
from ksdb.tracing.actions.correcting import note_infector
from ksdb.tracing.linelist import BETWEEN, LONGEST_INFECTOR, Pair, ReadLine
from ksdb.tracing.models import CaseRecord, ReportedCase
from ksdb.tracing.period import CaseFacts
from ksdb.tracing.queries import profile_named, resident_by_number
from ksdb.tracing.queries.reporting import own_labels, reported_case

WRITE = Permission.TRACING_CASE_WRITE


class LabelTaken(KsdbError):
    """There is a case of this label in the commune already. Give it another label, or look for it in the list."""

    code = "label_taken"
    status = 409


@dataclass(frozen=True)
class Brought:
    """How many cases were new, how many of them opened a known person's case, and how many were known."""

    new: int
    known: int
    opened: int = 0


@dataclass(frozen=True)
class Tied:
    """How many pairs tie cases that are known, and how many name a label that is not."""

    tied: int
    unknown: int


@transaction.atomic
def report_cases(scope: Scope, division_id: int, profile: str, lines: Sequence[ReadLine]) -> Brought:
    """Brings lines in as cases of unknown people of a division; whose label is known stays as it was.

    A line with the number of a card or of a resident of the jurisdiction opens that person's case; where the number is
    not found, or the person has an open case, it stays one of an unknown person.
    """
    if not covers(scope, WRITE, division_id):
        raise NotFound
    found = profile_named(scope, profile)
    before = ReportedCase.objects.filter(division=division_id)
    labels = set(before.filter(label__in=[line.label for line in lines]).values_list("label", flat=True))
    labels |= own_labels(scope, [line.label for line in lines])
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
    known_by = {line.label: line.person for line in lines if line.person}
    opened = sum(_open_as(scope, one, known_by[one.label]) for one in made if one.label in known_by)
    detail = {"new": len(made), "known": len(lines) - len(made), "opened": opened}
    record(scope, "tracing:report:write", ("division", division_id), Purpose.CASE_TRACING, detail)
    return Brought(len(made), len(lines) - len(made), opened)


def _open_as(scope: Scope, one: ReportedCase, person: str) -> bool:
    """Whether the case could be opened as that of the person whose number the line has."""
    try:
        with transaction.atomic():
            identify_case(scope, one.pk, resident_by_number(scope, person))
    except KsdbError:
        return False
    return True


@transaction.atomic
def tie_cases(scope: Scope, division_id: int, pairs: Sequence[Pair]) -> Tied:
    """Notes who infected whom among the reported cases of a division; those of known people are linked."""
    if not covers(scope, WRITE, division_id):
        raise NotFound
    labels = {label for pair in pairs for label in (pair.label, pair.infector)}
    reported = ReportedCase.objects.select_for_update().filter(division=division_id, label__in=labels)
    found = {one.label: one for one in reported}
    known = [pair for pair in pairs if pair.label in found and pair.infector in found]
    for pair in known:
        one = found[pair.label]
        before = one.infector.split(BETWEEN) if one.infector else []
        if pair.infector not in before:
            one.infector = BETWEEN.join([*before, pair.infector])[:LONGEST_INFECTOR]
    ReportedCase.objects.bulk_update(found.values(), ["infector"], batch_size=1_000)
    for one in found.values():
        _link_identified(scope, one)
    detail = {"tied": len(known), "unknown": len(pairs) - len(known)}
    record(scope, "tracing:report:tie", ("division", division_id), Purpose.CASE_TRACING, detail)
    return Tied(len(known), len(pairs) - len(known))


def _link_identified(scope: Scope, one: ReportedCase) -> None:
    """Links the case, if it is known whose it is, with those that infected it, or that it infected, by the list."""
    if one.case is None:
        return
    others = ReportedCase.objects.filter(division=one.division_id).exclude(case=None).exclude(pk=one.pk)
    own = one.infector.split(BETWEEN)
    for other in others.filter(label__in=own).select_related("case"):
        note_infector(scope, one.case, other.case_id or 0)
    for other in others.filter(infector__contains=one.label).select_related("case"):
        if other.case and one.label in other.infector.split(BETWEEN):
            note_infector(scope, other.case, one.case.pk)


def report_case(scope: Scope, division_id: int, profile: str, line: ReadLine) -> ReportedCase:
    """One case of an unknown person. Raises LabelTaken."""
    if not report_cases(scope, division_id, profile, [line]).new:
        raise LabelTaken
    return ReportedCase.objects.get(division=division_id, label=line.label)


@transaction.atomic
def identify_case(scope: Scope, report_id: int, resident_id: int) -> CaseRecord:
    """It is known who the reported case is: a case is opened with its days, and linked with whom the list says.

    Raises NotFound, PeriodEmpty, CaseOpenAlready.
    """
    one = reported_case(scope, report_id)
    if one.case_id:
        return CaseRecord.objects.get(pk=one.case_id)
    isolated_at = datetime.combine(one.isolated_on, time(), ZONE) if one.isolated_on else None
    facts = CaseFacts(one.profile.code, one.onset_on, one.sampled_on, isolated_at)
    one.case = open_case(scope, resident_id, facts)
    one.save(update_fields=["case"])
    _link_identified(scope, one)
    return one.case
