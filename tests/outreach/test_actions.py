"""Notes at the doors: done once, refused with a sentence, or kept as a conflict until a person decides."""

from datetime import timedelta
from uuid import uuid4

import pytest
from tests.conftest import resident_of, scope_for, staff
from tests.outreach.conftest import Street

from ksdb.access.models import StaffAccount
from ksdb.audit.models import Entry
from ksdb.cards.actions import activate_cards, issue_cards
from ksdb.cards.models import Card
from ksdb.cards.queries import residents_without_card
from ksdb.cards.queries.gone import gone
from ksdb.core.clock import now, today
from ksdb.core.decision import CardStatus
from ksdb.core.errors import NotFound
from ksdb.core.ids import card_number
from ksdb.core.scope import Permission, Role, Scope
from ksdb.core.token import Form
from ksdb.coverage.actions import refresh
from ksdb.coverage.queries import coverage_of
from ksdb.outreach.actions import settle, take_note, take_notes
from ksdb.outreach.actions.rounds import assign, move_household, order_by_address, take_along, unassign
from ksdb.outreach.doors import CardState
from ksdb.outreach.faults import HelperUnknown, NoteDecided
from ksdb.outreach.models import Assignment, DoorNote, MissingReason
from ksdb.outreach.notes import NoteKind, NotesUnreadable, Outcome, notes_in
from ksdb.outreach.queries import (
    groups_of,
    helpers_for,
    person_sheet,
    progress_in,
    shown_page,
    work_list,
)
from ksdb.outreach.reasons import Occasion, Reason
from ksdb.places.models import Division
from ksdb.registry.models import Household

K = NoteKind


@pytest.fixture
def second(commune_a: Division) -> Scope:
    """Another helper of the same commune."""
    return scope_for(staff("mai", "Mai Thị Sáu", Role.WARD_OFFICER, commune_a))


def standing(street: Street) -> MissingReason:
    return MissingReason.objects.get(resident=street.lan, withdrawn_at=None)


def test_a_reason_is_dated_and_says_who(street: Street, officer: Scope) -> None:
    assert take_note(officer, street.note(K.REASON, reason=Reason.WORKS_AWAY)).outcome == Outcome.DONE
    noted = standing(street)
    assert (noted.reason, noted.said_on, noted.noted_by_id) == ("works_away", today(), officer.actor_id)
    assert Entry.objects.filter(action=Permission.OUTREACH_NOTE_WRITE, subject_id=street.lan.pk).count() == 1


def test_another_reason_withdraws_the_one_before_and_both_stay_in_the_history(street: Street, officer: Scope) -> None:
    take_note(officer, street.note(K.REASON, reason=Reason.WORKS_AWAY))
    first = standing(street)
    take_note(officer, street.note(K.REASON, reason=Reason.MOVED, seen_reason=first.pk))
    answer = take_note(officer, street.note(K.WITHDRAW, seen_reason=standing(street).pk))
    assert answer.person is not None
    assert answer.person.reason == ""
    history = person_sheet(officer, street.lan.pk).history
    assert [(row.reason, row.withdrawn_at is not None, who) for row, who, _ in history] == [
        ("moved", True, "Lê Văn Bình"),
        ("works_away", True, "Lê Văn Bình"),
    ]


def test_a_note_sent_again_is_done_once(street: Street, officer: Scope) -> None:
    note = street.note(K.REASON, reason=Reason.REFUSES)
    first, again = take_note(officer, note), take_note(officer, note)
    assert first == again
    assert DoorNote.objects.count() == MissingReason.objects.count() == 1


def test_a_key_of_somebody_else_tells_nothing(street: Street, officer: Scope, second: Scope) -> None:
    note = street.note(K.REASON, reason=Reason.REFUSES)
    take_note(officer, note)
    with pytest.raises(NotFound):
        take_note(second, note)


