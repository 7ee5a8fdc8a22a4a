"""Two persons of two units: each rule, and what is done at last is done once."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from tests.approvals.conftest import COMPUTERS, in_unit
from tests.conftest import residents_of, scope_for

from ksdb.access.models import Grant, StaffAccount
from ksdb.approvals.actions import approve, carry_out, expire_acts, refuse, request_act, withdraw
from ksdb.approvals.kinds import (
    ActExpired,
    AlreadyAsked,
    AlreadyDecided,
    AskerGone,
    Kind,
    OwnAct,
    PayloadNotNumbers,
    SameUnit,
    SecondPersonNeeded,
    UnitMissing,
)
from ksdb.approvals.models import Act
from ksdb.approvals.queries import act as act_of
from ksdb.approvals.queries import asked_by_me, settled, waiting_for
from ksdb.audit.models import Entry
from ksdb.cards.actions import change_status, issue_cards
from ksdb.cards.actions.bulk import ask_issue, ask_override, ask_revoke, revoke_cards
from ksdb.cards.life import HasLiveCard, NobodyWithoutCard, NotThisStatus, Reason
from ksdb.cards.models import Card, IssuerKey
from ksdb.core.clock import now, today
from ksdb.core.decision import CardStatus
from ksdb.core.errors import NotAllowed, NotFound
from ksdb.core.scope import Scope, system_scope
from ksdb.core.token import Form
from ksdb.places.models import Division
from ksdb.registry.models import Resident

WHY = "Phường mở đợt cấp thẻ mới trong tuần"


@pytest.fixture
def many(commune_a: Division) -> list[Resident]:
    """51 residents of commune A, none with a card."""
    return residents_of(commune_a, [f"Người Thứ {number}" for number in range(51)])


@pytest.fixture
def asked(asker: StaffAccount, commune_a: Division, issuer_key: IssuerKey, many: list[Resident]) -> Act:
    return ask_issue(scope_for(asker), commune_a.pk, Form.PAPER, WHY)


def expired(act: Act) -> Act:
    act.expires_at = now() - timedelta(seconds=1)
    act.save()
    return act


def actions_of(act: Act) -> list[str]:
    return list(Entry.objects.filter(subject="act", subject_id=act.pk).order_by("id").values_list("action", flat=True))


def test_fifty_cards_need_one_person_and_fifty_one_need_two(
    asker: StaffAccount, issuer_key: IssuerKey, many: list[Resident]
) -> None:
    ids = [one.pk for one in many]
    with pytest.raises(SecondPersonNeeded):
        issue_cards(scope_for(asker), ids, Form.PAPER)
    assert not Card.objects.exists()
    assert len(issue_cards(scope_for(asker), ids[:50], Form.PAPER)) == 50


def test_the_command_line_goes_on_alone_and_the_trail_says_so(issuer_key: IssuerKey, many: list[Resident]) -> None:
    issue_cards(system_scope(), [one.pk for one in many], Form.PAPER)
    entry = Entry.objects.get(action="approvals:act:bypass")
    assert (entry.actor_id, entry.detail) == (None, {"kind": "bulk_issue", "count": 51})


def test_a_job_in_a_persons_name_does_not_pass_for_the_command_line(
    asker: StaffAccount, issuer_key: IssuerKey, many: list[Resident]
) -> None:
    with pytest.raises(SecondPersonNeeded):
        issue_cards(Scope(actor_id=asker.pk, is_system=True), [one.pk for one in many], Form.PAPER)


def test_another_person_of_another_unit_approves_and_it_is_done(
    asked: Act, asker: StaffAccount, duc: StaffAccount
) -> None:
    assert [one.pk for one in waiting_for(scope_for(duc))] == [asked.pk]
    assert asked.status == Act.Status.WAITING
    done = approve(scope_for(duc), asked.pk)
    assert (done.status, done.result, done.decided_by_id) == (Act.Status.DONE, {"count": 51}, duc.pk)
    assert done.decider_unit == COMPUTERS
    assert Card.objects.count() == 51
    assert actions_of(asked) == ["approvals:act:request", "approvals:act:approve", "approvals:act:carry_out"]
    issued = Entry.objects.filter(action="cards:card:issue", actor_id=asker.pk)
    assert issued.values("subject_id").distinct().count() == 51
    assert Entry.objects.get(action="approvals:act:request").detail["reason"] == WHY
    assert waiting_for(scope_for(duc)) == []
    assert [one.pk for one in settled(scope_for(duc))] == [asked.pk]


def test_nobody_approves_his_own_act(asked: Act, asker: StaffAccount) -> None:
    with pytest.raises(OwnAct):
        approve(scope_for(asker), asked.pk)
    assert waiting_for(scope_for(asker)) == []
    assert not Card.objects.exists()


def test_nor_does_the_database_hold_one(asked: Act, asker: StaffAccount) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Act.objects.filter(pk=asked.pk).update(decided_by=asker, decision="approved")


def test_a_unit_is_the_same_however_it_is_written(asked: Act, hoa: StaffAccount) -> None:
    with pytest.raises(SameUnit):
        approve(scope_for(hoa), asked.pk)


def test_a_unit_changed_after_asking_does_not_help(
    asked: Act, asker: StaffAccount, hoa: StaffAccount, duc: StaffAccount
) -> None:
    in_unit(asker, "Một phòng khác")
    with pytest.raises(SameUnit):
        approve(scope_for(hoa), asked.pk)
    in_unit(asker, COMPUTERS)
    with pytest.raises(SameUnit):
        approve(scope_for(duc), asked.pk)


@pytest.mark.parametrize("unit", ["", "   "])
def test_without_a_unit_nobody_asks(asker: StaffAccount, commune_a: Division, many: list[Resident], unit: str) -> None:
    in_unit(asker, unit)
    with pytest.raises(UnitMissing):
        ask_issue(scope_for(asker), commune_a.pk, Form.PAPER, WHY)


def test_an_empty_unit_is_no_other_unit(asked: Act, asker: StaffAccount, duc: StaffAccount) -> None:
    in_unit(duc, "")
    with pytest.raises(UnitMissing):
        approve(scope_for(duc), asked.pk)
    in_unit(asker, "")
    with pytest.raises(UnitMissing):
        approve(scope_for(duc), asked.pk)
    in_unit(duc, COMPUTERS)
    with pytest.raises(UnitMissing):
        approve(scope_for(duc), asked.pk)


def test_after_72_hours_it_is_over(asked: Act, duc: StaffAccount) -> None:
    assert asked.expires_at - asked.requested_at == timedelta(hours=72)
    expired(asked)
    assert asked.status == Act.Status.EXPIRED
    assert waiting_for(scope_for(duc)) == []
    for attempt in (
        lambda: approve(scope_for(duc), asked.pk),
        lambda: refuse(scope_for(duc), asked.pk, "không cần nữa"),
    ):
        with pytest.raises(ActExpired):
            attempt()
    assert expire_acts(system_scope()) == 1
    assert expire_acts(system_scope()) == 0
    asked.refresh_from_db()
    assert asked.decision == "expired"
    assert actions_of(asked)[-1] == "approvals:act:expire"
    with pytest.raises(ActExpired):
        approve(scope_for(duc), asked.pk)
    assert not Card.objects.exists()


def test_a_refused_act_is_not_done(asked: Act, duc: StaffAccount, hoa: StaffAccount) -> None:
    refused = refuse(scope_for(hoa), asked.pk, "Chưa đúng đợt cấp thẻ")
    assert (refused.status, refused.refusal) == (Act.Status.REFUSED, "Chưa đúng đợt cấp thẻ")
    with pytest.raises(AlreadyDecided):
        approve(scope_for(duc), asked.pk)
    assert not Card.objects.exists()


def test_only_the_asker_withdraws(asked: Act, asker: StaffAccount, duc: StaffAccount) -> None:
    with pytest.raises(NotAllowed):
        withdraw(scope_for(duc), asked.pk)
    assert withdraw(scope_for(asker), asked.pk).status == Act.Status.WITHDRAWN
    with pytest.raises(AlreadyDecided):
        approve(scope_for(duc), asked.pk)


def test_a_ward_officer_asks_and_does_not_decide(
    binh: StaffAccount, asked: Act, issuer_key: IssuerKey, commune_a: Division, duc: StaffAccount
) -> None:
    in_unit(binh, "UBND phường")
    with pytest.raises(NotAllowed):
        approve(scope_for(binh), asked.pk)
    own = ask_issue(scope_for(binh), commune_a.pk, Form.PLASTIC, WHY)
    assert approve(scope_for(duc), own.pk).status == Act.Status.DONE


def test_an_officer_of_elsewhere_sees_nothing_of_it(asked: Act, minh: StaffAccount, commune_a: Division) -> None:
    in_unit(minh, "UBND phường")
    with pytest.raises(NotFound):
        act_of(scope_for(minh), asked.pk)
    assert not asked_by_me(scope_for(minh)).exists()
    with pytest.raises(NotFound):
        ask_issue(scope_for(minh), commune_a.pk, Form.PAPER, WHY)


def test_a_person_who_may_decide_but_not_do_it_does_not_decide(asked: Act, duc: StaffAccount) -> None:
    Grant.objects.filter(account=duc, role="administrator").delete()
    with pytest.raises(NotAllowed):
        approve(scope_for(duc), asked.pk)


def test_the_system_decides_nothing(asked: Act) -> None:
    with pytest.raises(NotAllowed):
        approve(system_scope(), asked.pk)
    with pytest.raises(NotAllowed):
        request_act(system_scope(), Kind.BULK_ISSUE, asked.division_id, {"count": 51}, WHY)


@pytest.mark.parametrize("loss", ["grant", "account"])
def test_who_lost_the_right_is_not_served(asked: Act, asker: StaffAccount, duc: StaffAccount, loss: str) -> None:
    if loss == "grant":
        Grant.objects.filter(account=asker, role="administrator").update(valid_to=today())
    else:
        StaffAccount.objects.filter(pk=asker.pk).update(is_active=False)
    with pytest.raises(AskerGone):
        approve(scope_for(duc), asked.pk)
    asked.refresh_from_db()
    assert asked.status == Act.Status.WAITING
    assert not Card.objects.exists()


def test_the_same_is_asked_for_once(asked: Act, asker: StaffAccount, commune_a: Division) -> None:
    with pytest.raises(AlreadyAsked):
        ask_issue(scope_for(asker), commune_a.pk, Form.PAPER, WHY)


@pytest.mark.parametrize("payload", [{"count": "51"}, {"count": 1.5}, {"name": "Lan"}, {"cards": ["1"]}, {"is": True}])
def test_an_act_holds_numbers_only(asker: StaffAccount, commune_a: Division, payload: dict[str, object]) -> None:
    with pytest.raises(PayloadNotNumbers):
        request_act(scope_for(asker), Kind.BULK_ISSUE, commune_a.pk, payload, WHY)  # type: ignore[arg-type]


def test_nothing_to_issue_is_not_asked_for(asker: StaffAccount, commune_b: Division) -> None:
    with pytest.raises(NobodyWithoutCard):
        ask_issue(scope_for(asker), commune_b.pk, Form.PAPER, WHY)


@pytest.fixture
def eleven(system: Scope, issuer_key: IssuerKey, many: list[Resident]) -> list[int]:
    return [card.index for card in issue_cards(system, [one.pk for one in many[:11]], Form.PAPER)]


def test_ten_cards_are_revoked_by_one_eleven_by_two(
    eleven: list[int], asker: StaffAccount, duc: StaffAccount, commune_a: Division
) -> None:
    with pytest.raises(SecondPersonNeeded):
        revoke_cards(scope_for(asker), eleven, Reason.WRONG_DATA)
    act = ask_revoke(scope_for(asker), eleven, Reason.WRONG_DATA, WHY)
    assert not Card.objects.filter(status=CardStatus.REVOKED).exists()
    assert approve(scope_for(duc), act.pk).result == {"count": 11}
    assert set(Card.objects.values_list("status", "reason")) == {(CardStatus.REVOKED, "wrong_data")}
    assert Entry.objects.filter(action="cards:card:revoke", actor_id=asker.pk).count() == 11


def test_ten_are_revoked_at_once_all_or_none(eleven: list[int], binh: StaffAccount, minh: StaffAccount) -> None:
    with pytest.raises(NotFound):
        revoke_cards(scope_for(minh), eleven[:2], Reason.LOST)
    assert revoke_cards(scope_for(binh), eleven[:7], Reason.LOST) == 7
    with pytest.raises(NotThisStatus):
        revoke_cards(scope_for(binh), eleven[6:9], Reason.LOST)
    assert Card.objects.filter(status=CardStatus.REVOKED).count() == 7


def test_an_act_that_cannot_be_done_waits_on(eleven: list[int], asker: StaffAccount, duc: StaffAccount) -> None:
    act = ask_revoke(scope_for(asker), eleven, Reason.LOST, WHY)
    change_status(system_scope(), eleven[0], CardStatus.REVOKED, Reason.DIED)
    with pytest.raises(NotThisStatus):
        approve(scope_for(duc), act.pk)
    act.refresh_from_db()
    assert act.status == Act.Status.WAITING
    assert Card.objects.filter(status=CardStatus.REVOKED).count() == 1
    assert "approvals:act:approve" not in actions_of(act)


def test_a_revoked_card_comes_back_by_two_persons_only(
    card_of_lan: Card, asker: StaffAccount, duc: StaffAccount, binh: StaffAccount
) -> None:
    index = card_of_lan.pk
    with pytest.raises(NotThisStatus):
        ask_override(scope_for(asker), index, CardStatus.REVOKED, WHY)
    change_status(system_scope(), index, CardStatus.REVOKED, Reason.LOST)
    with pytest.raises(NotThisStatus):
        change_status(scope_for(asker), index, CardStatus.ACTIVE, Reason.FOUND)
    with pytest.raises(NotAllowed):
        ask_override(scope_for(binh), index, CardStatus.ACTIVE, WHY)
    act = ask_override(scope_for(asker), index, CardStatus.ACTIVE, WHY)
    approve(scope_for(duc), act.pk)
    card_of_lan.refresh_from_db()
    assert (card_of_lan.status, card_of_lan.reason) == (CardStatus.ACTIVE, "override")


def test_not_beside_another_live_card(card_of_lan: Card, asker: StaffAccount, duc: StaffAccount, lan: Resident) -> None:
    change_status(system_scope(), card_of_lan.pk, CardStatus.REVOKED, Reason.LOST)
    act = ask_override(scope_for(asker), card_of_lan.pk, CardStatus.ACTIVE, WHY)
    issue_cards(system_scope(), [lan.pk], Form.PAPER)
    with pytest.raises(HasLiveCard):
        approve(scope_for(duc), act.pk)
    card_of_lan.refresh_from_db()
    assert card_of_lan.status == CardStatus.REVOKED


def test_carrying_out_again_does_nothing(asked: Act, duc: StaffAccount) -> None:
    approve(scope_for(duc), asked.pk)
    carry_out(system_scope(), asked.pk)
    assert actions_of(asked).count("approvals:act:carry_out") == 1


def test_what_was_not_approved_is_not_carried_out(asked: Act) -> None:
    assert carry_out(system_scope(), asked.pk).status == Act.Status.WAITING
    assert not Card.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_who_approve_at_once_do_it_once(
    clean_registry: None, asked: Act, duc: StaffAccount, province: Division
) -> None:
    other = in_unit(StaffAccount.objects.create(username="tam", full_name="Ngô Văn Tâm"), "Công an")
    for grant in Grant.objects.filter(account=duc):
        grant.pk, grant.account = None, other
        grant.save(force_insert=True)
    scopes = [scope_for(duc), scope_for(other)]
    both = threading.Barrier(2)
    told: list[object] = []

    def decide(scope: Scope) -> None:
        both.wait()
        try:
            told.append(approve(scope, asked.pk).status)
        except AlreadyDecided as error:
            told.append(type(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=decide, args=[scope]) for scope in scopes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, told)) == sorted(map(str, [Act.Status.DONE, AlreadyDecided]))
    assert Card.objects.count() == 51
    assert actions_of(asked).count("approvals:act:carry_out") == 1
