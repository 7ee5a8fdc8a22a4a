"""Writes of cases and traces."""

import csv
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from importlib.resources import files

from django.db import connection, transaction

from ksdb.audit.actions import record
from ksdb.core.clock import now
from ksdb.core.copresence import OverlapRule
from ksdb.core.decision import CardStatus
from ksdb.core.errors import KsdbError, NotAllowed, NotFound
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.places.queries import covers
from ksdb.postgres.named import sql
from ksdb.registry.models import Resident
from ksdb.registry.queries import identities_of, persons_of
from ksdb.tracing.engines import Question, answer
from ksdb.tracing.exposures import Exposure, Found, Period, units
from ksdb.tracing.models import CaseRecord, Contact, CoPresence, DiseaseProfile, RuleSet, Trace
from ksdb.tracing.period import CaseFacts, Days, infectious_period
from ksdb.tracing.queries import case, profile_named, rule_set_named

__all__ = ["CaseFacts", "load_profiles", "open_case", "period_of", "run_trace"]

WRITE = Permission.TRACING_CASE_WRITE


class CaseClosed(KsdbError):
    """This case is closed. Open it again before you trace it."""

    code = "case_closed"
    status = 409


def load_profiles(scope: Scope) -> int:
    """Loads disease profiles and rule sets of the reference files; returns how many are new. None is ever rewritten."""
    scope.require(WRITE)
    before = DiseaseProfile.objects.count() + RuleSet.objects.count()
    profiles = (DiseaseProfile(**row) for row in _reference("disease_profiles.csv"))
    DiseaseProfile.objects.bulk_create(profiles, ignore_conflicts=True)
    RuleSet.objects.bulk_create((RuleSet(**row) for row in _reference("rule_sets.csv")), ignore_conflicts=True)
    return DiseaseProfile.objects.count() + RuleSet.objects.count() - before


def _reference(name: str) -> Iterator[dict[str, str]]:
    with (files("ksdb.tracing") / "reference" / name).open(encoding="utf-8") as file:
        yield from csv.DictReader(file)


@transaction.atomic
def open_case(scope: Scope, resident_id: int, facts: CaseFacts) -> CaseRecord:
    """A new case of a resident of the jurisdiction. Raises PeriodEmpty when the facts leave no infectious period."""
    division_id = Resident.objects.filter(pk=resident_id).values_list("division_id", flat=True).first()
    if division_id is None or not covers(scope, WRITE, division_id):
        raise NotFound
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


def period_of(one: CaseRecord) -> Period:
    """The infectious period of the case as known now. Raises PeriodEmpty."""
    days = Days(one.profile.days_before_onset, one.profile.days_after_onset)
    facts = CaseFacts(one.profile.code, one.onset_on, one.sampled_on, one.isolated_at)
    return infectious_period(days, facts, now())


def run_trace(scope: Scope, case_id: int, rule_set_code: str, generations: int = 1) -> Trace:
    """Finds the contacts of a case in the visit log as it stands, and keeps the answer with its rules and its cut.

    With two generations also whom the contacts met afterwards, until now.
    """
    traced = case(scope, case_id)
    if not covers(scope, WRITE, traced.resident.division_id):
        raise NotAllowed
    if traced.closed_at:
        raise CaseClosed
    rules = rule_set_named(scope, rule_set_code)
    rule = OverlapRule(units(timedelta(minutes=rules.least_minutes)), units(timedelta(minutes=rules.linger_minutes)))
    with one_snapshot() as cut:
        period = period_of(traced)
        started = time.perf_counter()
        latent = timedelta(days=rules.latent_days)
        answered = answer(
            Question(identities_of(scope, [traced.resident_id]), period, rule, now(), latent, generations)
        )
        found = _of_persons(scope, answered.found, traced.resident_id)
        elapsed = time.perf_counter() - started
        kept = Trace(case=traced, rule_set=rules, cut=cut, ran_at=now(), ran_by_id=scope.actor_id)
        kept.engine, kept.index_horizon, kept.generations = answered.engine, answered.horizon, generations
        kept.infectious_from, kept.infectious_until = period
        kept.duration_ms = round(elapsed * 1000)
        _keep(kept, found)
        detail = {"case": case_id, "trace": kept.pk, "rules": rule_set_code, "contacts": kept.contact_count}
        record(scope, "tracing:trace:run", ("resident", traced.resident_id), Purpose.CASE_TRACING, detail)
    return kept


def _of_persons(scope: Scope, found: Found, case_id: int) -> Found:
    """Whoever has several records is one contact, by the record that counts, of the fewest steps."""
    every = [*found.exposures, *found.second]
    persons = persons_of(scope, {one.resident_id for one in every} | {one.through_id or case_id for one in every})

    def person(one: Exposure) -> Exposure:
        through = one.through_id and persons.get(one.through_id, one.through_id)
        return replace(one, resident_id=persons.get(one.resident_id, one.resident_id), through_id=through)

    first = [person(one) for one in found.exposures]
    nearer = {case_id, *(one.resident_id for one in first)}
    second = [one for one in map(person, found.second) if one.resident_id not in nearer]
    return replace(found, exposures=first, second=second)


@contextmanager
def one_snapshot() -> Iterator[str]:
    """A transaction that sees one state of the database from beginning to end; gives that state's name.

    Inside a transaction that runs already, that one's isolation holds.
    """
    is_outermost = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if is_outermost:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT pg_current_snapshot()::text")
        yield str(cursor.fetchone()[0])


def _keep(kept: Trace, found: Found) -> None:
    """Writes the trace, its contacts and their co-presences: three statements by the thousand rows."""
    met = found.contacts
    kept.stay_count, kept.contact_count, kept.unverified_count = len(found.stays), len(met), found.unverified_count
    kept.first_count, kept.second_count = sum(one.generation == 1 for one in met), found.second_count
    kept.resident_count, kept.covered_count = _coverage_around(kept.case, found)
    kept.save()
    contacts = Contact.objects.bulk_create(
        Contact(
            trace=kept,
            resident_id=one.resident_id,
            generation=one.generation,
            through_id=one.through_id,
            seconds=one.seconds,
            co_presence_count=len(one.exposures),
            first_at=one.first_at,
            last_at=one.last_at,
            is_observed=one.is_observed,
        )
        for one in met
    )
    CoPresence.objects.bulk_create(
        CoPresence(
            contact=contact,
            point_id=exposure.point_id,
            started_at=exposure.started_at,
            ended_at=exposure.ended_at,
            is_observed=exposure.is_observed,
        )
        for contact, one in zip(contacts, met, strict=True)
        for exposure in one.exposures
    )


def _coverage_around(traced: CaseRecord, found: Found) -> tuple[int, int]:
    """Residents registered in the communes where the case was, and how many of them hold an active card."""
    points = sorted({stay.point for stay in found.stays})
    with connection.cursor() as cursor:
        cursor.execute(
            sql("ksdb.tracing", "coverage_around"),
            {"points": points, "case": traced.resident_id, "active": int(CardStatus.ACTIVE)},
        )
        residents, covered = cursor.fetchone()
        return int(residents), int(covered)
