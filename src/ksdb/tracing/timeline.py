"""The infectious period of a case as a drawing: where on a line of days each thing stands, in per cent of its width."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from ksdb.core.clock import day_bounds, day_of
from ksdb.tracing.exposures import Period

ROW_HEIGHT = 26
FIRST_ROW = 84
MOST_TICKS = 6
LEAST_WIDTH = 0.3
"""Of a stay, in per cent: a quarter of an hour in two weeks is still seen."""


@dataclass(frozen=True)
class Mark:
    """A day or a moment on the line; its words stand right of it, or left where there is more room."""

    kind: str
    at: datetime
    x: float
    y: int = 0

    @property
    def is_left(self) -> bool:
        return self.x > 55


@dataclass(frozen=True)
class Timeline:
    """What the drawing shows: the band, ticks at midnights, a row for each event, and stays as (from, width)."""

    band_x: float
    band_width: float
    ticks: list[Mark]
    events: list[Mark]
    stays: list[tuple[float, float]] = field(default_factory=list)

    @property
    def height(self) -> int:
        return FIRST_ROW + ROW_HEIGHT * (len(self.events) - 1) + 16


def timeline_of(
    period: Period,
    onset_on: date | None,
    sampled_on: date,
    isolated_at: datetime | None,
    stays: Sequence[Period] = (),
) -> Timeline:
    """The drawing of a period with its events, onset and sampling at their midday, and the case's stays within it."""
    moments = [("onset", _midday(onset_on))] if onset_on else []
    moments.append(("sampling", _midday(sampled_on)))
    if isolated_at:
        moments.append(("isolation", isolated_at))
    first = min([period[0], *(at for _, at in moments)]) - timedelta(hours=12)
    last = max([period[1], *(at for _, at in moments)]) + timedelta(hours=12)

    def place(at: datetime) -> float:
        return round(100 * (at - first) / (last - first), 2)

    events = [Mark(kind, at, place(at), FIRST_ROW + ROW_HEIGHT * row) for row, (kind, at) in enumerate(moments)]
    ticks = [Mark("day", at, place(at)) for at in _midnights(first, last)]
    band = place(period[0]), round(place(period[1]) - place(period[0]), 2)
    drawn = [(place(one[0]), max(round(place(one[1]) - place(one[0]), 2), LEAST_WIDTH)) for one in stays]
    return Timeline(*band, ticks, events, drawn)


def _midday(on: date) -> datetime:
    return day_bounds(on)[0] + timedelta(hours=12)


def _midnights(first: datetime, last: datetime) -> Iterator[datetime]:
    """Some of the midnights between, as many as can be labelled on a phone."""
    days = (last - first).days + 1
    step = max(1, -(-days // MOST_TICKS))
    on = day_of(first) + timedelta(days=1)
    while (at := day_bounds(on)[0]) < last:
        yield at
        on += timedelta(days=step)
