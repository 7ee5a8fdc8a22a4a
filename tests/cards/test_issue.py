import hashlib
from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from tests.conftest import resident_of, scope_for

from ksdb.access.models import StaffAccount
from ksdb.approvals.kinds import SecondPersonNeeded
from ksdb.audit.models import Entry
from ksdb.cards.actions import activate_cards, change_status, issue_cards, issue_missing, make_issuer_key, token_of
from ksdb.cards.actions.bulk import revoke_cards
from ksdb.cards.life import HasLiveCard, NoIssuerKey, NotInLedger, NotThisStatus, Reason
from ksdb.cards.models import Card, IssuerKey, Signature
from ksdb.cards.queries import (
    NumberMistyped,
    card_by_number,
    cards_of,
    residents_without_card,
    status_counts,
    trust_list,
)
from ksdb.cards.queries.printing import print_counts
from ksdb.core.clock import ZONE, now
from ksdb.core.decision import CardStatus
from ksdb.core.errors import NotAllowed, NotFound
from ksdb.core.ids import is_card_number
from ksdb.core.scope import Purpose, Scope
from ksdb.core.token import Claims, Form, check_token
from ksdb.places.models import Division
from ksdb.registry.models import Resident

pytestmark = pytest.mark.django_db


def test_each_card_verifies_against_the_trust_list_of_the_table(
    system: Scope, issuer_key: IssuerKey, commune_a: Division
) -> None:
    residents = [resident_of(commune_a, name).pk for name in ("Nguyễn Thị Lan", "Lê Lan", "Hồ Thị Y")]
    issued = issue_cards(system, residents, Form.PAPER)
    trust = trust_list(system)
    for card in issued:
        stored = Card.objects.get(pk=card.index)
        claims = check_token(card.token, trust, now())
        assert claims == Claims(card.index, Form.PAPER, int(stored.expires_at.timestamp()))
        assert stored.status == CardStatus.ISSUED
        assert is_card_number(card.number)
    assert [card.resident_id for card in issued] == residents


def test_every_token_has_its_line_in_the_ledger(system: Scope, issuer_key: IssuerKey, commune_a: Division) -> None:
    residents = [resident_of(commune_a, f"Lê Văn {i}").pk for i in range(20)]
    issued = issue_cards(system, residents, Form.PLASTIC)
    ledger = {line.card_index: bytes(line.token_sha256) for line in Signature.objects.filter(kid=issuer_key.kid)}
    assert ledger == {card.index: hashlib.sha256(card.token.encode()).digest() for card in issued}


def test_a_card_lives_two_years_and_expires_at_midnight(card_of_lan: Card) -> None:
    expires_at = card_of_lan.expires_at.astimezone(ZONE)
    assert (expires_at.hour, expires_at.minute, expires_at.second) == (0, 0, 0)
    assert timedelta(days=729) <= card_of_lan.expires_at - card_of_lan.issued_at <= timedelta(days=730)


def test_a_second_live_card_of_a_form_is_refused_and_another_form_is_not(
    system: Scope, card_of_lan: Card, lan: Resident
) -> None:
    with pytest.raises(HasLiveCard):
        issue_cards(system, [lan.pk], Form.PAPER)
    issue_cards(system, [lan.pk], Form.ELECTRONIC)
    assert Card.objects.filter(resident=lan).count() == 2


def test_the_same_resident_twice_in_one_list_is_refused(system: Scope, issuer_key: IssuerKey, lan: Resident) -> None:
    with pytest.raises(NotFound):
        issue_cards(system, [lan.pk, lan.pk], Form.PAPER)


def test_after_revoking_a_new_card_is_issued_with_another_index_and_number(
    system: Scope, card_of_lan: Card, lan: Resident
) -> None:
    change_status(system, card_of_lan.index, CardStatus.REVOKED, Reason.LOST)
    new = issue_cards(system, [lan.pk], Form.PAPER)[0]
    assert new.index != card_of_lan.index
    assert new.number != card_of_lan.number


