"""The scans of a device whose clock was wrong for a while, moved once it is known: index and traces follow."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from tests.conftest import resident_of, scope_for, staff
from tests.tracing.conftest import lans_case, market_day, moment, neighbour, profiles, scan, stranger

from ksdb.audit.models import Entry
from ksdb.cards.models import Card
from ksdb.core.clock import now
from ksdb.core.decision import CardStatus, Mark, ScanResult
from ksdb.core.errors import NotFound
from ksdb.core.ids import card_number
from ksdb.core.scope import Role, system_scope
from ksdb.core.token import Form
from ksdb.places.models import Division, ScanPoint
from ksdb.registry.models import Resident
from ksdb.tracing.actions import run_trace
from ksdb.tracing.actions.rerunning import rerun_touched
from ksdb.tracing.engines import open_index
from ksdb.tracing.models import CaseRecord, Trace
from ksdb.tracing.presence.reading import log_state
from ksdb.tracing.presence.refreshing import refresh_files
from ksdb.visits.actions.retiming import retime
from ksdb.visits.models import Device, Retiming, Visit
from ksdb.visits.queries.retiming import effect_of
from ksdb.visits.retiming import NothingToRetime, RetimingStale, RetimingUnfit, Wrong

__all__ = ["lans_case", "market_day", "neighbour", "profiles", "scan", "stranger"]
SYSTEM = system_scope()
WHY = "đồng hồ chạy nhanh hai giờ"
TWO_HOURS = timedelta(hours=2)


@pytest.fixture
def device(market_a: ScanPoint) -> Device:
    return Device.objects.create(id=77, point=market_a, name="Cổng sau", token_sha256=b"77", enrolled_at=now())


@pytest.fixture
def late(device: Device, lans_case: CaseRecord, market_a: ScanPoint) -> Resident:
    """Was at the market with Lan at 8:05, by a device whose clock was two hours ahead."""
    person = resident_of(market_a.division, "Đỗ Thị Lệch")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO visit (point_id, scanned_at, device_id, sequence, card_index, resident_id, result)"
            " VALUES (%s, %s, 77, 1, 1, %s, 1)",
            [market_a.pk, moment(10, 5), person.pk],
        )
    return person


@pytest.fixture
def refused(late: Resident, market_a: ScanPoint) -> Resident:
    """Was scanned beside, and refused because the scan seemed to come from the future."""
    person = resident_of(market_a.division, "Đỗ Văn Bị Từ Chối")
    for index, status in ((901, CardStatus.ACTIVE), (902, CardStatus.REVOKED)):
        Card.objects.create(
            index=index,
            number=card_number(index),
            resident=person,
            form=Form.PAPER,
            status=status,
            status_since=moment(0) - timedelta(days=9),
            issued_at=now(),
            expires_at=now(),
        )
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO refusal (point_id, device_id, sequence, scanned_at, reason, card_index)"
                " VALUES (%s, 77, %s, %s, %s, %s)",
                [market_a.pk, index, moment(10, 6), int(ScanResult.FROM_FUTURE), index],
            )
    return person


def wrong_by(by: timedelta, point: ScanPoint) -> Wrong:
    return Wrong(point.pk, 77, moment(9), moment(12), by)


def test_moved_scans_are_met_by_both_engines_and_traces_run_again(
    refused: Resident, late: Resident, lans_case: CaseRecord, market_a: ScanPoint
) -> None:
    run = run_trace(SYSTEM, lans_case.pk, "overlap-15")
    assert late.pk not in run.contacts.values_list("resident_id", flat=True)
    refresh_files()
    wrong = wrong_by(-TWO_HOURS, market_a)
    effect = effect_of(SYSTEM, wrong)
    assert (effect.visits, effect.accepted, effect.refused, effect.lost_days) == (1, 1, 1, 0)
    assert (effect.first_at, effect.last_at) == (moment(8, 5), moment(8, 6))
    before = {day.day: day.disputes for day in log_state().days}
    with pytest.raises(RetimingStale):
        retime(SYSTEM, wrong, 1, WHY)
    retime(SYSTEM, wrong, effect.count, WHY)
    moved = Visit.objects.get(resident_id=late.pk)
    assert moved.scanned_at == moment(8, 5)
    with connection.cursor() as cursor:
        cursor.execute("SELECT claimed_at, marks FROM visit WHERE device_id = 77 ORDER BY scanned_at")
        assert cursor.fetchall() == [(moment(10, n), int(Mark.CLOCK_CORRECTED)) for n in (5, 6)]
    assert {day.day for day in log_state().days if day.disputes != before[day.day]} == {int(f"{moment(10):%Y%m%d}")}
    assert open_index() is None  # the files tell of the day as it was: SQL answers until they are made anew
    run.refresh_from_db()
    assert run.stale_why == "clock"
    assert rerun_touched(SYSTEM) == 1
    again = Trace.objects.latest("id")
    assert (again.engine, again.why, again.new_count) == ("sql", "clock", 2)
    refresh_files()
    by_index = run_trace(SYSTEM, lans_case.pk, "overlap-15")
    assert (by_index.engine, by_index.new_count, by_index.gone_count, by_index.changed_count) == ("index", 0, 0, 0)
    assert {late.pk, refused.pk} <= set(by_index.contacts.values_list("resident_id", flat=True))


def test_what_cannot_be_moved_is_refused(late: Resident, market_a: ScanPoint) -> None:
    for by in (timedelta(days=3), timedelta(days=-30)):  # into the future, and into days that are not kept
        with pytest.raises(RetimingUnfit):
            retime(SYSTEM, wrong_by(by, market_a), 1, WHY)
    with pytest.raises(NothingToRetime):
        retime(SYSTEM, Wrong(market_a.pk, 77, moment(1), moment(2), TWO_HOURS), 0, WHY)


def test_times_are_moved_in_two_steps_by_whoever_writes_points(
    client: Client, late: Resident, market_a: ScanPoint, commune_b: Division
) -> None:
    keeper = staff("khoa", "Trần Đăng Khoa", Role.ADMINISTRATOR, market_a.division)
    path = reverse("visits:retime_device", args=[market_a.pk, 77])
    client.force_login(keeper)
    assert path in client.get(reverse("visits:point", args=[market_a.pk])).content.decode()
    day = f"{moment(8):%Y-%m-%d}"
    said = {"since": f"{day}T09:00", "until": f"{day}T12:00", "shown": f"{day}T10:00", "real": f"{day}T08:00"}
    assert client.post(path, {**said, "real": said["shown"], "why": WHY}).context["form"].errors.keys() == {"real"}
    looked = client.post(path, {**said, "why": WHY})
    assert (looked.status_code, looked.context["effect"].visits, Retiming.objects.count()) == (200, 1, 0)
    assert client.post(path, {**said, "why": WHY, "step": "write", "seen": "1"})["Location"] == path
    assert Visit.objects.get(resident_id=late.pk).scanned_at == moment(8, 5)
    assert WHY in client.get(path).content.decode()
    entry = Entry.objects.get(action="visits:device:retime")
    assert (entry.actor_id, entry.detail["visits"], entry.detail["seconds"]) == (keeper.pk, 1, -7200)
    client.force_login(staff("dich-te", "Hồ Văn Dịch", Role.EPIDEMIOLOGIST, market_a.division))
    assert client.get(path).status_code == 403
    elsewhere = scope_for(staff("xa", "Lê Văn Xa", Role.ADMINISTRATOR, commune_b))
    with pytest.raises(NotFound):
        effect_of(elsewhere, wrong_by(-TWO_HOURS, market_a))
