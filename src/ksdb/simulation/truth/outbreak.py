"""Outbreaks over true proximity: starsim spreads an infection day by day and says who infected whom, and where."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ksdb.core.errors import KsdbError
from ksdb.simulation.truth.proximity import Lived

PER_HOUR = 0.04
"""Chance by the hour of being infected by somebody infectious who is near."""
AT_HOME_PER_DAY = 0.05
"""By the day in one household: about a quarter of the others in five days, as studies of households in 2020 had it."""
EXPOSED_DAYS, EXPOSED_SPREAD = 3.0, 1.0
INFECTIOUS_DAYS, INFECTIOUS_SPREAD = 5.0, 2.0
BROUGHT_IN = 5
"""People who come home infected on the first day."""

INFECTION = np.dtype(
    [
        ("outbreak", np.int32), ("source", np.int32), ("target", np.int32), ("day", np.int32),
        ("is_at_home", np.bool_), ("infectious_day", np.int32), ("recovered_day", np.int32),
    ]
)  # fmt: skip
"""Source -1 was brought in. Infectious from the beginning of one day until the beginning of the other."""

Infections = NDArray[np.void]
Home = tuple[NDArray[np.int32], NDArray[np.int32]]


class StarsimMissing(KsdbError):
    """Outbreaks are simulated by starsim, which is not installed. Run `pip install "ksdb[truth]"` and try again."""

    code = "starsim_missing"


@dataclass(frozen=True)
class World:
    """How many people there are, what they lived day by day, and who lives with whom."""

    people: int
    days: Sequence[Lived]
    home: Home


def outbreaks(world: World, count: int, seed: int, done: Callable[[int], None] = lambda _: None) -> Infections:
    """The infections of so many outbreaks, each on its own in a town where nobody is immune. A second or less each."""
    starsim = _starsim()
    edges = _edges(starsim, world)
    parts = []
    for outbreak in range(count):
        parts.append(_outbreak(starsim, edges, world, (outbreak, seed)))
        done(outbreak + 1)
    return np.concatenate(parts) if parts else np.zeros(0, INFECTION)


def _starsim() -> Any:
    os.environ.setdefault("STARSIM_INSTALL_FONTS", "0")  # it would fetch fonts from elsewhere
    try:
        import starsim
    except ImportError as error:
        raise StarsimMissing from error
    return starsim


def _edges(starsim: Any, world: World) -> list[list[tuple[Any, Any, Any]]]:
    """Of each day and kind of network (points, homes) the two ends and the chance of infection."""
    chance = [1 - np.exp(-PER_HOUR / 60 * day.minutes) for day in world.days]
    low, high = (starsim.uids(side.astype(np.int64)) for side in world.home)
    at_home = (low, high, np.full(low.size, AT_HOME_PER_DAY, np.float32))
    at_points = [
        (starsim.uids(day.low.astype(np.int64)), starsim.uids(day.high.astype(np.int64)), p.astype(np.float32))
        for day, p in zip(world.days, chance, strict=True)
    ]
    return [at_points, [at_home] * len(world.days)]


def _network(starsim: Any, name: str, days: list[tuple[Any, Any, Any]]) -> Any:
    """A network of starsim that has other edges each day, with the chance of the day on each."""

    class Days(starsim.Network):  # type: ignore[misc]
        def step(self) -> None:
            self.edges.p1, self.edges.p2, self.edges.beta = days[self.ti % len(days)]

        def net_beta(self, disease_beta: Any = None, inds: Any = None, disease: Any = None) -> Any:  # noqa: ARG002
            return self.edges.beta if inds is None else self.edges.beta[inds]

    return Days(name=name)


def _outbreak(
    starsim: Any, edges: list[list[tuple[Any, Any, Any]]], world: World, number: tuple[int, int]
) -> Infections:
    outbreak, seed = number
    disease = starsim.SEIR(
        beta=1.0,
        init_prev=starsim.choose_n(BROUGHT_IN),
        dur_exp=starsim.lognorm_ex(mean=starsim.days(EXPOSED_DAYS), std=starsim.days(EXPOSED_SPREAD)),
        dur_inf=starsim.lognorm_ex(mean=starsim.days(INFECTIOUS_DAYS), std=starsim.days(INFECTIOUS_SPREAD)),
        p_death=0,
    )
    sim = starsim.Sim(
        n_agents=world.people,
        start="2021-11-01",
        dt=starsim.days(1),
        dur=starsim.days(len(world.days) - 1),
        diseases=disease,
        networks=[_network(starsim, name, days) for name, days in zip(("points", "homes"), edges, strict=True)],
        analyzers="infection_log",
        rand_seed=seed * 1000 + outbreak,
        verbose=0,
    )
    sim.run()
    return _infections(sim, outbreak)


def _infections(sim: Any, outbreak: int) -> Infections:
    log, disease = sim.analyzers[0].to_df(), sim.diseases[0]
    target = log["target"].to_numpy(dtype=np.int64)
    rows = np.zeros(target.size, INFECTION)
    rows["outbreak"], rows["target"] = outbreak, target
    rows["source"] = log["source"].fillna(-1).to_numpy(dtype=np.int64)
    rows["is_at_home"] = log["network"].fillna("").to_numpy(dtype=str) == "homes" if "network" in log else False
    rows["day"] = np.asarray(disease.ti_exposed.raw)[target]
    rows["infectious_day"] = np.ceil(np.asarray(disease.ti_infectious.raw)[target])
    rows["recovered_day"] = np.ceil(np.asarray(disease.ti_recovered.raw)[target])
    return rows[np.lexsort((rows["target"], rows["day"]))]
