"""Searches that are stored, merges that lose nothing, and undoing that restores exactly."""

from typing import Any

import pytest
from django.forms.models import model_to_dict
from tests.conftest import resident_of, scope_for
from tests.duplicates.conftest import born, card_of

from ksdb.access.models import StaffAccount
from ksdb.audit.models import Entry
from ksdb.cards.models import Card
from ksdb.cards.queries import cards_of
from ksdb.core.errors import NotAllowed, NotFound
from ksdb.core.scope import Purpose, Scope
from ksdb.duplicates.actions import NotOfThisPair, PairDecided, merge, search_pairs, tell_apart, undo
from ksdb.duplicates.models import Merge, Pair, Search
from ksdb.duplicates.queries import pair_sheet, pairs, queue
from ksdb.places.models import Division
from ksdb.registry.models import Resident
from ksdb.registry.queries import identities_of, person_of, residents_named
from ksdb.registry.searching import ResidentSearch

pytestmark = pytest.mark.django_db
Twins = tuple[Resident, Resident]


def names(scope: Scope, words: str) -> list[int]:
    return [one.pk for one in residents_named(scope, ResidentSearch(words), Purpose.CARD_SERVICE).residents]


def rows(*residents: Resident) -> list[dict[str, Any]]:
    return [model_to_dict(Resident.objects.get(pk=one.pk)) for one in residents]


def test_a_search_finds_and_explains_and_stores_once(system: Scope, lans: Twins, hoas: Twins) -> None:
    search = search_pairs(system, is_whole=True)
    assert search is not None
    assert (search.people_count, search.pair_count) == (4, 2)
    found = {(pair.first_id, pair.second_id): pair.reasons.split() for pair in Pair.objects.all()}
    assert found[lans[0].pk, lans[1].pk][:2] == ["no_marks", "same_birth"]
    assert found[hoas[0].pk, hoas[1].pk][:2] == ["tone_placement", "same_birth"]
    search_pairs(system, is_whole=True)
    assert Pair.objects.count() == 2


def test_new_records_are_compared_with_all(system: Scope, lans: Twins, commune_a: Division) -> None:
    search_pairs(system, is_whole=True)
    assert search_pairs(system, is_whole=False) is None, "nothing is new"
    third = born(resident_of(commune_a, "Nguyễn Lan Thị"))
    search = search_pairs(system, is_whole=False)
    assert search is not None
    assert (search.fresh_count, search.is_whole) == (1, False)
    assert Pair.objects.filter(second=third).count() == 2


def test_a_corrected_record_takes_its_pair_out_of_the_queue(system: Scope, pair: Pair, lans: Twins) -> None:
    Resident.objects.filter(pk=lans[1].pk).update(birth_year=1990, born_on="1990-01-01")
    search_pairs(system, is_whole=True)
    assert not Pair.objects.exists()


def test_what_changed_is_compared_before_the_night(system: Scope, pair: Pair, lans: Twins) -> None:
    """A correction ends a pair that waits, and makes a new one, in the next search of what is new."""
    other = born(resident_of(lans[0].division, "Lê Thị Hoa"))
    search_pairs(system, is_whole=False)
    Resident.objects.filter(pk=lans[1].pk).update(full_name="Lê Thị Hòa", search_key="le thi hoa")
    search = search_pairs(system, is_whole=False)
    assert search is not None
    assert (search.fresh_count, search.is_whole) == (1, False)
    assert [(one.first_id, one.second_id) for one in pairs(system)] == [(lans[1].pk, other.pk)]
    assert search_pairs(system, is_whole=False) is None, "nothing changed since"


def test_what_says_nothing_of_who_it_is_is_not_compared(system: Scope, pair: Pair, lans: Twins) -> None:
    Resident.objects.filter(pk=lans[1].pk).update(relation="Con", phone_sealed=b"anew", full_name=lans[1].full_name)
    assert search_pairs(system, is_whole=False) is None


def test_only_the_system_searches(binh: StaffAccount) -> None:
    with pytest.raises(NotAllowed):
        search_pairs(scope_for(binh), is_whole=True)


def test_merging_loses_nothing_and_undoing_restores_exactly(binh: StaffAccount, pair: Pair, lans: Twins) -> None:
    scope = scope_for(binh)
    first, second = lans
    for index, one in enumerate(lans, 1):
        card_of(one, index)
    cards = list(Card.objects.order_by("index").values())
    before = rows(*lans)
    merge(scope, pair.pk, first.pk)
    assert names(scope, "lan") == [first.pk]
    assert identities_of(scope, [second.pk]) == [first.pk, second.pk]
    assert person_of(scope, second.pk) == first.pk
    assert list(Card.objects.order_by("index").values()) == cards, "both cards stay as they are"
    assert {card.resident_id for card in cards_of(scope, first.pk).cards} == {first.pk, second.pk}
    undo(scope, pair.pk)
    assert rows(*lans) == before
    assert sorted(names(scope, "lan")) == [one.pk for one in lans]
    assert identities_of(scope, [second.pk]) == [second.pk]
    kept = Merge.objects.get()
    assert (kept.merged_by_id, kept.undone_by_id, kept.survivor_id) == (binh.pk, binh.pk, first.pk)


