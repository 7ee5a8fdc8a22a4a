"""The drawing of an infectious period: everything lies on the paper, in order, and stays are seen however short."""

from datetime import date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ksdb.core.clock import ZONE
from ksdb.tracing.period import is_isolated_before_onset
from ksdb.tracing.timeline import FIRST_ROW, LEAST_WIDTH, MOST_TICKS, ROW_HEIGHT, timeline_of

ON = date(2026, 11, 10)


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=ZONE)


def test_onset_sampling_and_isolation_have_rows_of_their_own() -> None:
    drawn = timeline_of((at(8), at(12)), ON, date(2026, 11, 11), at(12, 9), [(at(9, 8), at(9, 8, 1))])
    assert [(mark.kind, mark.y) for mark in drawn.events] == [
        ("onset", FIRST_ROW),
        ("sampling", FIRST_ROW + ROW_HEIGHT),
        ("isolation", FIRST_ROW + 2 * ROW_HEIGHT),
    ]
    places = [mark.x for mark in drawn.events]
    assert places == sorted(places)
    ((x, width),) = drawn.stays
    assert width == LEAST_WIDTH  # a minute in four days is still seen
    assert drawn.band_x < x < drawn.band_x + drawn.band_width
    assert [mark.at for mark in drawn.ticks] == [at(day) for day in (8, 9, 10, 11, 12)]


@given(before=st.integers(0, 40), after=st.integers(0, 40), sampled=st.integers(-40, 40), isolated=st.integers(-40, 40))
def test_all_marks_lie_on_the_paper(before: int, after: int, sampled: int, isolated: int) -> None:
    period = at(10) - timedelta(days=before), at(11) + timedelta(days=after)
    drawn = timeline_of(period, ON, ON + timedelta(days=sampled), at(10) + timedelta(days=isolated))
    assert all(0 <= mark.x <= 100 for mark in [*drawn.events, *drawn.ticks])
    assert 0 <= drawn.band_x <= drawn.band_x + drawn.band_width <= 100.01
    assert len(drawn.ticks) <= MOST_TICKS + 1


def test_isolation_on_the_day_of_the_onset_is_no_slip() -> None:
    assert not is_isolated_before_onset(ON, at(10, 1))
    assert is_isolated_before_onset(ON, at(9, 23))
    assert not is_isolated_before_onset(None, at(1))
    assert not is_isolated_before_onset(ON, None)
