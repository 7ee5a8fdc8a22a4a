"""Who is followed for how long, what calls and days change, and that nobody is lost."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from tests.conftest import commune, resident_of, scope_for
from tests.followup.conftest import of
from tests.tracing.conftest import ScanAt, moment

from ksdb.access.models import StaffAccount
from ksdb.audit.models import Entry
from ksdb.core.clock import now, today
from ksdb.core.errors import NotFound
from ksdb.core.scope import Purpose, system_scope
from ksdb.followup.actions import follow, follow_chosen, join_merged
from ksdb.followup.actions.calls import (
    Call,
    Told,
    assign,
    became_case,
    close,
    note_call,
    note_day,
    note_new_cases,
    reopen,
)
from ksdb.followup.actions.keeping import forget_follow_ups
from ksdb.followup.faults import DayOutside, FollowUpClosed, NotFollowed, OfficerUnknown, OlderRun, TooManyChosen
from ksdb.followup.models import DayEntry, Event, FollowUp, Source
from ksdb.followup.queries import lines_asked, sheet_of
from ksdb.followup.queries.following import Asked, Part
from ksdb.followup.queries.progress import change_by, progress_of, ward_counts
from ksdb.followup.states import EventKind, Outcome, Reason, Status, Symptom
from ksdb.places.models import ScanPoint
from ksdb.registry.models import Resident
from ksdb.tracing.actions import CaseFacts, open_case, run_trace
from ksdb.tracing.actions.keeping import close_case, forget_cases
from ksdb.tracing.models import CaseLink, CaseRecord, Contact, Trace
from ksdb.tracing.queries import Chosen

SYSTEM = system_scope()
ILL = CaseFacts("covid-19", today(), today())


def names(scope: object, asked: Asked | None = None) -> list[str]:
    return [line.name for line in lines_asked(scope, asked or Asked()).lines]  # type: ignore[arg-type]


def test_contacts_come_on_the_list_of_their_commune(
    followed: Trace, binh: StaffAccount, minh: StaffAccount, hanh: StaffAccount
) -> None:
    assert names(scope_for(binh)) == ["Trần Văn Hòa"]
    assert names(scope_for(minh)) == ["Hồ Thị Sen"]
    assert set(names(scope_for(hanh))) == {"Trần Văn Hòa", "Hồ Thị Sen"}
    read = Entry.objects.filter(actor_id=binh.pk, action="followup:list:read")
    assert [(one.subject, one.purpose) for one in read] == [("resident", Purpose.CASE_TRACING)]


def test_the_days_count_from_the_last_exposure(followed: Trace, neighbour: Resident) -> None:
    one = of(neighbour)
    assert one.until_on == moment(8).date() + timedelta(days=14)
    assert (one.status, one.next_on, one.is_contact) == (Status.TO_CALL, today(), True)
    assert one.ward.kind == "commune"
    assert one.ward.valid_to is None, "counted under the commune of today"


def test_a_failed_call_stays_due_and_a_reached_one_is_due_tomorrow(
    followed: Trace, neighbour: Resident, binh: StaffAccount
) -> None:
    officer, one = scope_for(binh), of(neighbour)
    note_call(officer, one.pk, Call(Status.TO_CALL, Reason.NO_ANSWER))
    one.refresh_from_db()
    assert one.next_on == today()
    assert one.first_called_at is not None
    assert one.reached_at is None
    note_call(officer, one.pk, Call(Status.AT_HOME, Reason.SPOKE, "ở nhà với mẹ"))
    one.refresh_from_db()
    assert (one.next_on, one.status) == (today() + timedelta(days=1), Status.AT_HOME)
    assert names(officer) == []
    assert names(officer, Asked(Part.OPEN)) == ["Trần Văn Hòa"]
    event = Event.objects.filter(kind=EventKind.CALL).latest("pk")
    assert "mẹ".encode() not in bytes(event.note_sealed or b"")
    assert sheet_of(officer, one.pk).history[0].note == "ở nhà với mẹ"
    assert not Entry.objects.filter(detail__icontains="mẹ").exists()


def test_overdue_stands_first_and_says_for_how_long(
    followed: Trace, neighbour: Resident, stranger: Resident, hanh: StaffAccount
) -> None:
    FollowUp.objects.filter(resident=neighbour).update(next_on=today() - timedelta(days=3))
    first, second = lines_asked(scope_for(hanh), Asked()).lines
    assert (first.name, first.overdue_days, second.overdue_days) == ("Trần Văn Hòa", 3, 0)


def test_an_entry_counts_for_its_day_and_the_latest_stands(
    followed: Trace, neighbour: Resident, binh: StaffAccount
) -> None:
    officer, one = scope_for(binh), of(neighbour)
    note_day(officer, one.pk, Told(today() - timedelta(days=1), is_answered=False))
    one.refresh_from_db()
    assert (one.next_on, one.reached_at) == (today(), None)
    note_day(officer, one.pk, Told(today()))
    note_day(officer, one.pk, Told(today(), temperature=384, symptoms=[Symptom.FEVER, Symptom.COUGH]))
    days = sheet_of(officer, one.pk).days
    assert (days[0].on, days[0].count) == (today(), 2)
    assert days[0].entry is not None
    assert (days[0].entry.temperature, days[0].entry.symptoms) == (384, "fever cough")
    assert not days[1].entry or not days[1].entry.is_answered
    for on in (today() + timedelta(days=1), today() - timedelta(days=30)):
        with pytest.raises(DayOutside):
            note_day(officer, one.pk, Told(on))


def test_minh_can_do_nothing_to_a_contact_of_commune_a(
    followed: Trace, neighbour: Resident, minh: StaffAccount
) -> None:
    officer, one = scope_for(minh), of(neighbour)
    for act in (
        lambda: note_call(officer, one.pk, Call(Status.REACHED, Reason.SPOKE)),
        lambda: note_day(officer, one.pk, Told(today())),
        lambda: assign(officer, one.pk, None, None),
        lambda: close(officer, one.pk, Reason.FINISHED),
        lambda: sheet_of(officer, one.pk),
    ):
        with pytest.raises(NotFound):
            act()
    assert Event.objects.filter(follow_up=one).count() == 1


def test_given_to_another_commune_its_officer_sees_it_and_the_first_no_more(
    followed: Trace, neighbour: Resident, hanh: StaffAccount, binh: StaffAccount, minh: StaffAccount
) -> None:
    one, target = of(neighbour), of(neighbour).ward
    home = commune("Phường Hương Văn")
    today_of_b = FollowUp.objects.exclude(pk=one.pk).get().ward
    with pytest.raises(OfficerUnknown):
        assign(scope_for(hanh), one.pk, None, minh.pk)
    assert target != home
    assign(scope_for(hanh), one.pk, None, binh.pk)
    assert names(scope_for(binh), Asked(is_mine=True)) == ["Trần Văn Hòa"]
    assert names(scope_for(hanh), Asked(is_mine=True)) == []
    moved = assign(scope_for(hanh), one.pk, today_of_b.pk, None) if today_of_b.pk != target.pk else one
    if today_of_b.pk != target.pk:
        assert moved.division_id == today_of_b.pk
        assert "Trần Văn Hòa" not in names(scope_for(binh))


def test_one_person_in_two_cases_has_one_follow_up_and_the_later_exposure_wins(
    followed: Trace, neighbour: Resident, market_a: ScanPoint, scan: ScanAt, hanh: StaffAccount
) -> None:
    other = resident_of(market_a.division, "Võ Thị Khác")
    scan(other, market_a, moment(14))
    scan(neighbour, market_a, moment(14, 5))
    scan(other, market_a, moment(15), is_exit=True)
    scan(neighbour, market_a, moment(15), is_exit=True)
    second = open_case(SYSTEM, other.pk, ILL)
    before = of(neighbour).until_on
    follow(scope_for(hanh), run_trace(SYSTEM, second.pk, "overlap-15").pk, 21)
    one = FollowUp.objects.get(resident=neighbour)
    assert one.until_on == before + timedelta(days=7)
    assert sorted(one.sources.values_list("case", flat=True)) == sorted([followed.case_id, second.pk])
    assert one.last_exposed_at == one.sources.get(case=second.pk).last_at


def test_no_longer_a_contact_by_a_later_run_is_shown_and_not_lost(
    followed: Trace, neighbour: Resident, stranger: Resident, hanh: StaffAccount
) -> None:
    scope = scope_for(hanh)
    note_day(scope, of(stranger).pk, Told(today()))
    later = run_trace(SYSTEM, followed.case_id, "overlap-15")
    Contact.objects.filter(trace=later, resident_id=stranger.pk).delete()
    assert progress_of(scope, followed.case_id).newer_trace == later.pk
    assert (change_by(scope, later.pk).gone, change_by(scope, later.pk).stayed) == (1, 1)
    follow(scope, later.pk, 14)
    one = of(stranger)
    assert (one.is_contact, one.sources.get().gone_by_id) == (False, later.pk)
    assert names(scope, Asked(Part.GONE)) == ["Hồ Thị Sen"]
    assert "Hồ Thị Sen" not in names(scope, Asked(Part.OPEN))
    assert DayEntry.objects.filter(follow_up=one).exists()
    with pytest.raises(OlderRun):
        follow(scope, followed.pk, 14)
    again = run_trace(SYSTEM, followed.case_id, "overlap-15")
    follow(scope, again.pk, 14)
    assert of(stranger).is_contact
    kinds = of(stranger).events.values_list("kind", flat=True)
    assert {EventKind.NO_LONGER, EventKind.AGAIN} <= set(kinds)


def test_following_the_same_run_twice_changes_nothing(followed: Trace, hanh: StaffAccount) -> None:
    before = list(FollowUp.objects.order_by("pk").values())
    follow(scope_for(hanh), followed.pk, 14)
    assert list(FollowUp.objects.order_by("pk").values()) == before
    assert Source.objects.count() == 2


def test_a_contact_who_falls_ill_becomes_a_linked_case(
    followed: Trace, neighbour: Resident, hanh: StaffAccount
) -> None:
    opened = became_case(scope_for(hanh), of(neighbour).pk, ILL)
    one = FollowUp.objects.get(resident=neighbour)
    assert (one.outcome, one.became_case_id, one.status) == (Outcome.BECAME_CASE, opened.pk, Status.CLOSED)
    link = CaseLink.objects.get()
    assert (link.first_id, link.second_id, link.kind) == (opened.pk, followed.case_id, CaseLink.Kind.INFECTED_BY)
    with pytest.raises(FollowUpClosed):
        became_case(scope_for(hanh), one.pk, ILL)
    with pytest.raises(FollowUpClosed):
        reopen(scope_for(hanh), one.pk)
    follow(scope_for(hanh), run_trace(SYSTEM, followed.case_id, "overlap-15").pk, 14)
    assert not FollowUp.objects.filter(resident=neighbour, closed_at=None).exists()


def test_a_case_opened_elsewhere_ends_the_follow_up_too(
    followed: Trace, neighbour: Resident, stranger: Resident, hanh: StaffAccount
) -> None:
    assert note_new_cases(SYSTEM) == 0
    elsewhere = open_case(SYSTEM, neighbour.pk, ILL)
    assert note_new_cases(SYSTEM) == 1
    assert FollowUp.objects.get(resident=neighbour).became_case_id == elsewhere.pk
    meanwhile = open_case(SYSTEM, stranger.pk, ILL)
    assert became_case(scope_for(hanh), of(stranger).pk, ILL).pk == meanwhile.pk
    assert CaseRecord.objects.count() == 3
    assert set(CaseLink.objects.values_list("second", "first")) == {
        (followed.case_id, elsewhere.pk),
        (followed.case_id, meanwhile.pk),
    }


def test_closed_and_opened_again(followed: Trace, neighbour: Resident, binh: StaffAccount) -> None:
    officer, one = scope_for(binh), of(neighbour)
    close(officer, one.pk, Reason.FINISHED)
    with pytest.raises(FollowUpClosed):
        note_day(officer, one.pk, Told(today()))
    assert names(officer, Asked(Part.CLOSED)) == ["Trần Văn Hòa"]
    assert reopen(officer, one.pk).status == Status.TO_CALL
    assert names(officer) == ["Trần Văn Hòa"]


def test_a_merged_resident_keeps_the_follow_up_and_two_become_one(
    followed: Trace, neighbour: Resident, stranger: Resident, binh: StaffAccount
) -> None:
    twin = resident_of(neighbour.division.parent, "Trần Văn Hoà")  # type: ignore[arg-type]
    note_day(SYSTEM, of(stranger).pk, Told(today()))
    neighbour.merged_into = twin
    neighbour.save()
    assert join_merged(SYSTEM) == 0
    assert names(scope_for(binh)) == ["Trần Văn Hoà"], "shown by the record that counts"
    stranger.merged_into = twin
    stranger.save()
    assert join_merged(SYSTEM) == 1
    joined, kept = FollowUp.objects.get(resident=stranger), FollowUp.objects.get(closed_at=None)
    assert (joined.outcome, joined.joined_to_id) == (Outcome.JOINED, kept.pk)
    assert kept.entries.count() == 1
    follow(SYSTEM, run_trace(SYSTEM, followed.case_id, "overlap-15").pk, 14)
    assert FollowUp.objects.filter(closed_at=None).count() == 1


def test_progress_counts_calls_and_entries(
    followed: Trace, neighbour: Resident, stranger: Resident, hanh: StaffAccount
) -> None:
    scope = scope_for(hanh)
    CaseRecord.objects.filter(pk=followed.case_id).update(opened_at=now() - timedelta(minutes=90))
    note_call(scope, of(neighbour).pk, Call(Status.AT_HOME, Reason.SPOKE))
    before = progress_of(scope, followed.case_id)
    assert (before.to_first_call, before.to_last_call, before.counts.to_call) == (90, None, 1)
    note_day(scope, of(stranger).pk, Told(today()))
    after = progress_of(scope, followed.case_id)
    assert (after.to_last_call, after.counts.reached, after.counts.with_entry, after.counts.watched) == (90, 2, 1, 2)
    assert sum(one.people for one in ward_counts(scope, followed.case_id)) == 2


def test_follow_ups_go_with_the_last_of_their_cases(followed: Trace) -> None:
    assert forget_follow_ups(SYSTEM) == 0
    close_case(SYSTEM, followed.case_id)
    CaseRecord.objects.update(closed_at=now() - timedelta(days=400))
    assert forget_cases(SYSTEM) == [followed.case_id]
    assert forget_follow_ups(SYSTEM) == 2
    assert not FollowUp.objects.exists()
    assert not Event.objects.exists()


@pytest.fixture
def guests(neighbour: Resident, scan: ScanAt, market_a: ScanPoint) -> list[Resident]:
    """Two who meet the neighbour at noon, after he met the case."""
    found = [resident_of(market_a.division, f"Khách Thứ {n}") for n in (1, 2)]
    scan(neighbour, market_a, moment(12))
    for guest in found:
        scan(guest, market_a, moment(12, 5))
    return found


def test_who_of_the_second_generation_is_chosen_stays_while_a_run_names_him(
    client: Client, lans_case: CaseRecord, guests: list[Resident], hanh: StaffAccount
) -> None:
    ran = run_trace(SYSTEM, lans_case.pk, "overlap-15", 2)
    second = {one.resident_id: one for one in ran.contacts.filter(generation=2)}
    assert {one.pk for one in guests} < set(second)
    choose = reverse("followup:choose", args=[ran.pk])
    client.force_login(hanh)
    with pytest.raises(NotFollowed):
        follow_chosen(SYSTEM, ran.pk, Chosen(contact=second[guests[0].pk].pk))
    follow(SYSTEM, ran.pk, 14)
    assert not FollowUp.objects.filter(resident__in=guests).exists()
    page = client.get(reverse("tracing:contact", args=[ran.pk, second[guests[0].pk].pk])).content.decode()
    assert choose in page
    assert choose in client.get(f"{reverse('tracing:trace', args=[ran.pk])}?generation=2").content.decode()
    client.post(choose, {"contact": second[guests[0].pk].pk})
    assert of(guests[0]).until_on == moment(12).date() + timedelta(days=14)
    assert [one.generation for one in of(guests[0]).sources.all()] == [2]
    assert Entry.objects.get(action="followup:contact:choose").detail["opened"] == 1
    again = run_trace(SYSTEM, lans_case.pk, "overlap-15", 2)
    assert (change_by(SYSTEM, again.pk).added, change_by(SYSTEM, again.pk).gone) == (0, 0)
    follow(SYSTEM, again.pk, 14)
    assert of(guests[0]).is_contact
    assert not FollowUp.objects.filter(resident=guests[1]).exists()
    follow(SYSTEM, run_trace(SYSTEM, lans_case.pk, "overlap-15", 1).pk, 14)
    assert not of(guests[0]).is_contact


def test_a_second_generation_is_chosen_in_parts(
    traced: Trace, guests: list[Resident], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ksdb.followup.actions.MOST_CHOSEN", 1)
    ran = run_trace(SYSTEM, traced.case_id, "overlap-15", 2)
    with pytest.raises(TooManyChosen):
        follow_chosen(SYSTEM, ran.pk, Chosen(commune=guests[0].division_id))
