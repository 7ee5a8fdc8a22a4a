from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.cast import AT, CLAIMS

from ksdb.core.decision import CardStatus, ScanResult, Window, decide
from ksdb.core.token import TokenFault

WINDOW = Window.at(AT, timedelta(days=28), timedelta(minutes=5))


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (CardStatus.UNKNOWN, ScanResult.UNVERIFIED),
        (CardStatus.ISSUED, ScanResult.UNVERIFIED),
        (CardStatus.ACTIVE, ScanResult.ACCEPTED),
        (CardStatus.SUSPENDED, ScanResult.SUSPENDED),
        (CardStatus.REVOKED, ScanResult.REVOKED),
        (CardStatus.EXPIRED, ScanResult.EXPIRED),
        (CardStatus.ATTENTION, ScanResult.ATTENTION),
    ],
)
def test_by_status(status: CardStatus, expected: ScanResult) -> None:
    assert decide(CLAIMS, status, AT, WINDOW) == expected


def test_only_an_active_card_is_plainly_accepted() -> None:
    accepted = [status for status in CardStatus if decide(CLAIMS, status, AT, WINDOW) == ScanResult.ACCEPTED]
    assert accepted == [CardStatus.ACTIVE]


@given(st.sampled_from(TokenFault), st.sampled_from(CardStatus), st.timedeltas())
def test_a_fault_is_the_result_whatever_the_status_and_the_time(
    fault: TokenFault, status: CardStatus, shift: timedelta
) -> None:
    try:
        scanned_at = AT + shift
    except OverflowError:
        return
    result = decide(fault, status, scanned_at, WINDOW)
    assert result.code == fault.value
    assert not result.is_visit


@pytest.mark.parametrize(
    ("shift", "expected"),
    [
        (timedelta(minutes=5), ScanResult.ACCEPTED),
        (timedelta(minutes=5, microseconds=1), ScanResult.FROM_FUTURE),
        (-timedelta(days=28), ScanResult.ACCEPTED),
        (-timedelta(days=28, microseconds=1), ScanResult.TOO_OLD),
    ],
)
def test_the_window_holds_both_its_ends(shift: timedelta, expected: ScanResult) -> None:
    assert decide(CLAIMS, CardStatus.ACTIVE, AT + shift, WINDOW) == expected


def test_visits_and_refusals() -> None:
    visits = {result for result in ScanResult if result.is_visit}
    assert visits == {ScanResult.ACCEPTED, ScanResult.UNVERIFIED, ScanResult.ATTENTION}
