"""Runs of a trace: the contacts of a case found and kept, and what differs from the run before."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db import connection, transaction

from ksdb.audit.actions import record
from ksdb.core.clock import day_of, now
from ksdb.core.decision import CardStatus
from ksdb.core.errors import KsdbError, NotAllowed
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.places.queries import covers
from ksdb.postgres.named import sql
from ksdb.registry.queries import identities_of, persons_of
from ksdb.tracing.engines import MOST_SECOND, Answer, Question, answer
from ksdb.tracing.exposures import Exposure, Found, Period, instant
from ksdb.tracing.models import CaseRecord, Contact, CoPresence, RuleSet, Trace, TraceChange, TraceStay
from ksdb.tracing.queries import case, rule_set_named
from ksdb.tracing.queries.overlap import overlap_of
from ksdb.tracing.queries.periods import period_of

WRITE = Permission.TRACING_CASE_WRITE


class CaseClosed(KsdbError):
    """This case is closed. Open it again before you trace it."""

    code = "case_closed"
    status = 409


@dataclass(frozen=True)
class Run:
    """By which rules, how far, which run it repeats, and why, where a job repeats it.

    `until` is where the question ends: now, or where that of the run before ended.
    """

    rules: RuleSet
    generations: int
    before: Trace | None = None
    why: str = ""
    until: datetime = field(default_factory=now)


def run_trace(scope: Scope, case_id: int, rule_set_code: str, generations: int = 1) -> Trace:
    """Finds the contacts of a case in the visit log as it stands, and keeps the answer with its rules and its cut.

    With two generations also whom the contacts met afterwards, until now.
    """
    return run_version(scope, case_id, rule_set_named(scope, rule_set_code), generations)


def run_version(scope: Scope, case_id: int, rules: RuleSet, generations: int = 1) -> Trace:
    """The same by one version of a rule set, be it in force or not."""
    traced = _traced(scope, case_id)
    before = Trace.objects.filter(case=traced, rule_set=rules, generations=generations).order_by("-id").first()
    kept = _run(scope, traced, Run(rules, generations, before))
    _still_stale(before, kept)
    return kept


def rerun_trace(scope: Scope, trace_id: int) -> Trace | None:
    """Repeats a run that was touched, by its own rules. None when it finds the same, which is then noted.

    What touched the visits is asked about again until where the run had asked, so that nothing else can differ. Days
    are added where the case's days were corrected, and each night. A run that lost days of its period since is not
    repeated: what it found of them would be gone.
    """
    before = Trace.objects.select_related("rule_set").get(pk=trace_id)
    traced = _traced(scope, before.case_id)
    until = now() if before.stale_why in (Trace.Stale.CASE, Trace.Stale.DAYS) else before.asked_until or before.ran_at
    if _days_lost(period_of(traced, until)) > before.lost_days:
        _settle(before, Trace.Stale.LOST)
        return None
    kept = _run(scope, traced, Run(before.rule_set, before.generations, before, before.stale_why, until))
    if not kept.pk:
        _settle(before, "")
        return None
    _still_stale(before, kept)
    return kept


def _traced(scope: Scope, case_id: int) -> CaseRecord:
    traced = case(scope, case_id)
    if not covers(scope, WRITE, traced.resident.division_id):
        raise NotAllowed
    if traced.closed_at:
        raise CaseClosed
    return traced


def _settle(before: Trace, why: str) -> None:
    """The run is no longer stale, unless something touched it while it was repeated."""
    Trace.objects.filter(pk=before.pk, stale_at=before.stale_at).update(stale_at=None, stale_why=why, checked_at=now())


def _still_stale(before: Trace | None, kept: Trace) -> None:
    """What touched the run before while this one ran touches this one."""
    newer = Trace.objects.filter(pk=before.pk).exclude(stale_at=before.stale_at).first() if before else None
    if newer and newer.stale_at:
        Trace.objects.filter(pk=kept.pk).update(stale_at=newer.stale_at, stale_why=newer.stale_why)


def _run(scope: Scope, traced: CaseRecord, run: Run) -> Trace:
    """The run, kept; unsaved where a job repeats it and nothing differs."""
    with one_snapshot() as cut:
        period = period_of(traced, run.until)
        started = time.perf_counter()
        answered = answer(_question(scope, traced, period, run))
        found = _of_persons(scope, answered.found, traced.resident_id)
        kept = Trace(case=traced, rule_set=run.rules, cut=cut, ran_at=now(), asked_until=run.until)
        kept.ran_by_id = scope.actor_id
        kept.duration_ms = round((time.perf_counter() - started) * 1000)
        kept.infectious_from, kept.infectious_until = period
        _note_run(kept, run, answered)
        changes, differs = _changes(scope, run.before, found) if run.before else ([], True)
        if run.why and not differs:
            return kept
        _keep(kept, found)
        _keep_changes(kept, changes)
        detail = {"case": traced.pk, "trace": kept.pk, "rules": run.rules.code, "contacts": kept.contact_count}
        record(scope, "tracing:trace:run", ("resident", traced.resident_id), Purpose.CASE_TRACING, detail)
    return kept


def _question(scope: Scope, traced: CaseRecord, period: Period, run: Run) -> Question:
    rule, latent = overlap_of(scope, run.rules), timedelta(days=run.rules.latent_days)
    records = identities_of(scope, [traced.resident_id])
    return Question(records, period, rule, run.until, latent, run.generations)


def _note_run(kept: Trace, run: Run, answered: Answer) -> None:
    kept.engine, kept.index_horizon, kept.generations = answered.engine, answered.horizon, run.generations
    kept.before, kept.is_automatic, kept.why = run.before, bool(run.why), run.why
    kept.lost_days = _days_lost((kept.infectious_from, kept.infectious_until))


def _days_lost(period: Period) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.tracing", "days_lost"), {"first": day_of(period[0]), "last": day_of(period[1])})
        return int(cursor.fetchone()[0])


def _changes(scope: Scope, before: Trace, found: Found) -> tuple[list[TraceChange], bool]:
    """Who is new, gone, or with other minutes, and whether anything differs; persons are compared, not records.

    Where more were found of the second generation than are kept, whoever of it is on one list alone may be on the other
    beyond its end: of him nothing is said.
    """
    then = _told_before(scope, before)
    after = {one.resident_id: (one.generation, one.seconds) for one in found.contacts}
    unsure: set[int] = set()
    for count, here, there in ((found.second_count, then, after), (before.second_count, after, then)):
        if count > MOST_SECOND:
            unsure |= {one for one in here.keys() - there.keys() if here[one][0] > 1}
    was, is_now = ({one: seconds for one, (_, seconds) in side.items()} for side in (then, after))
    changes = [
        TraceChange(resident_id=one, seconds_before=was.get(one), seconds_after=is_now.get(one))
        for one in sorted((was.keys() | is_now.keys()) - unsure)
        if was.get(one) != is_now.get(one)
    ]
    return changes, bool(changes or unsure) or found.second_count != before.second_count


def _told_before(scope: Scope, before: Trace) -> dict[int, tuple[int, int]]:
    """Generation and seconds of the contacts of a run, by person as known now."""
    known = list(before.contacts.values_list("resident_id", "generation", "seconds"))
    persons = persons_of(scope, {resident_id for resident_id, *_ in known})
    then: dict[int, tuple[int, int]] = {}
    for resident_id, generation, seconds in known:
        person = persons.get(resident_id, resident_id)
        nearest, together = then.get(person, (generation, 0))
        then[person] = (min(nearest, generation), together + seconds)
    return then


def _keep_changes(kept: Trace, changes: list[TraceChange]) -> None:
    for change in changes:
        change.trace = kept
    TraceChange.objects.bulk_create(changes)
    kept.new_count = sum(change.seconds_before is None for change in changes)
    kept.gone_count = sum(change.seconds_after is None for change in changes)
    kept.changed_count = len(changes) - kept.new_count - kept.gone_count
    kept.save(update_fields=["new_count", "gone_count", "changed_count"])


def _of_persons(scope: Scope, found: Found, case_id: int) -> Found:
    """Whoever has several records is one contact, by the record that counts, of the fewest steps."""
    every = [*found.exposures, *found.second]
    persons = persons_of(scope, {one.resident_id for one in every} | {one.through_id or case_id for one in every})

    def person(one: Exposure) -> Exposure:
        through = one.through_id and persons.get(one.through_id, one.through_id)
        return one._replace(resident_id=persons.get(one.resident_id, one.resident_id), through_id=through)

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
    TraceStay.objects.bulk_create(
        TraceStay(
            trace=kept,
            point_id=stay.point,
            arrived_at=instant(stay.arrived),
            departed_at=instant(stay.departed),
            is_observed=stay.is_observed,
        )
        for stay in found.stays
    )
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
