"""A trace's places as a map: circles over the outlines of the communes around them, as shapes for SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from typing import Final, Protocol

from ksdb.places.outlines import MAPS, Ring, flat, path_of, rings

SIZE: Final = 640
EDGE: Final = 30
LEAST_SPAN: Final = 0.02
"""Degrees across the smallest map, about 2 km: a single market still lies somewhere one knows."""
MOST_RADIUS: Final = 26


class Place(Protocol):
    """Where it is, what it is called, and how many contacts were met there."""

    @property
    def name(self) -> str: ...
    @property
    def latitude(self) -> float | None: ...
    @property
    def longitude(self) -> float | None: ...
    @property
    def contacts(self) -> int: ...


@dataclass(frozen=True)
class Circle:
    """One place on the map; its number is its rank in the list beside it."""

    number: int
    name: str
    contacts: int
    x: int
    y: int
    radius: int


@dataclass(frozen=True)
class PlaceMap:
    """The size of the paper, the communes' outlines that reach into it, and the circles, the largest first."""

    width: int
    height: int
    outlines: tuple[str, ...]
    circles: list[Circle]


def map_of(places: Sequence[Place]) -> PlaceMap | None:
    """The places that say where they are, numbered as in the list; None when none does."""
    numbered = [
        (number, one, flat(one.longitude, one.latitude))
        for number, one in enumerate(places, 1)
        if one.longitude is not None and one.latitude is not None
    ]
    if not numbered:
        return None
    west, east = _span([x for _, _, (x, _) in numbered])
    north, south = _span([y for _, _, (_, y) in numbered])
    scale = (SIZE - 2 * EDGE) / max(east - west, south - north)
    width, height = (round(side * scale) + 2 * EDGE for side in (east - west, south - north))
    most = max(one.contacts for _, one, _ in numbered) or 1
    circles = [
        Circle(
            number,
            one.name,
            one.contacts,
            round((x - west) * scale) + EDGE,
            round((y - north) * scale) + EDGE,
            round(5 + (MOST_RADIUS - 5) * sqrt(one.contacts / most)),
        )
        for number, one, (x, y) in numbered
    ]
    frame = (west - EDGE / scale, north - EDGE / scale, east + EDGE / scale, south + EDGE / scale)
    return PlaceMap(width, height, _outlines(frame, scale), circles)


def _span(values: Sequence[float]) -> tuple[float, float]:
    first, last = min(values), max(values)
    missing = max(LEAST_SPAN - (last - first), 0) / 2
    return first - missing, last + missing


@lru_cache(64)
def _outlines(frame: tuple[float, float, float, float], scale: float) -> tuple[str, ...]:
    west, north = frame[:2]
    near = (ring for found in rings(max(MAPS)).values() for ring in found if _reaches(ring, frame))
    moved = ([((x - west) * scale, (y - north) * scale) for x, y in ring] for ring in near)
    return tuple(filter(None, map(path_of, moved)))


def _reaches(ring: Ring, frame: tuple[float, float, float, float]) -> bool:
    """Whether the ring's box and the frame meet."""
    west, north, east, south = frame
    xs, ys = [x for x, _ in ring], [y for _, y in ring]
    return min(xs) < east and max(xs) > west and min(ys) < south and max(ys) > north
