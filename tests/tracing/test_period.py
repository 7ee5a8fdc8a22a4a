"""The infectious period, to the minute."""

from datetime import UTC, date, datetime, timedelta

import pytest

from ksdb.tracing.period import CaseFacts, Days, PeriodEmpty, infectious_period

WHO = Days(2, 13)
LATE = datetime(2022, 1, 1, tzinfo=UTC)
MIDNIGHT_30_OCT = datetime(2021, 10, 29, 17, tzinfo=UTC)


def facts(onset: date | None, sampled: date, isolated: datetime | None = None) -> CaseFacts:
    return CaseFacts("covid-19", onset, sampled, isolated)


def test_two_civil_days_before_onset_until_isolation() -> None:
    isolated = datetime(2021, 11, 3, 2, 30, tzinfo=UTC)
    period = infectious_period(WHO, facts(date(2021, 11, 1), date(2021, 11, 2), isolated), LATE)
    assert period == (MIDNIGHT_30_OCT, isolated)


def test_without_symptoms_sampling_counts() -> None:
    start, _ = infectious_period(WHO, facts(None, date(2021, 11, 1)), LATE)
    assert start == MIDNIGHT_30_OCT


def test_a_sample_before_any_symptom_counts_too() -> None:
    start, end = infectious_period(WHO, facts(date(2021, 11, 4), date(2021, 11, 1)), LATE)
    assert start == MIDNIGHT_30_OCT
    assert end == datetime(2021, 11, 17, 17, tzinfo=UTC)


def test_never_isolated_ends_with_the_last_day() -> None:
    _, end = infectious_period(WHO, facts(date(2021, 11, 1), date(2021, 11, 2)), LATE)
    assert end == datetime(2021, 11, 14, 17, tzinfo=UTC)


def test_isolation_after_the_last_day_changes_nothing() -> None:
    _, end = infectious_period(WHO, facts(date(2021, 11, 1), date(2021, 11, 2), LATE - timedelta(days=1)), LATE)
    assert end == datetime(2021, 11, 14, 17, tzinfo=UTC)


def test_not_later_than_now() -> None:
    at = datetime(2021, 11, 2, 1, 2, 3, tzinfo=UTC)
    assert infectious_period(WHO, facts(date(2021, 11, 1), date(2021, 11, 2)), at)[1] == at


@pytest.mark.parametrize("isolated", [MIDNIGHT_30_OCT, MIDNIGHT_30_OCT - timedelta(days=3)])
def test_isolation_before_it_begins_leaves_nothing(isolated: datetime) -> None:
    with pytest.raises(PeriodEmpty):
        infectious_period(WHO, facts(date(2021, 11, 1), date(2021, 11, 2), isolated), LATE)