def test_what_somebody_else_noted_meanwhile_is_a_conflict(street: Street, officer: Scope, second: Scope) -> None:
    take_note(second, street.note(K.REASON, reason=Reason.REFUSES))
    answer = take_note(officer, street.note(K.REASON, reason=Reason.WORKS_AWAY))
    assert answer.outcome == Outcome.CONFLICT
    assert answer.theirs is not None
    assert answer.theirs.by == "Mai Thị Sáu"
    assert standing(street).reason == "refuses"


def test_the_same_reason_from_two_is_no_conflict(street: Street, officer: Scope, second: Scope) -> None:
    take_note(second, street.note(K.REASON, reason=Reason.REFUSES))
    assert take_note(officer, street.note(K.REASON, reason=Reason.REFUSES)).outcome == Outcome.DONE
    assert MissingReason.objects.count() == 1


def test_ones_own_second_thought_is_no_conflict(street: Street, officer: Scope) -> None:
    """A phone without network sends two notes about a person; the second knows nothing of the first one's number."""
    notes = [street.note(K.REASON, reason=reason) for reason in (Reason.REFUSES, Reason.MOVED)]
    back = street.note(K.WITHDRAW)
    assert [answer.outcome for answer in take_notes(officer, [*notes, back])] == [Outcome.DONE] * 3
    assert not MissingReason.objects.filter(withdrawn_at=None).exists()


def test_a_reason_taken_back_by_another_is_a_conflict(street: Street, officer: Scope, second: Scope) -> None:
    take_note(officer, street.note(K.REASON, reason=Reason.REFUSES))
    seen = standing(street).pk
    take_note(second, street.note(K.WITHDRAW, seen_reason=seen))
    answer = take_note(officer, street.note(K.REASON, reason=Reason.MOVED, seen_reason=seen))
    assert answer.outcome == Outcome.CONFLICT


def test_a_card_activated_meanwhile_is_a_conflict(street: Street, officer: Scope, system: Scope) -> None:
    activate_cards(system, [street.card(street.lan).pk])
    note = street.note(K.REASON, reason=Reason.REFUSES, seen_card="waiting")
    assert take_note(officer, note).outcome == Outcome.CONFLICT


@pytest.mark.parametrize(("keeps_it", "stands"), [(True, "works_away"), (False, "refuses")])
def test_a_person_decides_a_conflict_once(
    street: Street, officer: Scope, second: Scope, keeps_it: bool, stands: str
) -> None:
    take_note(second, street.note(K.REASON, reason=Reason.REFUSES))
    number = take_note(officer, street.note(K.REASON, reason=Reason.WORKS_AWAY)).note
    settle(second, number, keeps_it=keeps_it)
    assert standing(street).reason == stands
    with pytest.raises(NoteDecided):
        settle(officer, number, keeps_it=True)


def test_a_conflict_of_another_commune_does_not_exist(
    street: Street, officer: Scope, second: Scope, minh: StaffAccount
) -> None:
    take_note(second, street.note(K.REASON, reason=Reason.REFUSES))
    number = take_note(officer, street.note(K.REASON, reason=Reason.WORKS_AWAY)).note
    with pytest.raises(NotFound):
        settle(scope_for(minh), number, keeps_it=True)


@pytest.mark.parametrize("by", ["number", "spaced", "token"])
def test_a_card_handed_over_works(street: Street, officer: Scope, by: str) -> None:
    number = street.card(street.lan).number
    said = {
        "number": number,
        "spaced": f"{number[:4]} {number[4:8]}-{number[8:]}",
        "token": street.tokens[street.lan.pk],
    }
    take_note(officer, street.note(K.REASON, reason=Reason.NO_PHONE))
    answer = take_note(officer, street.note(K.HAND_OVER, card=said[by]))
    assert answer.outcome == Outcome.DONE
    assert answer.person is not None
    assert (answer.person.resident, answer.person.card, answer.person.reason) == (street.lan.pk, "active", "")
    assert street.card(street.lan).status == CardStatus.ACTIVE