def test_one_resident_outside_refuses_the_whole_list(
    issuer_key: IssuerKey, binh: StaffAccount, lan: Resident, commune_b: Division
) -> None:
    other = resident_of(commune_b, "Phan Thị Tâm")
    with pytest.raises(NotFound):
        issue_cards(scope_for(binh), [lan.pk, other.pk], Form.PAPER)
    assert not Card.objects.filter(resident__in=[lan, other]).exists()
    assert len(issue_cards(scope_for(binh), [lan.pk], Form.PAPER)) == 1


def test_minh_sees_and_changes_nothing_of_lan(minh: StaffAccount, card_of_lan: Card, lan: Resident) -> None:
    scope = scope_for(minh)
    index = card_of_lan.index
    for attempt in (
        lambda: issue_cards(scope, [lan.pk], Form.ELECTRONIC),
        lambda: change_status(scope, index, CardStatus.REVOKED, Reason.LOST),
        lambda: token_of(scope, index),
        lambda: cards_of(scope, lan.pk),
        lambda: card_by_number(scope, card_of_lan.number, Purpose.CARD_SERVICE),
        lambda: residents_without_card(scope, lan.division_id),
        lambda: status_counts(scope, lan.division_id),
    ):
        with pytest.raises(NotFound):
            attempt()
    with pytest.raises(NotThisStatus):
        activate_cards(scope, [index])
    card_of_lan.refresh_from_db()
    assert card_of_lan.status == CardStatus.ISSUED


def test_nobody_without_the_permission(card_of_lan: Card, lan: Resident) -> None:
    nobody = Scope(actor_id=None)
    with pytest.raises(NotAllowed):
        issue_cards(nobody, [lan.pk], Form.PLASTIC)
    with pytest.raises(NotAllowed):
        cards_of(nobody, lan.pk)


def test_without_a_key_nothing_is_issued(system: Scope, lan: Resident) -> None:
    with pytest.raises(NoIssuerKey):
        issue_cards(system, [lan.pk], Form.PAPER)


