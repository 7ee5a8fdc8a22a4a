"""Runs that are repeated because late scans, disputes, merges touched them, and what differs."""

from datetime import time, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from tests.conftest import resident_of, staff
from tests.tracing.conftest import ScanAt, moment

from ksdb.access.models import StaffAccount
from ksdb.core.clock import now, today
from ksdb.core.scope import Role, system_scope
from ksdb.duplicates.models import Merge, Pair
from ksdb.places.actions import make_points
from ksdb.places.models import Division, ScanPoint
from ksdb.registry.models import Resident
from ksdb.tracing import engines
from ksdb.tracing.actions import run_trace, running
from ksdb.tracing.actions.rerunning import find_touched, mark_days, rerun_touched
from ksdb.tracing.models import CaseRecord, Trace, TraceWatermark
from ksdb.visits.actions import decide_dispute, dispute_visit
from ksdb.visits.disputing import Reason, VisitRef
from ksdb.visits.models import Visit

SYSTEM = system_scope()


@pytest.fixture
def run(lans_case: CaseRecord) -> Trace:
    """A run of an hour ago; all that is in the log came before it."""
    first = run_trace(SYSTEM, lans_case.pk, "overlap-15")
    Trace.objects.update(ran_at=now() - timedelta(hours=1), asked_until=now() - timedelta(hours=1))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE visit SET received_at = %s", [now() - timedelta(hours=2)])
    TraceWatermark.objects.update(received_until=now() - timedelta(hours=1))
    return first


def arrived(minutes_ago: int = 5) -> None:
    """What was stored just now arrived some minutes ago: the job looks at what has settled."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE visit SET received_at = %s WHERE received_at > %s",
            [now() - timedelta(minutes=minutes_ago), now() - timedelta(minutes=1)],
        )


def changes(trace: Trace) -> list[tuple[int, int | None, int | None]]:
    return [(c.resident_id, c.seconds_before, c.seconds_after) for c in trace.changes.order_by("resident_id")]


def test_nothing_arrived_nothing_is_run(run: Trace) -> None:
    assert (find_touched(SYSTEM), rerun_touched(SYSTEM)) == (0, 0)


def test_a_late_scan_of_somebody_else_is_a_new_contact(
    run: Trace, scan: ScanAt, commune_a: Division, market_a: ScanPoint
) -> None:
    late = resident_of(commune_a, "Võ Thị Trễ")
    scan(late, market_a, moment(8, 5))
    arrived()
    assert (find_touched(SYSTEM), rerun_touched(SYSTEM)) == (1, 1)
    again = Trace.objects.latest("id")
    assert (again.before_id, again.is_automatic, again.why) == (run.pk, True, "late")
    assert changes(again) == [(late.pk, None, 25 * 60)]
    assert (again.new_count, again.gone_count, again.changed_count) == (1, 0, 0)
    assert (find_touched(SYSTEM), rerun_touched(SYSTEM)) == (0, 0)


def test_a_late_scan_elsewhere_shortens_a_contacts_stay(
    run: Trace, scan: ScanAt, stranger: Resident, commune_a: Division
) -> None:
    scan(stranger, _shop(commune_a), moment(8, 20))
    arrived()
    assert (find_touched(SYSTEM), rerun_touched(SYSTEM)) == (1, 1)
    assert changes(Trace.objects.latest("id")) == [(stranger.pk, 15 * 60, None)]  # five minutes left, of fifteen


def test_days_are_added_at_night_and_not_called_late_scans(
    run: Trace, scan: ScanAt, lan: Resident, commune_a: Division, market_a: ScanPoint
) -> None:
    """What was scanned after a run is not in the same question asked again; it is in that of the next night."""
    Trace.objects.update(asked_until=now())
    assert mark_days(SYSTEM) == 0  # asked today
    day_ago = now() - timedelta(days=1)
    Trace.objects.update(ran_at=day_ago, asked_until=day_ago, infectious_until=day_ago)
    later, late = (resident_of(commune_a, name) for name in ("Trần Thị Sau", "Võ Thị Trễ"))
    for one in (lan, later):
        scan(one, market_a, now() - timedelta(hours=3))
    scan(late, market_a, moment(8, 5))
    arrived()
    assert (find_touched(SYSTEM), rerun_touched(SYSTEM)) == (1, 1)
    again = Trace.objects.latest("id")
    assert (again.why, changes(again), again.asked_until) == ("late", [(late.pk, None, 25 * 60)], day_ago)
    assert (mark_days(SYSTEM), rerun_touched(SYSTEM), Trace.objects.latest("id").stale_why) == (1, 1, "")
    with_days = Trace.objects.latest("id")
    assert (with_days.why, [one for one, *_ in changes(with_days)]) == ("days", [later.pk])
    CaseRecord.objects.update(isolated_at=day_ago)
    Trace.objects.filter(pk=with_days.pk).update(infectious_until=day_ago, asked_until=day_ago + timedelta(minutes=5))
    assert mark_days(SYSTEM) == 0  # nothing can be added


def test_whoever_leaves_a_list_by_its_end_is_not_gone(
    run: Trace, scan: ScanAt, stranger: Resident, market_a: ScanPoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the second generation one is kept; another was there longer, as late scans tell."""
    monkeypatch.setattr(engines, "MOST_SECOND", 1)
    monkeypatch.setattr(running, "MOST_SECOND", 1)
    first, other = (resident_of(market_a.division, name) for name in ("Ngô Văn Đầu", "Đặng Thị Kế"))
    for one in (stranger, first, other):
        scan(one, market_a, moment(14))
    scan(first, market_a, moment(14, 30), is_exit=True)
    scan(stranger, market_a, moment(16), is_exit=True)
    before = run_trace(SYSTEM, run.case_id, "overlap-15", 2)
    kept = before.contacts.get(generation=2).resident_id
    scan(first, market_a, moment(14, 31))
    scan(first, market_a, moment(16, 0), is_exit=True)
    Trace.objects.filter(pk=before.pk).update(stale_at=now(), stale_why="late")
    assert rerun_touched(SYSTEM) == 1
    again = Trace.objects.latest("id")
    assert again.contacts.get(generation=2).resident_id != kept
    assert (changes(again), again.new_count, again.gone_count) == ([], 0, 0)


