"""What the pages draw: the map of communes and the line of days, as shapes for SVG. No figures are computed here."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise
from math import cos, radians
from typing import Any, Final

from ksdb.coverage.ground import Level

MAPS: Final = {date(2021, 7, 1): "communes_2021-07_141", date(2025, 7, 1): "communes_2025-07_40"}
"""The structures whose communes we have polygons of."""
STEPS: Final = (0.5, 0.7, 0.85, 0.95)
"""Where a shade of the map ends: in 2021 a ward at 55 % was low, one at 85 % was told as good, 96 % was the mean."""
SIZE: Final = 1000
"""Units across the map: for the whole province one is about 110 m, twice what the polygons are exact to."""
CHART: Final = (640, 200)

Ring = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Picture:
    """The outlines of communes by code, and the size of the paper they lie on."""

    width: int
    height: int
    outlines: Mapping[str, str]


@dataclass(frozen=True)
class Line:
    """Two lines over days as points of an SVG: who is in the count, and who of them holds an active card."""

    counted: str
    active: str
    top: int
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
    rings = {code: found for code, found in _rings(era).items() if code in codes}
    points = [point for found in rings.values() for ring in found for point in ring]
    if not points:
        return None
    west, north = min(x for x, _ in points), min(y for _, y in points)
    width, height = max(x for x, _ in points) - west, max(y for _, y in points) - north
    scale = (SIZE - 20) / max(width, height)
    outlines = {
        code: "".join(_path([((x - west) * scale + 10, (y - north) * scale + 10) for x, y in ring]) for ring in found)
        for code, found in rings.items()
    }
    return Picture(round(width * scale) + 20, round(height * scale) + 20, outlines)


@cache
def _rings(era: date) -> Mapping[str, Sequence[Ring]]:
    """The rings of each commune in degrees of latitude, north upwards."""
    path = files("ksdb.places") / "reference" / "geo" / f"{MAPS[era]}.geojson"
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    return {feature["properties"]["code"]: list(_flat(feature["geometry"])) for feature in features}


def _flat(geometry: Mapping[str, Any]) -> Iterator[Ring]:
    parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    narrow = cos(radians(16.4))
    return ([(point[0] * narrow, -point[1]) for point in ring] for part in parts for ring in part)


def _path(ring: Ring) -> str:
    """A closed path in whole units, by steps from point to point: neighbours round alike, so no gap opens."""
    points = [(round(x), round(y)) for x, y in ring]
    steps = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points) if a != b]
    moves = "".join(f"{x}{' ' if y >= 0 else ''}{y} " for x, y in steps[:-1])
    return f"M{points[0][0]} {points[0][1]}l{moves.strip()}z" if len(steps) > 2 else ""


def line(levels: Sequence[Level]) -> Line | None:
    """The trend as lines from the first day to the last; None below two days."""
    if len(levels) < 2:
        return None
    top = max(1, *(int(max(one.counted, one.active)) for one in levels))
    return Line(_points(levels, "counted", top), _points(levels, "active", top), top, levels[0], levels[-1])


def _points(levels: Sequence[Level], name: str, top: int) -> str:
    width, height = CHART
    step = width / (len(levels) - 1)
    return " ".join(f"{i * step:.1f},{height - height * getattr(one, name) / top:.1f}" for i, one in enumerate(levels))
