"""Makes the scan points of given communes: what they are, where, when they are open and how much they are visited."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ksdb.simulation.point_names import Namer
from ksdb.simulation.sizes import scaled
from ksdb.simulation.sources import Commune

Place = NDArray[np.float64]

POINT_STREAM = 2
SENSITIVE_SHARE = 0.002
URBAN_FACTOR = 1.5
"""Towns have more shops and cafés for each thousand people than villages."""


@dataclass(frozen=True)
class PointKind:
    """What kind of place it is; minutes are of the day, `stay` how long people usually stay, `pull` how many come."""

    code: str
    share: float
    opens: int
    closes: int
    stay: int
    pull: float
    rural: float = 1.0


KINDS = (
    PointKind("market", 0.022, 300, 1080, 25, 8.0, 1.6),
    PointKind("supermarket", 0.010, 450, 1290, 25, 5.0, 0.3),
    PointKind("shop", 0.300, 390, 1260, 15, 1.5, 1.2),
    PointKind("restaurant", 0.140, 330, 1290, 40, 2.0, 0.8),
    PointKind("cafe", 0.160, 345, 1320, 45, 2.2, 1.0),
    PointKind("school", 0.035, 375, 1080, 240, 14.0, 1.3),
    PointKind("hospital", 0.002, 0, 1440, 75, 12.0, 0.3),
    PointKind("clinic", 0.022, 405, 1200, 35, 2.5, 1.2),
    PointKind("pharmacy", 0.050, 390, 1290, 10, 1.5, 0.8),
    PointKind("office", 0.040, 420, 1020, 40, 3.0, 1.6),
    PointKind("workplace", 0.120, 390, 1140, 240, 3.5, 0.8),
    PointKind("factory", 0.018, 345, 1320, 240, 8.0, 0.8),
    PointKind("pagoda", 0.033, 300, 1230, 50, 1.5, 1.4),
    PointKind("bus_station", 0.004, 270, 1260, 15, 6.0, 0.6),
    PointKind("hotel", 0.026, 0, 1440, 300, 1.0, 0.2),
    PointKind("bank", 0.018, 435, 1020, 25, 2.5, 0.7),
)
KIND_INDEX = {kind.code: index for index, kind in enumerate(KINDS)}
EVERYWHERE = ("office", "market", "clinic", "school", "school", "school")
"""Every commune has these, however few points are asked for."""

OPEN_ALWAYS = 1440


@dataclass(frozen=True)
class Points:
    """Scan points, one element per point, ordered by commune.

    `commune` indexes `communes`, `kind` indexes KINDS, `popularity` is a share of visits (any unit), `opens`,
    `closes` and `stay` are minutes, `lat` and `lon` degrees (WGS 84).
    """

    communes: tuple[Commune, ...]
    commune: NDArray[np.int16]
    kind: NDArray[np.int8]
    name: NDArray[np.object_]
    popularity: NDArray[np.float32]
    opens: NDArray[np.int16]
    closes: NDArray[np.int16]
    stay: NDArray[np.int16]
    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    is_sensitive: NDArray[np.bool_]

    def __len__(self) -> int:
        return int(self.kind.size)


def points_of(chosen: Sequence[Commune], *, seed: int, count: int) -> Points:
    """`count` points: the six every commune has, and the others shared out by people."""
    weights = [commune.people * (URBAN_FACTOR if commune.is_urban else 1.0) for commune in chosen]
    shares = scaled_weights(weights, max(0, count - len(EVERYWHERE) * len(chosen)))
    parts = [
        _points_of(commune, place, seed, share)
        for place, (commune, share) in enumerate(zip(chosen, shares, strict=True))
    ]
    columns = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts])
        for field in fields(Points)
        if field.name != "communes"
    }
    return Points(communes=tuple(chosen), **columns)


def scaled_weights(weights: Sequence[float], count: int) -> list[int]:
    """Whole numbers in proportion to the weights that add up to `count`."""
    whole = [round(weight) for weight in weights]
    return scaled(whole, count / sum(whole))


def _points_of(commune: Commune, place: int, seed: int, count: int) -> Points:
    stream = np.random.SeedSequence(seed, spawn_key=(POINT_STREAM, int(commune.code)))
    rng = np.random.Generator(np.random.PCG64(stream))
    kind = _kinds(rng, commune, count)
    sensitive = (rng.random(kind.size) < SENSITIVE_SHARE * 8) & (kind == KIND_INDEX["clinic"])
    sensitive |= (rng.random(kind.size) < SENSITIVE_SHARE * 2) & (kind == KIND_INDEX["office"])
    sensitive[: len(EVERYWHERE)] = False
    opens, closes = _hours(rng, kind)
    lat, lon = _spread(rng, commune, kind.size)
    return Points(
        communes=(commune,),
        commune=np.full(kind.size, place, dtype=np.int16),
        kind=kind,
        name=_names(rng, commune, kind, sensitive),
        popularity=_popularity(rng, kind),
        opens=opens,
        closes=closes,
        stay=np.array([KINDS[each].stay for each in kind], dtype=np.int16),
        lat=lat,
        lon=lon,
        is_sensitive=sensitive,
    )


def _kinds(rng: np.random.Generator, commune: Commune, count: int) -> NDArray[np.int8]:
    """What every commune has, and `count` others."""
    shares = np.array([kind.share * (1.0 if commune.is_urban else kind.rural) for kind in KINDS])
    must = [KIND_INDEX[code] for code in EVERYWHERE]
    free = rng.choice(len(KINDS), count, p=shares / shares.sum())
    return np.concatenate([must, np.sort(free)]).astype(np.int8)


def _hours(rng: np.random.Generator, kind: NDArray[np.int8]) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    opens = np.array([KINDS[each].opens for each in kind])
    closes = np.array([KINDS[each].closes for each in kind])
    always = closes - opens >= OPEN_ALWAYS
    shift = np.where(always, 0, rng.integers(-2, 3, (2, kind.size)) * 15)
    return (opens + shift[0]).astype(np.int16), (closes + shift[1]).astype(np.int16)


def _popularity(rng: np.random.Generator, kind: NDArray[np.int8]) -> NDArray[np.float32]:
    """Zipf within the commune and kind: the first market has most of the visits."""
    pull = np.array([KINDS[each].pull for each in kind])
    rank = np.array([np.count_nonzero(kind[:place] == each) + 1 for place, each in enumerate(kind)])
    return (pull / rank**0.6 * rng.lognormal(0.0, 0.45, kind.size)).astype(np.float32)


def _names(
    rng: np.random.Generator, commune: Commune, kind: NDArray[np.int8], sensitive: NDArray[np.bool_]
) -> NDArray[np.object_]:
    namer = Namer(rng, commune)
    pairs = zip(kind, sensitive, strict=True)
    return np.array([namer.sensitive_name() if hush else namer.name(KINDS[each].code) for each, hush in pairs], object)


def _spread(rng: np.random.Generator, commune: Commune, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Places around the middle of the commune, inside the box around it."""
    low, high, middle = outlines()[commune.code]
    drawn = rng.normal(middle, (high - low) * 0.16, (count, 2))
    placed = np.clip(drawn, low, high).round(6)
    return placed[:, 1], placed[:, 0]


@cache
def outlines() -> dict[str, tuple[Place, Place, Place]]:
    """By commune code: the corners of the box around it and its centroid, as (lon, lat)."""
    source = files("ksdb.places").joinpath("reference", "geo", "communes_2021-07_141.geojson")
    features = json.loads(source.read_text(encoding="utf-8"))["features"]
    return {feature["properties"]["code"]: _outline(feature["geometry"]) for feature in features}


def _outline(geometry: dict[str, Any]) -> tuple[Place, Place, Place]:
    parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    ring = np.array(max((part[0] for part in parts), key=len), dtype=np.float64)
    return ring.min(axis=0), ring.max(axis=0), _centroid(ring)


def _centroid(ring: Place) -> Place:
    start, end = ring[:-1] - ring[0], ring[1:] - ring[0]
    cross = start[:, 0] * end[:, 1] - end[:, 0] * start[:, 1]
    middle: Place = ((start + end) * cross[:, None]).sum(axis=0) / (3 * cross.sum()) + ring[0]
    return middle