def test_a_full_key_hands_over_to_the_next(
    system: Scope, issuer_key: IssuerKey, commune_a: Division, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ksdb.cards.queries.CARDS_PER_KEY", 2)
    residents = [resident_of(commune_a, f"Lê Thị {i}").pk for i in range(3)]
    with pytest.raises(NoIssuerKey):
        issue_cards(system, residents, Form.PAPER)
    second = make_issuer_key(system)
    issue_cards(system, residents, Form.PAPER)
    assert Signature.objects.filter(kid=issuer_key.kid).count() == 2
    assert Signature.objects.filter(kid=second.kid).count() == 1
    counted = IssuerKey.objects.order_by("kid").values_list("kid", "signature_count")
    assert list(counted) == [(issuer_key.kid, 2), (second.kid, 1)]


def test_drawn_indexes_that_are_taken_are_drawn_again(
    system: Scope, issuer_key: IssuerKey, commune_a: Division, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ksdb.cards.actions.INDEX_CAPACITY", 21)
    residents = [resident_of(commune_a, f"Lê Thị {i}").pk for i in range(20)]
    first = issue_cards(system, residents[:15], Form.PAPER)
    rest = issue_cards(system, residents[15:], Form.PAPER)
    assert {card.index for card in first + rest} == set(range(1, 21))


def test_the_same_digits_are_signed_again(system: Scope, issuer_key: IssuerKey, lan: Resident) -> None:
    issued = issue_cards(system, [lan.pk], Form.PAPER)[0]
    assert token_of(system, issued.index) == issued.token
    assert Signature.objects.filter(card_index=issued.index).count() == 1


def test_a_token_that_the_ledger_does_not_know_is_not_given_out(system: Scope, card_of_lan: Card) -> None:
    Signature.objects.filter(card_index=card_of_lan.index).update(token_sha256=bytes(32))
    with pytest.raises(NotInLedger):
        token_of(system, card_of_lan.index)


def test_activation_is_all_or_none(system: Scope, card_of_lan: Card) -> None:
    with pytest.raises(NotThisStatus):
        activate_cards(system, [card_of_lan.index, 40_000_000])
    card_of_lan.refresh_from_db()
    assert card_of_lan.status == CardStatus.ISSUED
    assert activate_cards(system, [card_of_lan.index]) == 1
    card_of_lan.refresh_from_db()
    assert card_of_lan.status == CardStatus.ACTIVE
    assert card_of_lan.activated_at == card_of_lan.status_since
    with pytest.raises(NotThisStatus):
        activate_cards(system, [card_of_lan.index])


def test_an_expired_card_is_not_activated(system: Scope, card_of_lan: Card) -> None:
    Card.objects.filter(pk=card_of_lan.pk).update(expires_at=now() - timedelta(days=1))
    with pytest.raises(NotThisStatus):
        activate_cards(system, [card_of_lan.index])


@pytest.mark.parametrize("before", list(CardStatus))
@pytest.mark.parametrize("after", list(CardStatus))
def test_transitions(system: Scope, card_of_lan: Card, before: CardStatus, after: CardStatus) -> None:
    by_hand = {
        (CardStatus.ISSUED, CardStatus.REVOKED),
        (CardStatus.ACTIVE, CardStatus.SUSPENDED),
        (CardStatus.ACTIVE, CardStatus.REVOKED),
        (CardStatus.SUSPENDED, CardStatus.ACTIVE),
        (CardStatus.SUSPENDED, CardStatus.REVOKED),
        (CardStatus.ATTENTION, CardStatus.REVOKED),
    }
    Card.objects.filter(pk=card_of_lan.pk).update(status=before)
    reason = Reason.FOUND if after == CardStatus.ACTIVE else Reason.LOST
    if (before, after) in by_hand:
        assert change_status(system, card_of_lan.index, after, reason).status == after
    else:
        with pytest.raises(NotThisStatus):
            change_status(system, card_of_lan.index, after, reason)


def test_a_reason_must_fit(system: Scope, card_of_lan: Card) -> None:
    with pytest.raises(NotThisStatus):
        change_status(system, card_of_lan.index, CardStatus.REVOKED, Reason.FOUND)


def test_acts_and_reads_leave_their_trace(binh: StaffAccount, issuer_key: IssuerKey, lan: Resident) -> None:
    scope = scope_for(binh)
    card = issue_cards(scope, [lan.pk], Form.PAPER)[0]
    activate_cards(scope, [card.index])
    change_status(scope, card.index, CardStatus.SUSPENDED, Reason.LOST)
    cards_of(scope, lan.pk)
    card_by_number(scope, card.number, Purpose.CARD_SERVICE)
    entries = Entry.objects.filter(actor_id=binh.pk, subject="resident", subject_id=lan.pk).order_by("id")
    assert [entry.action for entry in entries] == [
        "cards:card:issue",
        "cards:card:activate",
        "cards:card:revoke",
        "cards:card:read",
        "cards:card:find",
    ]


def test_an_act_on_many_stands_in_the_trail_of_each(
    binh: StaffAccount, issuer_key: IssuerKey, commune_a: Division, lan: Resident
) -> None:
    both = {lan.pk, resident_of(commune_a, "Lê Lan").pk}
    scope = scope_for(binh)
    cards = issue_cards(scope, sorted(both), Form.PAPER)
    activate_cards(scope, [card.index for card in cards])
    for action in ("cards:card:issue", "cards:card:activate"):
        entries = Entry.objects.filter(action=action, subject="resident")
        assert set(entries.values_list("subject_id", flat=True)) == both
        assert {entry.detail["count"] for entry in entries} == {2}


def test_many_small_lists_are_a_large_one(
    binh: StaffAccount, issuer_key: IssuerKey, commune_a: Division, monkeypatch: pytest.MonkeyPatch
) -> None:
    scope = scope_for(binh)
    people = [resident_of(commune_a, f"Người Thứ {number}").pk for number in range(14)]
    cards = [card.index for some in (people[:7], people[7:]) for card in issue_cards(scope, some, Form.PAPER)]
    assert revoke_cards(scope, cards[:6], Reason.WRONG_DATA) == 6
    with pytest.raises(SecondPersonNeeded):
        revoke_cards(scope, cards[6:12], Reason.WRONG_DATA)
    assert revoke_cards(scope, cards[6:10], Reason.WRONG_DATA) == 4
    assert revoke_cards(scope, cards[10:11], Reason.LOST) == 1, "one at the desk is no list"
    a_day_later = now() + timedelta(hours=25)
    monkeypatch.setattr("ksdb.approvals.actions.now", lambda: a_day_later)
    assert revoke_cards(scope, cards[11:13], Reason.WRONG_DATA) == 2


def test_a_search_that_finds_nothing_leaves_its_trace_too(binh: StaffAccount) -> None:
    with pytest.raises(NotFound):
        card_by_number(scope_for(binh), "0000 0000 0098", Purpose.CARD_SERVICE)
    assert Entry.objects.get(action="cards:card:find").detail == {"found": False}


def test_a_number_is_found_with_its_spaces_and_a_mistyped_one_is_told(system: Scope, card_of_lan: Card) -> None:
    number = card_of_lan.number
    typed = f" {number[:4]} {number[4:8]}-{number[8:]} "
    assert card_by_number(system, typed, Purpose.CARD_SERVICE) == card_of_lan
    wrong = f"{number[:11]}{(int(number[11]) + 1) % 10}"
    with pytest.raises(NumberMistyped):
        card_by_number(system, wrong, Purpose.CARD_SERVICE)


def test_who_has_no_card(system: Scope, card_of_lan: Card, commune_a: Division) -> None:
    thu = resident_of(commune_a, "Đỗ Thu")
    assert residents_without_card(system, commune_a.pk) == [thu.pk]
    change_status(system, card_of_lan.index, CardStatus.REVOKED, Reason.STOLEN)
    assert set(residents_without_card(system, commune_a.pk)) == {thu.pk, card_of_lan.resident_id}
    assert status_counts(system, commune_a.pk) == {CardStatus.REVOKED: 1}


@pytest.mark.parametrize("reason", [Reason.DIED, Reason.MOVED_AWAY])
def test_nobody_makes_a_card_unasked_for_who_is_gone(
    system: Scope, card_of_lan: Card, lan: Resident, commune_a: Division, reason: Reason
) -> None:
    change_status(system, card_of_lan.index, CardStatus.REVOKED, reason)
    assert residents_without_card(system, commune_a.pk) == []
    assert print_counts(system, commune_a.pk, Form.PAPER).without_card == 0
    assert issue_missing(system, commune_a.pk, Form.PAPER) == 0
    again = resident_of(commune_a, "Nguyễn Thị Lan", 1956)
    Resident.objects.filter(pk=lan.pk).update(merged_into=again)
    assert residents_without_card(system, commune_a.pk) == [], "who is registered twice is gone twice"
    came_home = issue_cards(system, [again.pk], Form.PAPER)[0]
    change_status(system, came_home.index, CardStatus.REVOKED, Reason.DAMAGED)
    assert residents_without_card(system, commune_a.pk) == [again.pk], "the last card counts"


@pytest.mark.django_db(transaction=True)
def test_gateways_hear_of_new_cards(clean_registry: None, system: Scope, commune_a: Division) -> None:
    make_issuer_key(system)
    lan = resident_of(commune_a, "Nguyễn Thị Lan")
    parameters = connection.get_connection_params()
    listener = psycopg.connect(
        dbname=parameters["dbname"], host=parameters.get("host"), user=parameters.get("user"), autocommit=True
    )
    with listener:
        listener.execute("LISTEN ksdb_known")
        issue_cards(system, [lan.pk], Form.PAPER)
        heard = [notice.payload for notice in listener.notifies(timeout=1)]
    assert heard == ["card"], "and not of the key that signed it"