def _shop(division: Division) -> ScanPoint:
    kinds = {"type_id": "shop", "division": division, "opens_at": time(0), "closes_at": time(23, 59)}
    return make_points(SYSTEM, [ScanPoint(name="Quán", usual_stay_minutes=30, **kinds)])[0]


def test_arrivals_that_change_nothing_are_noted_and_not_kept(
    run: Trace, scan: ScanAt, commune_a: Division, market_a: ScanPoint, neighbour: Resident
) -> None:
    scan(resident_of(commune_a, "Lê Thị Đâu"), market_a, moment(15))  # long after
    arrived()
    assert find_touched(SYSTEM) == 0
    scan(neighbour, market_a, moment(5))
    scan(neighbour, market_a, moment(5, 30), is_exit=True)
    arrived(4)
    TraceWatermark.objects.update(received_until=now() - timedelta(minutes=30))
    assert (find_touched(SYSTEM), rerun_touched(SYSTEM)) == (1, 0)
    run.refresh_from_db()
    assert run.stale_at is None
    assert run.checked_at is not None
    assert Trace.objects.count() == 1


def test_an_accepted_dispute_takes_the_contact_out(run: Trace, neighbour: Resident, stranger: Resident) -> None:
    for visit in list(Visit.objects.filter(resident_id=neighbour.pk).order_by("scanned_at")):
        ref = VisitRef(visit.point_id, visit.scanned_at, visit.device_id, visit.sequence)
        decide_dispute(SYSTEM, dispute_visit(SYSTEM, ref, Reason.NOT_ME).pk, True)
    run.refresh_from_db()
    assert run.stale_why == "dispute"
    assert rerun_touched(SYSTEM) == 1
    again = Trace.objects.latest("id")
    assert [c.resident_id for c in again.contacts.all()] == [stranger.pk]
    assert changes(again) == [(neighbour.pk, 20 * 60, None)]


def test_a_merge_in_the_middle_makes_one_of_two(run: Trace, neighbour: Resident, stranger: Resident) -> None:
    Resident.objects.filter(pk=stranger.pk).update(merged_into=neighbour)
    pair = Pair.objects.create(first=neighbour, second=stranger, score=90, reasons="same_name", found_at=now())
    Merge.objects.create(pair=pair, survivor=neighbour, merged=stranger, merged_at=now())
    assert (find_touched(SYSTEM), rerun_touched(SYSTEM)) == (1, 0)  # the same person, as long as before
    Trace.objects.update(stale_at=None, ran_at=now() - timedelta(hours=1))
    assert find_touched(SYSTEM) == 1


def test_a_run_that_lost_days_is_not_repeated(
    client: Client, hanh: StaffAccount, run: Trace, scan: ScanAt, market_a: ScanPoint
) -> None:
    scan(run.case.resident, market_a, moment(11))
    arrived()
    assert find_touched(SYSTEM) == 1
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE visit_" + f"{today() - timedelta(days=1):%Y%m%d}")
    assert rerun_touched(SYSTEM) == 0
    run.refresh_from_db()
    assert (run.stale_at, run.stale_why) == (None, "lost")
    short = run_trace(SYSTEM, run.case_id, "overlap-15")
    assert short.lost_days == 1
    client.force_login(hanh)
    page = client.get(reverse("tracing:trace", args=[short.pk])).content.decode()
    assert "Lượt đến của 1 ngày trong thời kỳ này đã bị xóa" in page


def test_the_epidemiologist_is_told_and_says_that_she_has_seen(
    client: Client, run: Trace, scan: ScanAt, market_a: ScanPoint, hanh: StaffAccount
) -> None:
    scan(resident_of(market_a.division, "Võ Thị Trễ"), market_a, moment(8, 5))
    arrived()
    find_touched(SYSTEM)
    rerun_touched(SYSTEM)
    again = Trace.objects.latest("id")
    client.force_login(hanh)
    path = reverse("tracing:changes", args=[again.pk])
    assert path in client.get(reverse("tracing:cases")).content.decode()
    assert "Võ Thị Trễ" in client.get(path).content.decode()
    client.post(reverse("tracing:changes_seen", args=[again.pk]))
    assert path not in client.get(reverse("tracing:cases")).content.decode()
    client.force_login(staff("nga", "Phạm Thị Nga", Role.EPIDEMIOLOGIST, again.case.resident.division))
    assert path in client.get(reverse("tracing:cases")).content.decode()  # a colleague has not seen it
