"""Scan points: enough of each kind, in their commune, open at sensible hours."""

import numpy as np

from ksdb.simulation.points import KIND_INDEX, KINDS, Points, outlines, points_of
from ksdb.simulation.sources import communes, communes_of


def test_as_many_as_asked_for(points: Points) -> None:
    assert len(points) == 400
    assert len(points_of(communes(), seed=1, count=5000)) == 5000


def test_every_commune_has_its_market_office_clinic_and_schools(points: Points) -> None:
    for place, commune in enumerate(points.communes):
        here = points.commune == place
        kinds = np.bincount(points.kind[here], minlength=len(KINDS))
        assert all(kinds[KIND_INDEX[code]] >= 1 for code in ("market", "office", "clinic"))
        assert kinds[KIND_INDEX["school"]] >= 3
        assert f"Chợ {commune.short_name}" in points.name[here]


def test_no_name_twice_in_a_commune(points: Points) -> None:
    for place in range(len(points.communes)):
        names = points.name[points.commune == place]
        assert np.unique(names.astype(str)).size == names.size


def test_hours_are_within_a_day(points: Points) -> None:
    assert points.opens.min() >= 0
    assert points.closes.max() <= 1440
    assert (points.closes - points.opens >= 240).all()
    assert (points.stay > 0).all()


def test_points_lie_in_the_box_of_their_commune(points: Points) -> None:
    for place, commune in enumerate(points.communes):
        low, high, _ = outlines()[commune.code]
        here = points.commune == place
        assert (points.lon[here] >= low[0] - 1e-6).all()
        assert (points.lon[here] <= high[0] + 1e-6).all()
        assert (points.lat[here] >= low[1] - 1e-6).all()
        assert (points.lat[here] <= high[1] + 1e-6).all()


def test_popularity_has_a_heavy_tail(points: Points) -> None:
    ordered = np.sort(points.popularity)[::-1]
    assert ordered[: len(points) // 10].sum() > 0.3 * ordered.sum()


def test_few_points_are_sensitive() -> None:
    everywhere = points_of(communes(), seed=1, count=20_000)
    assert 3 <= everywhere.is_sensitive.sum() <= 60


def test_the_same_seed_makes_the_same_points(points: Points) -> None:
    again = points_of(communes_of("Thị xã Hương Trà"), seed=2021, count=400)
    assert again.name.tolist() == points.name.tolist()
    assert again.lat.tobytes() == points.lat.tobytes()
