"""Measured contacts and check-ins: scored as by hand on a few rows, and against what others found in the files."""

from pathlib import Path

import pytest

from ksdb.core.copresence import OverlapRule
from ksdb.simulation.truth.checkins import CheckIn, seen_in
from ksdb.simulation.truth.contacts import Door, Facing, facings, pairs_by, scored, stays_through, together

MEASURED = Path("/work/shared/data/check")
NINE = 9 * 3600


def facing(one: str, other: str, begin: int, steps: int, classes: tuple[str, str] = ("A", "A")) -> list[Facing]:
    return [Facing(begin + 20 * step, one, other, classes) for step in range(steps)]


def test_minutes_add_up_over_a_day() -> None:
    rows = [*facing("1", "2", NINE, 30), *facing("1", "2", NINE + 3600, 15), *facing("1", "2", NINE + 86_400, 3)]
    assert together(rows) == {("1", "2", 0): pytest.approx(15), ("1", "2", 1): pytest.approx(1)}


def test_doors_tell_a_building_from_a_room() -> None:
    rows = [*facing("1", "2", NINE, 3), *facing("3", "4", NINE, 3, ("B", "B"))]
    for place, pairs in (("school", 6), ("class", 2)):
        stays = stays_through(Door(place, with_exits=False), rows, 3600)
        assert len(pairs_by(stays, None)) == pairs


def test_an_exit_ends_what_would_have_overlapped() -> None:
    rows = [*facing("1", "2", NINE, 3), *facing("3", "4", NINE + 600, 3)]
    for with_exits, listed in ((False, 6), (True, 0)):
        stays = stays_through(Door("ward", with_exits), rows, 3600)
        assert len(pairs_by(stays, OverlapRule(900))) == listed


def test_check_ins_count_pairs_by_rule() -> None:
    rows = [
        CheckIn("a", 1, NINE, "Food"),
        CheckIn("b", 1, NINE + 600, "Food"),
        CheckIn("a", 2, NINE + 1200, "Food"),
        CheckIn("c", 1, NINE + 7200, "Food"),
    ]
    seen = seen_in(rows)
    assert (seen.people, seen.venues, seen.within_hour, seen.same_day) == (3, 2, 1, 3)
    half, whole, double = seen.supposed
    assert (whole.overlap_15, whole.overlap_10, whole.cut) == (0, 1, 1)
    assert (half.overlap_15, double.overlap_10) == (0, 1)


@pytest.mark.skipif(not MEASURED.is_dir(), reason="measured contacts are not here")
def test_same_place_same_day_is_as_imprecise_as_others_found() -> None:
    path = MEASURED / "contacts" / "sp_highschool_2012.csv.gz"
    rows = facings(path)
    stays = stays_through(Door("school", with_exits=False), rows, 240 * 60)
    listed, met = pairs_by(stays, None), set(together(rows))
    assert len(listed & met) / len(listed) == pytest.approx(0.052, abs=0.002)


@pytest.mark.skipif(not MEASURED.is_dir(), reason="measured contacts are not here")
def test_hospital_is_scored_by_every_rule_and_share(tmp_path: Path) -> None:
    (tmp_path / "sp_hospital_LH10.csv.gz").symlink_to(MEASURED / "contacts" / "sp_hospital_LH10.csv.gz")
    found = list(scored(tmp_path))
    assert len(found) == 2 * 3 * 5
    entry_only, with_exits = (one for one in found if one.rule == "same-day" and one.share == 0)
    assert entry_only.precision_any == pytest.approx(0.34, abs=0.03)
    # Who works through the night was scanned in the day before.
    assert entry_only.recall < with_exits.recall == 1
