"""Cases opened, traces run and kept."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from tests.conftest import resident_of, scope_for
from tests.tracing.conftest import ScanAt, isolated_before, moment

from ksdb.access.models import StaffAccount
from ksdb.audit.models import Entry
from ksdb.core.clock import now, today
from ksdb.core.errors import NotAllowed, NotFound
from ksdb.core.scope import Permission, Scope, system_scope
from ksdb.duplicates.actions import merge
from ksdb.duplicates.models import Pair
from ksdb.places.models import Division, ScanPoint
from ksdb.registry.models import Resident
from ksdb.tracing.actions import CaseFacts, load_profiles, one_snapshot, open_case, run_trace
from ksdb.tracing.actions.rerunning import find_touched, rerun_touched
from ksdb.tracing.models import CaseRecord, Trace
from ksdb.tracing.period import PeriodEmpty
from ksdb.tracing.queries import trace_report

FACTS = CaseFacts("covid-19", today(), today(), None)


def found(trace: Trace) -> list[tuple[int, int, int]]:
    return [(c.resident_id, c.seconds, c.co_presence_count) for c in trace.contacts.order_by("-seconds", "id")]


def test_reference_is_loaded_once(profiles: Scope) -> None:
    assert load_profiles(profiles) == 0


def test_trace_finds_who_was_there_with_lan_and_nobody_else(
    hanh: StaffAccount, lans_case: CaseRecord, neighbour: Resident, stranger: Resident
) -> None:
    trace = run_trace(scope_for(hanh), lans_case.pk, "overlap-15")
    assert found(trace) == [(neighbour.pk, 20 * 60, 1), (stranger.pk, 15 * 60, 1)]
    met = trace.contacts.get(resident_id=neighbour.pk)
    assert (met.first_at, met.last_at) == (moment(8, 10), moment(8, 30))
    assert met.is_observed
    assert not trace.contacts.get(resident_id=stranger.pk).is_observed
    assert (trace.stay_count, trace.unverified_count) == (1, 1)


def test_trace_knows_how_many_have_no_card(lans_case: CaseRecord, stranger: Resident) -> None:
    trace = run_trace(system_scope(), lans_case.pk, "overlap-15")
    assert (trace.resident_count, trace.covered_count) == (4, 0)


def test_running_again_gives_the_same(lans_case: CaseRecord) -> None:
    first, second = (run_trace(system_scope(), lans_case.pk, "overlap-15") for _ in range(2))
    assert first.pk != second.pk
    assert found(first) == found(second)


def test_a_late_scan_changes_the_next_trace_and_not_the_last(
    scan: ScanAt, lans_case: CaseRecord, commune_a: Division, market_a: ScanPoint
) -> None:
    first = run_trace(system_scope(), lans_case.pk, "overlap-15")
    before = found(first)
    offline = resident_of(commune_a, "Võ Thị Trễ")
    scan(offline, market_a, moment(8, 5))
    second = run_trace(system_scope(), lans_case.pk, "overlap-15")
    assert found(first) == before
    assert found(second) == [(offline.pk, 25 * 60, 1), *before]


def test_contacts_are_added_up_over_meetings(
    scan: ScanAt, lans_case: CaseRecord, lan: Resident, neighbour: Resident, market_a: ScanPoint
) -> None:
    for hours in (12, 16):
        scan(lan, market_a, moment(hours))
        scan(neighbour, market_a, moment(hours))
    trace = run_trace(system_scope(), lans_case.pk, "overlap-15")
    met = trace.contacts.get(resident_id=neighbour.pk)
    assert (met.seconds, met.co_presence_count, met.is_observed) == ((20 + 45 + 45) * 60, 3, False)
    assert [one.started_at for one in met.co_presences.all()] == [moment(8, 10), moment(12), moment(16)]


def test_opening_is_audited_with_its_purpose(hanh: StaffAccount, profiles: Scope, lan: Resident) -> None:
    case = open_case(scope_for(hanh), lan.pk, FACTS)
    entry = Entry.objects.get(action=Permission.TRACING_CASE_WRITE)
    assert (entry.actor_id, entry.subject_id, entry.purpose) == (hanh.pk, lan.pk, "case_tracing")
    assert (entry.case_id, entry.detail) == (case.pk, {})


def test_tracing_is_audited_with_its_counts(hanh: StaffAccount, lans_case: CaseRecord) -> None:
    trace = run_trace(scope_for(hanh), lans_case.pk, "overlap-10")
    entry = Entry.objects.get(action="tracing:trace:run")
    assert entry.case_id == lans_case.pk
    assert entry.detail == {"trace": trace.pk, "rules": "overlap-10", "contacts": 2}


def test_report_audits_each_person_it_names(hanh: StaffAccount, lans_case: CaseRecord, neighbour: Resident) -> None:
    trace = run_trace(system_scope(), lans_case.pk, "overlap-15")
    report = trace_report(scope_for(hanh), trace.pk, 1)
    assert [(row.person.name, row.minutes, row.places) for row in report.rows] == [
        ("Trần Văn Hòa", 20, ("Chợ Hương Vân",))
    ]
    entries = Entry.objects.filter(actor_id=hanh.pk, subject="resident", purpose="case_tracing")
    written = [(e.subject_id, e.case_id, e.detail) for e in entries]
    assert written == [(neighbour.pk, lans_case.pk, {"trace": trace.pk})]


@pytest.mark.parametrize("officer", ["binh", "minh"])
def test_officers_without_the_right_open_nothing(
    officer: str, request: pytest.FixtureRequest, profiles: Scope, lan: Resident
) -> None:
    with pytest.raises((NotAllowed, NotFound)):
        open_case(scope_for(request.getfixturevalue(officer)), lan.pk, FACTS)
    assert not CaseRecord.objects.exists()


def test_no_case_outside_the_jurisdiction(
    profiles: Scope, lan: Resident, commune_b: Division, lans_case: CaseRecord
) -> None:
    rights = (Permission.TRACING_CASE_READ, Permission.TRACING_CASE_WRITE)
    elsewhere = Scope(actor_id=None, divisions={right: frozenset({commune_b.pk}) for right in rights})
    with pytest.raises(NotFound):
        open_case(elsewhere, lan.pk, FACTS)
    with pytest.raises(NotFound):
        run_trace(elsewhere, lans_case.pk, "overlap-15")


def test_names_beyond_the_jurisdiction_are_not_told(lans_case: CaseRecord, commune_a: Division) -> None:
    trace = run_trace(system_scope(), lans_case.pk, "overlap-15")
    of_a = Scope(actor_id=None, divisions={Permission.TRACING_CASE_READ: frozenset({commune_a.pk})})
    people = [row.person for row in trace_report(of_a, trace.pk).rows]
    assert [(p.name, p.commune) for p in people] == [
        ("Trần Văn Hòa", "Phường Hương Vân"),
        (None, "Phường Hương Văn"),
    ]


def test_no_infectious_period_no_case(profiles: Scope, lan: Resident) -> None:
    with pytest.raises(PeriodEmpty):
        open_case(system_scope(), lan.pk, isolated_before(days=9))


@pytest.mark.django_db(transaction=True)
def test_a_merge_while_a_trace_runs_is_taken_up_by_the_job(
    clean_registry: None, lans_case: CaseRecord, neighbour: Resident, stranger: Resident
) -> None:
    system = system_scope()
    pair = Pair.objects.create(first=neighbour, second=stranger, score=90, reasons="same_name", found_at=now())

    def merged() -> None:
        merge(system, pair.pk, neighbour.pk)
        connection.close()

    with one_snapshot() as cut, ThreadPoolExecutor(1) as other:
        other.submit(merged).result()  # committed, and not seen by this run
        run = run_trace(system, lans_case.pk, "overlap-15")
    assert (run.cut, run.contact_count) == (cut, 2)
    assert (find_touched(system), rerun_touched(system)) == (1, 0)  # one person, as long as the two before
    run.refresh_from_db()
    assert run.checked_at is not None
    Trace.objects.update(checked_at=now() + timedelta(minutes=2))
    assert find_touched(system) == 0  # and is not taken up for ever
    again = run_trace(system, lans_case.pk, "overlap-15")
    assert [contact.resident_id for contact in again.contacts.all()] == [neighbour.pk]


def test_the_records_of_one_person_are_one_case_and_one_contact(
    lans_case: CaseRecord, scan: ScanAt, neighbour: Resident, stranger: Resident, market_a: ScanPoint
) -> None:
    """The stranger is the neighbour's other record; with another card Lan meets him again after noon."""
    Resident.objects.filter(pk=stranger.pk).update(merged_into=neighbour)
    again = resident_of(market_a.division, "Nguyen Thi Lan")
    Resident.objects.filter(pk=again.pk).update(merged_into=lans_case.resident_id)
    scan(again, market_a, moment(13))
    scan(neighbour, market_a, moment(13, 5))
    contact = run_trace(system_scope(), lans_case.pk, "overlap-15").contacts.get()
    assert (contact.resident_id, contact.co_presence_count) == (neighbour.pk, 3)