def _refused(street: Street, officer: Scope, card: str) -> str:
    answer = take_note(officer, street.note(K.HAND_OVER, card=card))
    assert answer.outcome == Outcome.REFUSED
    assert street.card(street.lan).status == CardStatus.ISSUED
    return answer.code


def test_a_wrong_card_is_refused_with_its_reason(street: Street, officer: Scope) -> None:
    number, token = street.card(street.lan).number, street.tokens[street.lan.pk]
    swapped = (
        f"{number[1]}{number[0]}{number[2:]}" if number[0] != number[1] else f"{(int(number[0]) + 1) % 10}{number[1:]}"
    )
    free = next(n for n in map(card_number, range(100)) if n not in {number, street.card(street.dung).number})
    assert _refused(street, officer, swapped) == "number_mistyped"
    assert _refused(street, officer, free) == "card_not_here"
    assert _refused(street, officer, street.card(street.dung).number) == "card_of_others"
    assert _refused(street, officer, token[:-1] + str((int(token[-1]) + 1) % 10)) == "card_forged"
    assert street.card(street.dung).status == CardStatus.ISSUED


def test_a_card_of_another_commune_is_not_here(
    street: Street, officer: Scope, commune_b: Division, system: Scope
) -> None:
    stranger = resident_of(commune_b, "Phan Văn Xa")
    card = Card.objects.get(pk=issue_cards(system, [stranger.pk], Form.PAPER)[0].index)
    assert _refused(street, officer, card.number) == "card_not_here"


def test_a_card_is_not_handed_over_twice(street: Street, officer: Scope) -> None:
    number = street.card(street.lan).number
    take_note(officer, street.note(K.HAND_OVER, card=number))
    answer = take_note(officer, street.note(K.HAND_OVER, card=number))
    assert (answer.outcome, answer.code) == (Outcome.REFUSED, "card_not_waiting")


def test_one_note_that_goes_wrong_holds_back_no_other(street: Street, officer: Scope, commune_b: Division) -> None:
    stranger = resident_of(commune_b, "Phan Văn Xa")
    away = street.note(K.REASON, stranger, reason=Reason.MOVED)
    bad = [away, street.note(K.REASON), street.note(K.VISITED, household=stranger.household_id)]
    good = street.note(K.VISITED)
    outcomes = [answer.outcome for answer in take_notes(officer, [*bad, good])]
    assert outcomes == [Outcome.REFUSED] * 3 + [Outcome.DONE]
    assert not MissingReason.objects.exists()


def test_a_note_outside_the_jurisdiction_is_refused_and_not_kept(street: Street, minh: StaffAccount) -> None:
    (answer,) = take_notes(scope_for(minh), [street.note(K.REASON, reason=Reason.MOVED)])
    assert (answer.outcome, answer.code) == (Outcome.REFUSED, "not_found")
    assert not DoorNote.objects.exists()


def test_the_helpers_clock_is_believed_within_three_days(street: Street, officer: Scope) -> None:
    yesterday = now() - timedelta(days=1)
    for at in (yesterday, now() - timedelta(days=30), now() + timedelta(days=1)):
        take_note(officer, street.note(K.VISITED, done_ms=int(at.timestamp() * 1000)))
    days = list(DoorNote.objects.order_by("pk").values_list("on", flat=True))
    assert days == [today() - timedelta(days=1), today(), today()]


def test_the_list_counts_and_leaves_out_who_is_not_here(street: Street, officer: Scope, commune_a: Division) -> None:
    take_note(officer, street.note(K.HAND_OVER, card=street.card(street.lan).number))
    take_note(officer, street.note(K.REASON, street.hoa, reason=Reason.DIED))
    take_note(officer, street.note(K.REASON, street.dung, reason=Reason.REFUSES))
    counts = work_list(officer, street.group.pk).counts
    assert (counts.residents, counts.active, counts.waiting, counts.out, counts.lacking) == (3, 1, 1, 1, 1)
    assert (counts.households, counts.complete, counts.visited) == (2, 1, 2)
    (row,) = groups_of(officer, commune_a.pk)
    assert row.counts == counts
    (done,) = progress_in(officer, commune_a.pk)
    assert (done.helper, done.households, done.reasons, done.cards) == ("Lê Văn Bình", 2, 2, 1)


