from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ksdb.core.clock import day_bounds, day_of, from_ms, now, today
from ksdb.core.errors import KsdbError, NotAllowed
from ksdb.core.scope import PERMISSIONS, Permission, Role, Scope, system_scope


def test_now_is_aware_and_today_is_the_provinces() -> None:
    assert now().utcoffset() == timedelta(0)
    assert today() in {day_of(now()), day_of(now() - timedelta(seconds=5))}
    assert day_of(datetime(2026, 11, 1, 17, 0, tzinfo=UTC)) == date(2026, 11, 2)


@given(st.integers(600_000_000_000, 4_000_000_000_000).map(from_ms))
def test_every_instant_lies_in_its_day(at: datetime) -> None:
    start, end = day_bounds(day_of(at))
    assert start <= at < end
    assert end - start == timedelta(days=1)


def test_milliseconds() -> None:
    assert from_ms(1_700_000_000_123) == datetime(2023, 11, 14, 22, 13, 20, 123000, tzinfo=UTC)
    with pytest.raises((OverflowError, ValueError)):
        from_ms(2**60)


def test_permissions_are_in_order_and_well_formed() -> None:
    values = [permission.value for permission in Permission]
    assert values == sorted(values)
    assert all(value.count(":") == 2 for value in values)


def test_every_role_has_permissions_and_every_permission_a_role() -> None:
    assert set(PERMISSIONS) == set(Role)
    assert frozenset().union(*PERMISSIONS.values()) == set(Permission)


def test_a_scope_without_grants_allows_nothing() -> None:
    nobody = Scope(actor_id=1)
    for permission in Permission:
        assert not nobody.allows(permission)
        with pytest.raises(NotAllowed):
            nobody.outer(permission)


def test_the_system_is_everywhere() -> None:
    assert system_scope().outer(Permission.CARDS_CARD_ISSUE) is None


def test_a_grant_says_where() -> None:
    scope = Scope(1, {Permission.CARDS_CARD_ISSUE: frozenset({9, 3})})
    assert scope.outer(Permission.CARDS_CARD_ISSUE) == [3, 9]
    with pytest.raises(NotAllowed):
        scope.require(Permission.CARDS_CARD_REVOKE)


def test_an_error_is_a_sentence() -> None:
    assert KsdbError.sentence().endswith(".")
    assert "\n" not in NotAllowed.sentence()
