"""The nine communes of thị xã Hương Trà, made once for all tests of the simulation."""

import pytest

from ksdb.simulation.points import Points, points_of
from ksdb.simulation.population import Population, population_of
from ksdb.simulation.routines import Routines, routines_of
from ksdb.simulation.sources import communes_of

SEED = 2021


@pytest.fixture(scope="session")
def huong_tra() -> Population:
    return population_of(communes_of("Thị xã Hương Trà"), seed=SEED)


@pytest.fixture(scope="session")
def points() -> Points:
    return points_of(communes_of("Thị xã Hương Trà"), seed=SEED, count=400)


@pytest.fixture(scope="session")
def routines(huong_tra: Population, points: Points) -> Routines:
    return routines_of(huong_tra, points, seed=SEED)