def test_what_was_decided_is_in_the_trail(binh: StaffAccount, pair: Pair, lans: Twins) -> None:
    scope = scope_for(binh)
    merge(scope, pair.pk, lans[1].pk)
    undo(scope, pair.pk)
    tell_apart(scope, pair.pk)
    written = Entry.objects.filter(action__startswith="duplicates:pair:").order_by("id")
    assert [entry.action for entry in written] == [
        f"duplicates:pair:{act}" for act in ("merge", "undo", "differ") for _ in lans
    ]
    assert {entry.subject_id for entry in written} == {one.pk for one in lans}
    assert {entry.actor_id for entry in written} == {binh.pk}


def test_two_persons_stay_two_persons(system: Scope, binh: StaffAccount, pair: Pair) -> None:
    scope = scope_for(binh)
    tell_apart(scope, pair.pk)
    search_pairs(system, is_whole=True)
    assert not pairs(scope).exists()
    assert Pair.objects.get().status == "different"
    with pytest.raises(PairDecided):
        merge(scope, pair.pk, pair.first_id)
    undo(scope, pair.pk)
    assert pairs(scope).count() == 1


def three(system: Scope, lans: Twins, commune: Division) -> tuple[Resident, dict[tuple[int, int], int]]:
    third = born(resident_of(commune, "NGUYỄN THỊ LAN"))
    search_pairs(system, is_whole=True)
    return third, {(pair.first_id, pair.second_id): pair.pk for pair in Pair.objects.all()}


def test_three_records_of_one_person(system: Scope, binh: StaffAccount, lans: Twins, commune_a: Division) -> None:
    scope = scope_for(binh)
    first, second = lans
    third, found = three(system, lans, commune_a)
    merge(scope, found[first.pk, second.pk], first.pk)
    assert [pair.pk for pair in pairs(scope)] == [found[first.pk, third.pk]], "a merged record waits in no pair"
    merge(scope, found[first.pk, third.pk], third.pk)
    assert person_of(scope, second.pk) == third.pk
    assert identities_of(scope, [first.pk]) == [third.pk, first.pk, second.pk]
    undo(scope, found[first.pk, third.pk])
    assert person_of(scope, second.pk) == first.pk
    assert person_of(scope, third.pk) == third.pk


def test_merges_can_be_undone_in_any_order(system: Scope, binh: StaffAccount, lans: Twins, commune_a: Division) -> None:
    scope = scope_for(binh)
    first, second = lans
    third, found = three(system, lans, commune_a)
    before = rows(first, second, third)
    merge(scope, found[first.pk, second.pk], first.pk)
    merge(scope, found[first.pk, third.pk], third.pk)
    undo(scope, found[first.pk, second.pk])
    assert person_of(scope, second.pk) == second.pk
    assert person_of(scope, first.pk) == third.pk
    undo(scope, found[first.pk, third.pk])
    assert rows(first, second, third) == before


def test_a_pair_of_two_communes_is_for_whoever_covers_both(
    system: Scope, hoas: Twins, binh: StaffAccount, minh: StaffAccount, hanh: StaffAccount
) -> None:
    search_pairs(system, is_whole=True)
    pair = Pair.objects.get()
    for account in (binh, minh):
        assert not pairs(scope_for(account)).exists()
        for read in (pair_sheet, tell_apart, undo):
            with pytest.raises(NotFound):
                read(scope_for(account), pair.pk)
        with pytest.raises(NotFound):
            merge(scope_for(account), pair.pk, pair.first_id)
    assert not Merge.objects.exists()
    merge(scope_for(hanh), pair.pk, pair.first_id)
    assert person_of(scope_for(binh), pair.second_id) == pair.first_id


def test_a_record_of_another_pair_is_no_survivor(binh: StaffAccount, pair: Pair, hoas: Twins) -> None:
    with pytest.raises(NotOfThisPair):
        merge(scope_for(binh), pair.pk, hoas[0].pk)


def test_everybody_on_the_queue_is_audited(binh: StaffAccount, pair: Pair, lans: Twins) -> None:
    queue(scope_for(binh))
    read = Entry.objects.filter(action="duplicates:queue:read", purpose="correction")
    assert sorted(entry.subject_id for entry in read) == sorted(one.pk for one in lans)


def test_the_search_is_remembered(system: Scope, pair: Pair) -> None:
    search = Search.objects.get()
    assert search.newest_resident_id == pair.second_id
    assert search.finished_at >= search.started_at
