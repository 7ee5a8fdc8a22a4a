"""Writes of cases and traces."""

import csv
from collections.abc import Iterator
from importlib.resources import files

from django.db import transaction

from ksdb.audit.actions import record
from ksdb.core.clock import now
from ksdb.core.errors import KsdbError, NotFound
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.places.queries import covers
from ksdb.registry.models import Resident
from ksdb.registry.queries import identities_of
from ksdb.tracing.actions.running import CaseClosed, one_snapshot, rerun_trace, run_trace
from ksdb.tracing.models import CaseRecord, DiseaseProfile, RuleSet
from ksdb.tracing.period import CaseFacts
from ksdb.tracing.queries import profile_named
from ksdb.tracing.queries.periods import period_of

__all__ = [
    "CaseClosed",
    "CaseFacts",
    "CaseOpenAlready",
    "load_profiles",
    "one_snapshot",
    "open_case",
    "period_of",
    "rerun_trace",
    "run_trace",
]

WRITE = Permission.TRACING_CASE_WRITE


def load_profiles(scope: Scope) -> int:
    """Loads disease profiles and rule sets of the reference files; returns how many are new. None is ever rewritten."""
    scope.require(WRITE)
    before = DiseaseProfile.objects.count() + RuleSet.objects.count()
    profiles = (DiseaseProfile(**row) for row in _reference("disease_profiles.csv"))
    DiseaseProfile.objects.bulk_create(profiles, ignore_conflicts=True)
    RuleSet.objects.bulk_create((RuleSet(**row) for row in _reference("rule_sets.csv")), ignore_conflicts=True)
    return DiseaseProfile.objects.count() + RuleSet.objects.count() - before


def _reference(name: str) -> Iterator[dict[str, str | None]]:
    with (files("ksdb.tracing") / "reference" / name).open(encoding="utf-8") as file:
        yield from ({name: value or None for name, value in row.items()} for row in csv.DictReader(file))


class CaseOpenAlready(KsdbError):
    """This person has an open case of the same disease profile already. Correct that one, or close it first."""

    code = "case_open_already"
    status = 409


@transaction.atomic
def open_case(scope: Scope, resident_id: int, facts: CaseFacts) -> CaseRecord:
    """A new case of a resident of the jurisdiction.

    Raises PeriodEmpty when the facts leave no infectious period, and CaseOpenAlready where the person, by whichever
    record, has an open case of the profile: a button pressed twice opens one.
    """
    division_id = Resident.objects.filter(pk=resident_id).values_list("division_id", flat=True).first()
    if division_id is None or not covers(scope, WRITE, division_id):
        raise NotFound
    require_none_open(scope, resident_id, facts.profile)
    opened = CaseRecord(
        resident_id=resident_id,
        profile=profile_named(scope, facts.profile),
        onset_on=facts.onset_on,
        sampled_on=facts.sampled_on,
        isolated_at=facts.isolated_at,
        opened_at=now(),
        opened_by_id=scope.actor_id,
    )
    period_of(opened)
    opened.save()
    record(scope, WRITE, ("resident", resident_id), Purpose.CASE_TRACING, {"case": opened.pk})
    return opened


def require_none_open(scope: Scope, resident_id: int, profile: str) -> None:
    """Raises CaseOpenAlready; holds the person's records meanwhile, so that two do not open at once."""
    records = identities_of(scope, [resident_id])
    list(Resident.objects.select_for_update(no_key=True).filter(pk__in=records).order_by("pk").values_list("pk"))
    if CaseRecord.objects.filter(resident__in=records, profile__code=profile, closed_at=None).exists():
        raise CaseOpenAlready
