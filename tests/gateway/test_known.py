"""Cards as arrays: statuses in time, growth, and numbers that no card has."""

import numpy as np
import pytest

from ksdb.core.decision import CardStatus
from ksdb.gateway.known import PACKED, Cards


def packed(*rows: tuple[int, int, int, int]) -> bytes:
    return np.array(list(rows), PACKED).tobytes()


@pytest.mark.parametrize("status", [CardStatus.SUSPENDED, CardStatus.REVOKED, CardStatus.EXPIRED])
def test_an_end_counts_from_its_second_on(status: CardStatus) -> None:
    cards = Cards(8)
    cards.learn(packed((3, 9, status, 1000)))
    assert cards.status_at(3, 999.9) == CardStatus.ACTIVE
    assert cards.status_at(3, 1000) == status


@pytest.mark.parametrize("status", [CardStatus.ISSUED, CardStatus.ACTIVE, CardStatus.ATTENTION])
def test_other_statuses_count_at_any_time(status: CardStatus) -> None:
    cards = Cards(8)
    cards.learn(packed((3, 9, status, 1000)))
    assert cards.status_at(3, 0) == cards.status_at(3, 5000) == status


def test_no_card_is_unknown_and_nobodys() -> None:
    cards = Cards(8)
    for card_index in (None, 0, 7, 8, 2**32 - 1):
        assert cards.status_at(card_index, 0) == CardStatus.UNKNOWN
        assert cards.resident_of(card_index) is None


def test_a_card_beyond_the_capacity_makes_it_grow() -> None:
    cards = Cards(8)
    cards.learn(packed((3, 9, CardStatus.ACTIVE, 1), (40, 10, CardStatus.REVOKED, 2**32 - 1)))
    assert cards.capacity == 64
    assert (cards.resident_of(3), cards.resident_of(40)) == (9, 10)
    assert cards.status_at(40, 2**32 - 2) == CardStatus.ACTIVE
    assert cards.count() == 2


def test_learning_nothing_changes_nothing() -> None:
    cards = Cards(8)
    cards.learn(b"")
    assert cards.count() == 0