@pytest.mark.parametrize("reason", [Reason.DIED, Reason.MOVED, Reason.DUPLICATE])
def test_whose_door_said_so_gets_no_card_unasked(street: Street, officer: Scope, reason: Reason) -> None:
    home = street.group.pk
    assert residents_without_card(officer, home) == [street.hoa.pk]
    take_note(officer, street.note(K.REASON, street.hoa, reason=reason))
    assert (residents_without_card(officer, home), gone(officer, [street.hoa.pk])) == ([], {street.hoa.pk})
    take_note(officer, street.note(K.REASON, street.hoa, reason=Reason.WORKS_AWAY))
    assert residents_without_card(officer, home) == [street.hoa.pk]


def test_coverage_rises_with_the_card_handed_over(
    street: Street, officer: Scope, system: Scope, commune_a: Division
) -> None:
    refresh(system)
    before = coverage_of(officer, commune_a.pk).counts.active
    take_note(officer, street.note(K.HAND_OVER, card=street.card(street.lan).number))
    refresh(system)
    assert coverage_of(officer, commune_a.pk).counts.active == before + 1


def test_each_person_shown_is_audited_and_nobody_else(street: Street, officer: Scope, system: Scope) -> None:
    activate_cards(system, [street.card(street.dung).pk])
    shown_page(officer, work_list(officer, street.group.pk), 1, only_lacking=True)
    seen = Entry.objects.filter(action=Permission.OUTREACH_LIST_READ, purpose="card_service")
    assert set(seen.values_list("subject_id", flat=True)) == {street.lan.pk, street.hoa.pk}


def test_a_page_has_at_most_fifty_persons(street: Street, officer: Scope, commune_a: Division) -> None:
    for number in range(60):
        one = resident_of(commune_a, f"Võ Văn Thứ {number}")
        home, _ = Household.objects.get_or_create(
            division=street.group, book_number=f"9{number // 7}", address="20 Tự Đức"
        )
        one.household = home
        one.save()
    listed = work_list(officer, street.group.pk)
    pages = [shown_page(officer, listed, number, only_lacking=False) for number in (1, 2)]
    sizes = [len(list(page.persons)) for page in pages]
    assert pages[0].count == 2
    assert sum(sizes) == 63
    assert max(sizes) <= 50
    assert {door.id for door in pages[0].doors} & {door.id for door in pages[1].doors} == set()


def test_what_is_taken_along_names_only_whom_one_goes_to_and_audits_each(
    street: Street, officer: Scope, system: Scope
) -> None:
    activate_cards(system, [street.card(street.dung).pk])
    along = take_along(officer, street.group.pk, "phone", Occasion.DOORS)
    taken = Entry.objects.filter(action=Permission.OUTREACH_LIST_TAKE)
    assert set(taken.filter(subject="resident").values_list("subject_id", flat=True)) == {street.lan.pk, street.hoa.pk}
    told = {"way": "phone", "reason": "doors", "rows": 2, "sha256": along.sha256}
    assert taken.get(subject="division").detail == told


