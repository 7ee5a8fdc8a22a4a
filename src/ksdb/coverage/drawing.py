"""What the pages draw: the map of communes and the line of days, as shapes for SVG. No figures are computed here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from ksdb.coverage.ground import Level
from ksdb.places.outlines import MAPS, path_of, rings

STEPS: Final = (0.5, 0.7, 0.85, 0.95)
"""Where a shade of the map ends: in 2021 a ward at 55 % was low, one at 85 % was told as good, 96 % was the mean."""
SIZE: Final = 1000
"""Units across the map: for the whole province one is about 110 m, twice what the polygons are exact to."""
CHART: Final = (640, 200)
GRID: Final = 4


@dataclass(frozen=True)
class Picture:
    """The outlines of communes by code, and the size of the paper they lie on."""

    width: int
    height: int
    outlines: Mapping[str, str]


@dataclass(frozen=True)
class Line:
    """Two lines over days as points of an SVG: who is in the count, and who of them holds an active card.

    `marks` are the people at the lines of the grid, from the top down to 0.
    """

    counted: str
    active: str
    marks: Sequence[int]
    first: Level
    last: Level


def shade(ratio: float | None) -> int:
    """0 (lowest) to 4 for a share, 5 where there is none."""
    return len(STEPS) + 1 if ratio is None else sum(ratio >= step for step in STEPS)


@lru_cache(64)
def picture(era: date, codes: frozenset[str]) -> Picture | None:
    """The communes of that structure with these codes; None where we have no polygons of it."""
    if era not in MAPS:
        return None
    chosen = {code: found for code, found in rings(era).items() if code in codes}
    points = [point for found in chosen.values() for ring in found for point in ring]
    if not points:
        return None
    west, north = min(x for x, _ in points), min(y for _, y in points)
    width, height = max(x for x, _ in points) - west, max(y for _, y in points) - north
    scale = (SIZE - 20) / max(width, height)
    outlines = {
        code: "".join(path_of([((x - west) * scale + 10, (y - north) * scale + 10) for x, y in ring]) for ring in found)
        for code, found in chosen.items()
    }
    return Picture(round(width * scale) + 20, round(height * scale) + 20, outlines)


def line(levels: Sequence[Level]) -> Line | None:
    """The trend as lines from the first day to the last; None below two days."""
    if len(levels) < 2:
        return None
    marks = _marks(max(max(one.counted, one.active) for one in levels))
    counted, active = (_points(levels, name, marks[0]) for name in ("counted", "active"))
    return Line(counted, active, marks, levels[0], levels[-1])


def _marks(most: float) -> list[int]:
    """Four equal steps that people read with ease, down from a number at least as large."""
    size = 10 ** max(0, len(str(int(most / GRID))) - 1)
    step = next(one for factor in (1, 2, 3, 4, 5, 6, 8, 10) if (one := factor * size) * GRID >= most)
    return [step * i for i in range(GRID, -1, -1)]


def _points(levels: Sequence[Level], name: str, top: int) -> str:
    width, height = CHART
    step = width / (len(levels) - 1)
    return " ".join(f"{i * step:.1f},{height - height * getattr(one, name) / top:.1f}" for i, one in enumerate(levels))
