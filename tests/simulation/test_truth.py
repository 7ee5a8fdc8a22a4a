"""Outbreaks over a hamlet, traced and scored: the figures are those of counting by hand."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ksdb.cli.truth import make_outbreaks, write_scores
from ksdb.core.copresence import OverlapRule, copresences
from ksdb.core.stay import LONGEST_STAY, Scan, Stay, stays_of
from ksdb.simulation.movement import MINUTE
from ksdb.simulation.sources import communes
from ksdb.simulation.truth.keeping import Asked, Outbreaks, OutbreaksStale, keep, kept, world_of
from ksdb.simulation.truth.outbreak import INFECTION, World
from ksdb.simulation.truth.plot import of
from ksdb.simulation.truth.rules import COUNTINGS, index_of
from ksdb.simulation.truth.scoring import Case, cases_of, scores
from ksdb.tracing.presence.segment import DAY_MS

DAYS = 16
SMALLEST = min(communes(), key=lambda commune: commune.people)
ASKED = Asked(seed=7, days=DAYS, count=2, codes=(SMALLEST.code,))


@pytest.fixture(scope="module")
def hamlet() -> tuple[World, NDArray[np.int32]]:
    world, usual, _ = world_of(ASKED)
    return world, usual


@pytest.fixture(scope="module")
def outbreaks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("truth") / "outbreaks.npz"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what starsim and its libraries warn of is theirs
        make_outbreaks(ASKED, path)
    return path


def test_infections_happen_between_people_who_were_near(outbreaks: Path, hamlet: tuple[World, object]) -> None:
    made, world = kept(outbreaks), hamlet[0]
    assert made.asked == ASKED
    home = set(zip(*(side.tolist() for side in world.home), strict=True))
    caught = made.infections[made.infections["source"] >= 0]
    assert caught.size > 20
    for one in caught:
        pair = (min(one["source"], one["target"]), max(one["source"], one["target"]))
        day = world.days[one["day"]]
        near = bool(((day.low == pair[0]) & (day.high == pair[1])).any())
        assert (pair in home) if one["is_at_home"] else near
        (source,) = made.infections[
            (made.infections["outbreak"] == one["outbreak"]) & (made.infections["target"] == one["source"])
        ]
        assert source["infectious_day"] <= one["day"] < source["recovered_day"]


def test_lists_are_those_of_core(hamlet: tuple[World, NDArray[np.int32]]) -> None:
    world, usual = hamlet
    scanned = np.random.default_rng(3).random(world.people) >= 0.2
    index = index_of(world.days[:3], usual, scanned, COUNTINGS[0])
    stays = {one: _stays(world, usual, one) for one in np.flatnonzero(scanned).tolist()[:80]}
    people = np.array(sorted(stays), np.int32)
    asked = index.asked(people, [(index.base, index.base + 3 * DAY_MS)] * people.size, COUNTINGS[0].rule)
    met = index.meetings(asked)
    found = {(int(asked.who[s]), int(w), int(t)) for s, w, t in zip(met.stay, met.who, met.started, strict=True)}
    rule, ever = OverlapRule(15 * MINUTE), (index.base, index.base + 3 * DAY_MS)
    expected = {
        (one, other, c.started)
        for one in stays
        for other in stays
        if one != other
        for c in copresences(stays[one], stays[other], ever, rule)
    }
    assert {row for row in found if row[1] in stays} == expected
    assert expected


def _stays(world: World, usual: NDArray[np.int32], resident: int) -> list[Stay]:
    scans = []
    for day in world.days[:3]:
        for stay in day.stays[day.stays["resident"] == resident]:
            scans.append(Scan(int(stay["arrived"]), int(stay["point"])))
            if stay["is_exit_scanned"]:
                scans.append(Scan(int(stay["departed"]), int(stay["point"]), is_exit=True))
    longest = int(LONGEST_STAY.total_seconds()) * 1000
    return stays_of(sorted(scans, key=lambda scan: scan.at), lambda point: int(usual[point]), longest)


@pytest.mark.parametrize("number", [2, 3])
def test_windows_find_scans_close_in_time(hamlet: tuple[World, NDArray[np.int32]], number: int) -> None:
    world, usual = hamlet
    counting, everybody = COUNTINGS[number], np.ones(world.people, np.bool_)
    day = world.days[0]
    index = index_of([day], usual, everybody, counting)
    case = int(np.bincount(day.stays["resident"]).argmax())
    asked = index.asked(np.array([case], np.int32), [(index.base, index.base + DAY_MS)], counting.rule)
    met = index.meetings(asked)
    out = day.stays[day.stays["is_exit_scanned"]]
    at = np.concatenate([day.stays["arrived"], out["departed"]])
    both = np.concatenate([day.stays, out])
    mine = both["resident"] == case
    expected = {
        int(who)
        for point, moment in zip(both["point"][mine], at[mine], strict=True)
        for who in both["resident"][(both["point"] == point) & (np.abs(at - moment) < counting.window) & ~mine]
    }
    assert set(met.who.tolist()) == expected
    assert expected


def test_scores_count_who_was_found() -> None:
    world, usual, _ = world_of(Asked(7, 3, 0, (SMALLEST.code,)))
    near = world.days[1]
    case = int(near.low[near.minutes > 60][0])
    infected = near.high[(near.low == case) & (near.minutes > 60)]
    cases = [Case(0, case, (1, 2), infected, 0, np.zeros(0, np.int32))]
    found = scores(world, cases, usual, 1)
    rules = {(one.counting.name, one.share): one for one in found if one.generation == 1 and not one.kept}
    assert rules["same-day", 0.0].recall == 1
    assert rules["same-day", 0.0].near_recall == 1
    assert rules["overlap-15", 0.0].listed <= rules["overlap-10", 0.0].listed <= rules["same-day", 0.0].listed
    assert rules["overlap-15", 0.6].recall <= rules["overlap-15", 0.0].recall
    assert of(found, "same-day", kept=True)[0].listed <= 100


def test_cases_know_whom_they_infected() -> None:
    rows = np.zeros(5, INFECTION)
    rows["source"], rows["target"] = [-1, 1, 1, 2, 2], [1, 2, 3, 4, 5]
    rows["day"], rows["infectious_day"], rows["recovered_day"] = [0, 2, 3, 5, 16], [1, 4, 5, 7, 18], [4, 9, 9, 11, 22]
    rows["is_at_home"][2] = True
    (case,) = [one for one in cases_of(rows, 10, 1) if one.resident == 1]
    assert (case.days, case.infected.tolist(), case.at_home) == ((1, 4), [2], 1)
    assert case.infected_next.tolist() == [4]


def test_page_and_picture_are_written(outbreaks: Path, tmp_path: Path) -> None:
    page = tmp_path / "quality.md"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # matplotlib's own
        write_scores(outbreaks, None, page)
    text = page.read_text()
    assert text.count("| `overlap-15` |") >= 10
    assert "Seed 7, 2 outbreaks" in text
    assert "{" not in text
    assert "were not there" in text
    assert "people never scanned" in page.with_suffix(".svg").read_text()


def test_outbreaks_of_another_town_are_refused(outbreaks: Path, tmp_path: Path) -> None:
    made = kept(outbreaks)
    keep(tmp_path / "old.npz", Outbreaks(made.asked, made.infections, "0" * 64))
    with pytest.raises(OutbreaksStale):
        write_scores(tmp_path / "old.npz", None, tmp_path / "page.md")
