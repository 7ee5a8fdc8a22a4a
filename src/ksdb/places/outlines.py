"""The outlines of communes, from the polygons of the reference files, as rings on a flat map with north upwards."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from itertools import pairwise
from math import cos, radians
from typing import Any, Final

MAPS: Final = {date(2021, 7, 1): "communes_2021-07_141", date(2025, 7, 1): "communes_2025-07_40"}
"""The structures whose communes we have polygons of."""
NARROW: Final = cos(radians(16.4))

Ring = Sequence[tuple[float, float]]


@cache
def rings(era: date) -> Mapping[str, Sequence[Ring]]:
    """The rings of each commune in degrees of latitude, north upwards."""
    path = files("ksdb.places") / "reference" / "geo" / f"{MAPS[era]}.geojson"
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    return {feature["properties"]["code"]: list(_flat(feature["geometry"])) for feature in features}


def flat(longitude: float, latitude: float) -> tuple[float, float]:
    """A place on the same map."""
    return longitude * NARROW, -latitude


def path_of(ring: Ring) -> str:
    """A closed path in whole units, by steps from point to point: neighbours round alike, so no gap opens."""
    points = [(round(x), round(y)) for x, y in ring]
    steps = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points) if a != b]
    moves = "".join(f"{x}{' ' if y >= 0 else ''}{y} " for x, y in steps[:-1])
    return f"M{points[0][0]} {points[0][1]}l{moves.strip()}z" if len(steps) > 2 else ""


def _flat(geometry: Mapping[str, Any]) -> Iterator[Ring]:
    parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return ([flat(*point[:2]) for point in ring] for part in parts for ring in part)
