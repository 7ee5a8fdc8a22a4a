"""Disputes of visits: raised, decided, gone with their day; an accepted one takes the visit out of every trace."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from tests.conftest import scope_for
from tests.tracing.conftest import lans_case, market_day, moment, neighbour, profiles, scan, stranger

from ksdb.access.models import StaffAccount
from ksdb.audit.models import Entry
from ksdb.core.clock import day_of, today
from ksdb.core.errors import NotAllowed, NotFound
from ksdb.core.scope import system_scope
from ksdb.registry.models import Resident
from ksdb.visits.actions import decide_dispute, dispute_visit
from ksdb.visits.actions.disputes import forget_disputes
from ksdb.visits.disputing import (
    ACCEPTED,
    ANSWER_DAYS,
    AlreadyDisputed,
    Decided,
    DisputeDecided,
    OwnDispute,
    Raiser,
    Reason,
    State,
    VisitGone,
    VisitRef,
)
from ksdb.visits.models import Dispute, Visit
from ksdb.visits.queries.disputes import disputes_of, open_disputes

__all__ = ["lans_case", "market_day", "neighbour", "profiles", "scan", "stranger"]
SYSTEM = system_scope()


def ref_of(resident: Resident | None) -> VisitRef:
    visit = Visit.objects.filter(resident_id=resident and resident.pk).earliest("scanned_at")
    return VisitRef(visit.point_id, visit.scanned_at, visit.device_id, visit.sequence)


def test_a_dispute_waits_and_stands_alone(market_day: None, neighbour: Resident, minh: StaffAccount) -> None:
    visit = ref_of(neighbour)
    made = dispute_visit(SYSTEM, visit, Reason.NOT_ME, "tôi không đi chợ", Raiser.RESIDENT)
    assert (made.state, made.due_on, made.resident_id) == (
        State.OPEN,
        today() + timedelta(days=ANSWER_DAYS),
        neighbour.pk,
    )
    assert "chợ".encode() not in bytes(made.text_sealed or b"")
    assert disputes_of(SYSTEM, [neighbour.pk], moment(0)) == {visit: State.OPEN}
    with pytest.raises(AlreadyDisputed):
        dispute_visit(SYSTEM, visit, Reason.OTHER)
    with pytest.raises(VisitGone):
        dispute_visit(SYSTEM, VisitRef(visit.point_id, visit.scanned_at, 9, 9), Reason.OTHER)
    with pytest.raises(VisitGone):
        dispute_visit(SYSTEM, ref_of(None), Reason.OTHER)  # nobody's
    with pytest.raises(NotAllowed):
        open_disputes(scope_for(minh))


def test_whoever_decides_did_not_raise_it_and_decides_once(
    market_day: None, neighbour: Resident, hanh: StaffAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Decided] = []
    monkeypatch.setattr("ksdb.visits.actions.disputes.ACCEPTED", [*ACCEPTED, lambda _scope, one: heard.append(one)])
    visit = ref_of(neighbour)
    made = dispute_visit(scope_for(hanh), visit, Reason.NOT_THERE)
    with pytest.raises(OwnDispute):
        decide_dispute(scope_for(hanh), made.pk, True)
    decide_dispute(SYSTEM, made.pk, True, "đã xem máy quay")
    assert heard == [Decided(visit, neighbour.pk)]
    with pytest.raises(DisputeDecided):
        decide_dispute(SYSTEM, made.pk, False)
    assert Visit.objects.filter(resident_id=neighbour.pk).count() == 2  # it stays in the log
    assert Entry.objects.filter(action="visits:dispute:decide", subject_id=neighbour.pk).count() == 1


def test_declined_it_may_be_raised_again(market_day: None, neighbour: Resident) -> None:
    visit = ref_of(neighbour)
    decide_dispute(SYSTEM, dispute_visit(SYSTEM, visit, Reason.OTHER).pk, False)
    assert dispute_visit(SYSTEM, visit, Reason.OTHER).state == State.OPEN


def test_disputes_go_with_their_day(market_day: None, neighbour: Resident) -> None:
    made = dispute_visit(SYSTEM, ref_of(neighbour), Reason.OTHER, "khác")
    assert forget_disputes(SYSTEM, today()) == 0
    assert forget_disputes(SYSTEM, day_of(made.scanned_at)) == 1
    assert Entry.objects.get(action="visits:dispute:forget").detail["count"] == 1


def test_a_ward_officer_disputes_inside_the_ward_alone(
    market_day: None, neighbour: Resident, stranger: Resident, binh: StaffAccount
) -> None:
    assert dispute_visit(scope_for(binh), ref_of(neighbour), Reason.CARD_LENT).raised_by_id == binh.pk
    with pytest.raises(NotFound):
        dispute_visit(scope_for(binh), ref_of(stranger), Reason.CARD_LENT)


def test_the_queue_is_answered_on_its_page(
    client: Client, market_day: None, neighbour: Resident, hanh: StaffAccount, binh: StaffAccount
) -> None:
    made = dispute_visit(SYSTEM, ref_of(neighbour), Reason.NOT_ME, "thẻ của tôi bị mất", Raiser.RESIDENT)
    Dispute.objects.update(due_on=today() - timedelta(days=1))
    client.force_login(hanh)
    page = client.get(reverse("visits:disputes")).content.decode()
    assert "Trần Văn Hòa" in page
    path = reverse("visits:dispute", args=[made.pk])
    page = client.get(path).content.decode()
    assert "thẻ của tôi bị mất" in page
    assert "08:10" in page
    assert client.post(path, {"answer": "accepted", "note": ""}).status_code == 422
    answer = client.post(path, {"answer": "accepted", "note": "máy quay cho thấy người khác"})
    assert answer["Location"] == reverse("visits:disputes")
    assert Dispute.objects.get().state == State.ACCEPTED
    assert "Trần Văn Hòa" in client.get(reverse("visits:disputes") + "?state=accepted").content.decode()
    again = client.post(path, {"answer": "declined", "note": "không đúng như vậy"})
    assert again.status_code == 422
    client.force_login(binh)
    assert client.get(path).status_code == 403
