"""Movement: as many visits as wanted, in opening hours, by people who cannot be in two places."""

from datetime import date

import numpy as np
import pytest
from numpy.typing import NDArray

from ksdb.simulation.movement import MINUTE, TRAVEL_MINIMUM, TRAVEL_PER_KM, visits, visits_of_day
from ksdb.simulation.points import KIND_INDEX
from ksdb.simulation.population import AS_OF, Population
from ksdb.simulation.routines import Routines

DAY = 24 * 60 * MINUTE
BUSY = 3.0
MONDAY, SATURDAY = 0, 5


@pytest.fixture(scope="module")
def monday(routines: Routines) -> NDArray[np.void]:
    return visits_of_day(routines, MONDAY, visits_per_person_day=BUSY)


def by_resident(scans: NDArray[np.void]) -> NDArray[np.void]:
    return scans[np.lexsort((scans["scanned_at"], scans["resident"]))]


def local_ms(scans: NDArray[np.void]) -> NDArray[np.int64]:
    return (scans["scanned_at"] + 7 * 60 * MINUTE) % DAY


def test_fourteen_days_make_the_visits_wanted(routines: Routines) -> None:
    people = routines.activity.size
    made = sum(
        int((~day["is_exit"]).sum()) for day in visits(routines, 14, visits_per_person_day=230_000 / 14 / people)
    )
    assert made == pytest.approx(230_000, rel=0.03)


def test_a_busy_day_makes_the_visits_wanted(routines: Routines, monday: NDArray[np.void]) -> None:
    assert (~monday["is_exit"]).sum() == pytest.approx(BUSY * routines.activity.size, rel=0.04)


def test_the_day_is_the_local_day_and_in_order(monday: NDArray[np.void]) -> None:
    assert date(2021, 11, 1) == AS_OF
    midnight = np.datetime64("2021-10-31T17:00:00.000", "ms").astype(np.int64)
    assert (np.diff(monday["scanned_at"]) >= 0).all()
    assert monday["scanned_at"][0] >= midnight
    assert monday["scanned_at"][-1] < midnight + DAY


def test_nobody_scans_where_it_is_closed(routines: Routines, monday: NDArray[np.void]) -> None:
    minutes = local_ms(monday) / MINUTE
    assert (minutes >= routines.points.opens[monday["point"]]).all()
    assert (minutes < routines.points.closes[monday["point"]]).all()


def test_nobody_is_in_two_places(routines: Routines, monday: NDArray[np.void]) -> None:
    """From one scan to the next elsewhere there is time to travel."""
    scans = by_resident(monday)
    before, after = scans[:-1], scans[1:]
    moved = (before["resident"] == after["resident"]) & ~after["is_exit"]
    km = np.hypot(
        routines.x[before["point"]] - routines.x[after["point"]],
        routines.y[before["point"]] - routines.y[after["point"]],
    )
    spare = (after["scanned_at"] - before["scanned_at"])[moved] - (TRAVEL_MINIMUM + km[moved] * TRAVEL_PER_KM)
    assert spare.min() >= -1


def test_an_exit_follows_its_entry(monday: NDArray[np.void]) -> None:
    scans = by_resident(monday)
    exits = np.flatnonzero(scans["is_exit"])
    entry, leaving = scans[exits - 1], scans[exits]
    assert (entry["resident"] == leaving["resident"]).all()
    assert (entry["point"] == leaving["point"]).all()
    assert not entry["is_exit"].any()
    assert (leaving["scanned_at"] - entry["scanned_at"] >= MINUTE).all()
    assert 0.15 <= exits.size / (scans.size - exits.size) <= 0.20


def test_a_day_alone_is_the_day_in_the_row(routines: Routines) -> None:
    in_a_row = list(visits(routines, 3, visits_per_person_day=0.3))
    alone = visits_of_day(routines, 2, visits_per_person_day=0.3)
    assert alone.tobytes() == in_a_row[2].tobytes()
    assert alone.tobytes() != in_a_row[1].tobytes()


def test_elders_go_less_and_workers_most(huong_tra: Population, monday: NDArray[np.void]) -> None:
    made = np.bincount(monday["resident"][~monday["is_exit"]], minlength=len(huong_tra))
    assert made[huong_tra.age >= 80].mean() < made[(huong_tra.age >= 65) & (huong_tra.age < 80)].mean()
    assert made[(huong_tra.age >= 65)].mean() < made[(huong_tra.age >= 25) & (huong_tra.age < 60)].mean()


def test_pupils_go_to_the_same_school_of_their_age_each_weekday(
    routines: Routines, huong_tra: Population, monday: NDArray[np.void]
) -> None:
    tuesday = visits_of_day(routines, 1, visits_per_person_day=BUSY)
    schools = [_school_of(routines, huong_tra, day) for day in (monday, tuesday)]
    both = sorted(schools[0].keys() & schools[1].keys())
    assert len(both) > 1000
    assert np.mean([schools[0][pupil] == schools[1][pupil] for pupil in both]) > 0.9


def _school_of(routines: Routines, people: Population, day: NDArray[np.void]) -> dict[int, int]:
    is_school = routines.points.kind[day["point"]] == KIND_INDEX["school"]
    of_age = (people.age[day["resident"]] >= 6) & (people.age[day["resident"]] < 15)
    chosen = day[is_school & of_age]
    return dict(zip(chosen["resident"].tolist(), chosen["point"].tolist(), strict=True))


def test_schools_are_quiet_on_saturday(routines: Routines, monday: NDArray[np.void]) -> None:
    saturday = visits_of_day(routines, SATURDAY, visits_per_person_day=BUSY)
    schools = [(routines.points.kind[day["point"]] == KIND_INDEX["school"]).sum() for day in (monday, saturday)]
    assert schools[1] < schools[0] / 5


def test_most_trips_stay_in_the_home_commune(routines: Routines, monday: NDArray[np.void]) -> None:
    home = routines.home[monday["resident"]] == routines.points.commune[monday["point"]]
    assert 0.55 < home.mean() < 0.85