def test_households_are_walked_by_address_until_somebody_arranges_them(street: Street, officer: Scope) -> None:
    def walked() -> list[str]:
        return [door.address for door in work_list(officer, street.group.pk).doors]

    third = Household.objects.create(division=street.group, book_number="3", address="2 Lý Thái Tổ")
    street.hoa.household = third
    street.hoa.save()
    assert walked() == ["2 Lý Thái Tổ", "12 Lý Thái Tổ", "14 Lý Thái Tổ"]
    move_household(officer, street.group.pk, third.pk, "down")
    assert walked() == ["12 Lý Thái Tổ", "2 Lý Thái Tổ", "14 Lý Thái Tổ"]
    move_household(officer, street.group.pk, third.pk, street.dung.household_id or 0)
    assert walked() == ["12 Lý Thái Tổ", "14 Lý Thái Tổ", "2 Lý Thái Tổ"]
    move_household(officer, street.group.pk, third.pk, 0)
    move_household(officer, street.group.pk, third.pk, "up")
    assert walked() == ["2 Lý Thái Tổ", "12 Lý Thái Tổ", "14 Lý Thái Tổ"]
    move_household(officer, street.group.pk, third.pk, "down")
    order_by_address(officer, street.group.pk)
    assert walked() == ["2 Lý Thái Tổ", "12 Lý Thái Tổ", "14 Lý Thái Tổ"]


def test_a_household_of_elsewhere_cannot_be_moved_here(street: Street, officer: Scope, commune_b: Division) -> None:
    stranger = resident_of(commune_b, "Phan Văn Xa")
    for household, place in ((stranger.household_id, "up"), (street.lan.household_id, stranger.household_id)):
        with pytest.raises(NotFound):
            move_household(officer, street.group.pk, household or 0, place or 0)


def test_helpers_are_those_whose_grants_reach_the_group(
    street: Street, officer: Scope, binh: StaffAccount, minh: StaffAccount
) -> None:
    helper = staff("tam", "Trần Tám", Role.WARD_OFFICER, street.group)
    staff("auditor", "Thanh Tra", Role.AUDITOR, street.group.parent or street.group)
    assert {account.pk for account in helpers_for(officer, street.group.pk)} == {binh.pk, helper.pk}
    assign(officer, street.group.pk, helper.pk)
    assign(officer, street.group.pk, helper.pk)
    with pytest.raises(HelperUnknown):
        assign(officer, street.group.pk, minh.pk)
    (row,) = groups_of(scope_for(helper), street.group.parent_id or 0)
    assert row.is_own
    assert row.helpers == ["Trần Tám"]
    unassign(officer, street.group.pk, helper.pk)
    assert Assignment.objects.get().ended_by_id == officer.actor_id
    with pytest.raises(NotFound):
        unassign(officer, street.group.pk, helper.pk)


def test_those_of_no_household_stand_at_the_end(street: Street, officer: Scope) -> None:
    street.hoa.household = None
    street.hoa.save()
    last = work_list(officer, street.group.pk).doors[-1]
    assert (last.id, [person.id for person in last.persons]) == (0, [street.hoa.pk])
    assert take_note(officer, street.note(K.REASON, street.hoa, household=0, reason=Reason.MOVED)).outcome == "done"


def test_a_card_that_has_expired_is_no_card(street: Street, officer: Scope, system: Scope) -> None:
    card = street.card(street.lan)
    activate_cards(system, [card.pk])
    card.refresh_from_db()
    card.expires_at = now() - timedelta(days=1)
    card.save()
    people = [person for door in work_list(officer, street.group.pk).doors for person in door.persons]
    assert next(person.card for person in people if person.id == street.lan.pk) is CardState.NONE


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"notes": 1}', b'{"notes": [{"kind": "reason"}]}', b"\xff", b"[" * 20000]
)
def test_what_is_no_list_of_notes_is_refused(body: bytes) -> None:
    with pytest.raises(NotesUnreadable):
        notes_in(body)


def test_a_body_of_too_many_notes_is_refused() -> None:
    note = f'{{"key": "{uuid4()}", "kind": "visited", "group": 1}}'
    assert len(notes_in(f'{{"notes": [{",".join([note] * 100)}]}}'.encode())) == 100
    with pytest.raises(NotesUnreadable):
        notes_in(f'{{"notes": [{",".join([note] * 101)}]}}'.encode())
