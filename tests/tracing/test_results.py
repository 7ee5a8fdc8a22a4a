"""What a trace found, on its pages: filters, evidence, places and map, and the lists for wards."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse, reverse_lazy
from tests.conftest import scope_for
from tests.tracing.conftest import moment

from ksdb.access.models import StaffAccount
from ksdb.approvals.kinds import CARRIERS, MOST_ALONE, Errand, Kind
from ksdb.approvals.models import Act
from ksdb.audit.models import Entry
from ksdb.core.clock import now
from ksdb.core.decision import Flag
from ksdb.core.scope import system_scope
from ksdb.places.models import ScanPoint
from ksdb.registry.models import Resident
from ksdb.tracing.actions import run_trace
from ksdb.tracing.actions.keeping import close_case
from ksdb.tracing.actions.presence import carry_out_present
from ksdb.tracing.actions.wards import hand_over
from ksdb.tracing.mapping import map_of
from ksdb.tracing.models import CaseRecord, Trace, WardList
from ksdb.tracing.queries import completeness_of, contact_sheet
from ksdb.tracing.queries.present import CaseNotOpen, Hours, met_at
from ksdb.tracing.queries.results import missing_from, places_of
from ksdb.tracing.queries.wards import ward_sheet, wards_of
from ksdb.visits.models import Device, Dispute

SYSTEM = system_scope()
LINES = reverse_lazy("tracing:line_export")


@pytest.fixture
def traced(lans_case: CaseRecord) -> Trace:
    return run_trace(SYSTEM, lans_case.pk, "overlap-15")


def flagged(resident: Resident, flag: Flag) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO visit_flag SELECT point_id, scanned_at, device_id, sequence, %s, 1 FROM visit"
            " WHERE resident_id = %s AND NOT is_exit",
            [int(flag), resident.pk],
        )


def test_evidence_shows_both_stays_and_what_is_odd(traced: Trace, neighbour: Resident) -> None:
    flagged(neighbour, Flag.TOO_FAST)
    sheet = contact_sheet(SYSTEM, traced.pk, traced.contacts.get(resident_id=neighbour.pk).pk)
    (met,) = sheet.evidence
    assert met.case_stay is not None
    assert met.their_stay is not None
    assert (met.case_stay.arrived_at, met.case_stay.departed_at) == (moment(8), moment(8, 30))
    assert (met.their_stay.arrived_at, met.their_stay.departed_at) == (moment(8, 10), moment(9))
    assert met.flags == sheet.row.flags == (Flag.TOO_FAST,)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM visit")
    (met,) = contact_sheet(SYSTEM, traced.pk, sheet.row.contact_id).evidence
    assert (met.their_stay, met.started_at) == (None, moment(8, 10))  # the meeting stays as evidence


def test_a_contact_denies_and_the_entry_is_disputed(
    client: Client, hanh: StaffAccount, traced: Trace, neighbour: Resident
) -> None:
    contact = traced.contacts.get(resident_id=neighbour.pk)
    client.force_login(hanh)
    path = reverse("tracing:dispute", args=[traced.pk, contact.pk, contact.co_presences.get().pk])
    assert path in client.get(reverse("tracing:contact", args=[traced.pk, contact.pk])).content.decode()
    assert client.post(path, {"reason": "hearsay"}).status_code == 422
    assert client.post(path, {"reason": "not_there", "text": "tôi ở nhà"}).status_code == 302
    made = Dispute.objects.get()
    assert (made.scanned_at, made.raised_by_id) == (moment(8, 10), hanh.pk)
    assert client.post(path, {"reason": "not_there"}).status_code == 422  # it waits already


def test_a_trace_says_how_many_it_misses_at_least(client: Client, hanh: StaffAccount, traced: Trace) -> None:
    seen = completeness_of(SYSTEM, traced)
    assert (seen.contacts, seen.missed) == (2, None)  # nobody holds a card: no estimate
    Trace.objects.filter(pk=traced.pk).update(resident_count=100, covered_count=40)
    traced.refresh_from_db()
    assert completeness_of(SYSTEM, traced).missed == 3  # of five who were there two are listed
    client.force_login(hanh)
    hand_over(SYSTEM, traced.pk, [row.division_id for row in wards_of(SYSTEM, traced.pk)])
    listed = WardList.objects.earliest("pk")
    for path in (reverse("tracing:places", args=[traced.pk]), reverse("tracing:ward_list", args=[listed.pk])):
        assert "ít nhất 3 người" in client.get(path).content.decode()
    said = {"purpose": "case_tracing", "kind": "2", "reason": "gọi cho từng người trong ngày"}
    answer = client.post(reverse("tracing:ward_export", args=[listed.pk]), said)
    assert "ít nhất 3 người" in b"".join(answer.streaming_content).decode("utf-8-sig")


def test_what_is_missing_is_counted(traced: Trace, market_a: ScanPoint) -> None:
    found = missing_from(SYSTEM, traced.pk)
    assert (found.points, found.silent_points, found.contacts, found.inferred) == (1, 0, 2, 1)
    ScanPoint.objects.update(registered_at=moment(0))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO device (point_id, name, token_sha256, enrolled_at)"
            " VALUES (%s, 'Cổng', 'x', now()) RETURNING id",
            [market_a.pk],
        )
        (device_id,) = cursor.fetchone()
        cursor.execute("INSERT INTO device_intake VALUES (%s, '{[1,5),[8,10)}')", [device_id])
    found = missing_from(SYSTEM, traced.pk)
    assert (found.devices, found.holding_devices, found.held_scans) == (1, 1, 3)
    hashed = "{[5,8),[4503599627370500,4503599627370501),[9007199254740000,9007199254740001)}"
    with connection.cursor() as cursor:
        cursor.execute("UPDATE device_intake SET received = %s", [hashed])
    assert missing_from(SYSTEM, traced.pk).held_scans == 0, "nobody scanned as much as made numbers lie apart"
    with connection.cursor() as cursor:
        cursor.execute("UPDATE device_intake SET received = '{[48213,48214),[99999999999,100000000000)}'")
    assert missing_from(SYSTEM, traced.pk).held_scans > 2**31
    Device.objects.update(is_register=True)
    assert missing_from(SYSTEM, traced.pk).held_scans == 0


def test_contacts_are_filtered_by_place_and_places_lie_on_a_map(
    client: Client, hanh: StaffAccount, traced: Trace, market_a: ScanPoint
) -> None:
    ScanPoint.objects.filter(pk=market_a.pk).update(latitude=16.46, longitude=107.6)
    (place,) = places_of(SYSTEM, traced.pk)
    assert (place.contacts, place.minutes, place.stays) == (2, 35, 1)
    drawn = map_of([place])
    assert drawn is not None
    assert drawn.outlines
    assert 0 < drawn.circles[0].x < drawn.width
    client.force_login(hanh)
    path = reverse("tracing:trace", args=[traced.pk])
    assert len(client.get(f"{path}?place={market_a.pk}").context["report"].rows) == 2
    assert client.get(f"{path}?place=999999").context["report"].rows == []
    page = client.get(reverse("tracing:places", args=[traced.pk])).content.decode()
    assert "<circle" in page
    assert f"{path}?place={market_a.pk}" in page


def test_each_ward_sees_its_own_contacts_and_not_whose_they_are(
    client: Client, hanh: StaffAccount, binh: StaffAccount, traced: Trace, lan: Resident
) -> None:
    client.force_login(hanh)
    path = reverse("tracing:wards", args=[traced.pk])
    communes = [row.division_id for row in client.get(path).context["rows"]]
    client.post(path, {"commune": communes})
    assert WardList.objects.count() == 2
    assert hand_over(scope_for(hanh), traced.pk, communes) == []  # again does nothing
    client.force_login(binh)
    (own,) = client.get(reverse("tracing:ward_lists")).context["page"]
    page = client.get(reverse("tracing:ward_list", args=[own.pk])).content.decode()
    assert "Trần Văn Hòa" in page
    assert [word for word in ("Hồ Thị Sen", lan.full_name, "Chợ Hương Vân") if word in page] == []
    other = WardList.objects.exclude(pk=own.pk).get()
    assert client.get(reverse("tracing:ward_list", args=[other.pk])).status_code == 404
    said = {"purpose": "case_tracing", "kind": "2", "reason": "gọi cho từng người trong ngày"}
    assert client.post(reverse("tracing:ward_export", args=[other.pk]), said).status_code == 404
    answer = client.post(reverse("tracing:ward_export", args=[own.pk]), said)
    assert "Trần Văn Hòa" in b"".join(answer.streaming_content).decode("utf-8-sig")
    entry = Entry.objects.get(action="tracing:list:export")
    assert (entry.detail["found"], entry.detail["rows"]) == (1, 1)
    why = {"reason": "đi từng nhà chiều nay"}
    assert "Trần Văn Hòa" not in client.get(reverse("tracing:ward_print", args=[own.pk])).content.decode()
    text = client.post(reverse("tracing:ward_print", args=[own.pk]), why).content.decode()
    assert "Trần Văn Hòa" in text
    assert client.post(reverse("tracing:ward_print", args=[other.pk]), why).status_code == 404
    told = Entry.objects.get(action="tracing:list:print").detail
    assert (told["rows"], told["reason"]) == (1, why["reason"])
    assert told["sha256"] in text
    run_trace(SYSTEM, traced.case_id, "overlap-15")
    assert ward_sheet(SYSTEM, own.pk).is_repeated


def test_who_was_at_the_market_is_told_for_a_case(
    client: Client, hanh: StaffAccount, traced: Trace, market_a: ScanPoint, stranger: Resident
) -> None:
    client.force_login(hanh)
    path = reverse("tracing:point", args=[traced.case_id, market_a.pk])
    hours = f"?on={moment(8):%Y-%m-%d}&since=08:40&until=09:10"
    shown = client.get(path + hours).context["shown"]
    assert [(row.person.name, row.minutes, row.is_observed) for row in shown.rows] == [
        ("Trần Văn Hòa", 20, True),
        ("Hồ Thị Sen", 20, False),
        ("Phạm Văn Muộn", 30, False),
    ]
    entry = Entry.objects.get(action="tracing:point:read")
    assert (entry.case_id, entry.detail) == (traced.case_id, {"point": market_a.pk, "count": 3})
    assert Entry.objects.filter(subject_id=stranger.pk, detail__point=market_a.pk).exists()
    said = {"purpose": "case_tracing", "kind": "2", "reason": "hỏi thăm từng người đã ở chợ"}
    answer = client.post(reverse("tracing:point_export", args=[traced.case_id, market_a.pk]) + hours, said)
    assert "Hồ Thị Sen" in b"".join(answer.streaming_content).decode("utf-8-sig")
    assert client.get(path + "?on=2999-01-01&since=08:00&until=09:00").status_code == 422
    assert client.get(path + f"?on={moment(8):%Y-%m-%d}&since=09:00&until=09:00").status_code == 200  # a whole day


def test_a_place_the_case_names_needs_an_open_case_its_days_and_a_reason(
    client: Client, hanh: StaffAccount, lans_case: CaseRecord, market_a: ScanPoint
) -> None:
    client.force_login(hanh)
    market_b = ScanPoint.objects.get(pk=market_a.pk)
    market_b.pk, market_b.name = None, "Chợ Kệ"
    market_b.save(force_insert=True)
    listed = reverse("tracing:points", args=[lans_case.pk])
    assert client.get(listed).context["points"] == []  # nothing was traced yet
    found = client.get(listed, {"name": "cho"}).context["points"]
    assert {one.point_id for one in found} == {market_a.pk, market_b.pk}
    assert not any(one.is_of_case for one in found)
    path = reverse("tracing:point", args=[lans_case.pk, market_a.pk])
    hours = {"on": f"{moment(8):%Y-%m-%d}", "since": "08:00", "until": "09:00"}
    assert client.get(path, hours).context["form"].errors.keys() == {"why"}
    why = "bà nói sáng ấy có đi chợ này"
    assert len(client.get(path, {**hours, "why": why}).context["shown"].rows) == 4
    assert Entry.objects.get(action="tracing:point:read").detail["reason"] == why
    early = {**hours, "on": f"{moment(8) - timedelta(days=9):%Y-%m-%d}", "why": why}
    assert client.get(path, early).context["form"].errors.keys() == {"on"}  # not infectious yet
    run_trace(SYSTEM, lans_case.pk, "overlap-15")
    assert [one.point_id for one in client.get(listed).context["points"]] == [market_a.pk]
    assert client.get(path, hours).status_code == 200  # the case was scanned there: no reason is asked
    export = reverse("tracing:point_export", args=[lans_case.pk, market_a.pk])
    close_case(SYSTEM, lans_case.pk)
    assert client.get(path, hours).context["form"].errors.keys() == {"on"}
    assert client.get(export, hours).status_code == 302
    with pytest.raises(CaseNotOpen):
        met_at(SYSTEM, Hours(lans_case.pk, market_a.pk, (moment(8), moment(9)), why))


def test_more_than_one_may_take_out_alone_waits_for_another(
    client: Client, hanh: StaffAccount, traced: Trace, market_a: ScanPoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ksdb.approvals.actions.MOST_ALONE", {**MOST_ALONE, Kind.POINT_EXPORT: 2})
    client.force_login(hanh)
    path = reverse("tracing:point_export", args=[traced.case_id, market_a.pk])
    said = {"purpose": "case_tracing", "kind": "1", "reason": "hỏi thăm từng người đã ở chợ"}
    answer = client.post(f"{path}?on={moment(8):%Y-%m-%d}&since=08:00&until=09:10", said)
    act = Act.objects.get()
    assert answer["Location"] == reverse("approvals:act", args=[act.pk])
    assert (act.kind, act.payload["count"]) == (Kind.POINT_EXPORT, 4)
    done = carry_out_present(SYSTEM, Errand(act.pk, act.payload, act.reason))
    assert done == {"count": 4}
    taken = Entry.objects.filter(action="tracing:trace:export", subject="resident", detail__point=market_a.pk)
    assert (taken.count(), Entry.objects.filter(action="tracing:case:read", detail__point=market_a.pk).count()) == (
        4,
        0,
    )


def test_long_lists_of_wards_and_of_cases_wait_for_another(
    client: Client, hanh: StaffAccount, binh: StaffAccount, traced: Trace, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_over(SYSTEM, traced.pk, [row.division_id for row in wards_of(SYSTEM, traced.pk)])
    alone = {**MOST_ALONE, Kind.TRACE_EXPORT: 0, Kind.WARD_EXPORT: 0}
    monkeypatch.setattr("ksdb.approvals.actions.MOST_ALONE", alone)
    client.force_login(binh)
    (own,) = client.get(reverse("tracing:ward_lists")).context["page"]
    said = {"purpose": "case_tracing", "kind": "2", "reason": "gọi cho từng người trong ngày"}
    days = {"since": str(moment(0).date()), "until": str(now().date() + timedelta(days=1))}
    asked = {binh: (reverse("tracing:ward_export", args=[own.pk]), said), hanh: (LINES, {**said, **days})}
    for account, (path, sent) in asked.items():
        client.force_login(account)
        answer = client.post(path, sent)
        act = Act.objects.latest("pk")
        assert answer["Location"] == reverse("approvals:act", args=[act.pk])
        assert client.get(answer["Location"]).status_code == 200
        carrier = CARRIERS[Kind(act.kind)]
        done = carrier.carry_out(scope_for(account), Errand(act.pk, act.payload, act.reason))
        assert done == {"count": act.payload["count"]} == {"count": 1}
        assert carrier.described(act.payload)
    taken = Entry.objects.filter(action="tracing:trace:export", subject="resident", detail__list="line")
    assert list(taken.values_list("subject_id", flat=True)) == [traced.case.resident_id]
    client.force_login(binh)
    answer = client.post(reverse("tracing:ward_print", args=[own.pk]), {"reason": said["reason"]})
    assert answer["Location"] == reverse("tracing:ward_export", args=[own.pk])
    assert client.get(reverse("tracing:ward_file", args=[Act.objects.earliest("pk").pk])).status_code == 404  # not yet
