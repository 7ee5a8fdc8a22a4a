"""Holds traces of simulated cases against what truly happened: recall and precision by rule and share not scanned."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ksdb.simulation.truth.outbreak import Infections, World
from ksdb.simulation.truth.proximity import Lived
from ksdb.simulation.truth.rules import COUNTINGS, Counting, index_of
from ksdb.tracing.presence.index import Index
from ksdb.tracing.presence.segment import DAY_MS, Ints

SHARES = (0.0, 0.1, 0.2, 0.4, 0.6)
NEAR_MINUTES = 15
CASES_AN_OUTBREAK = 10
SECOND_CASES = 1
"""Of each outbreak so many cases are traced to the second generation: a list of thousands each."""
KEPT = {1: 100, 2: 2000}
"""So many of each generation, longest together first: a day's calls of a ward's team, and what a trace keeps (071)."""
LATER_DAYS = 7
"""The second generation is looked for until a week after the case was infectious."""
DRAWS = 400
UNSCANNED_STREAM = 7

Set = NDArray[np.int32]


@dataclass(frozen=True)
class Case:
    """Somebody infectious on days `[first, last)`, whom he infected outside of home, and whom these infected there."""

    outbreak: int
    resident: int
    days: tuple[int, int]
    infected: Set
    at_home: int
    infected_next: Set


@dataclass(frozen=True)
class Counts:
    """Of one case: how long the list is, and how many of the infected and of those near are on it."""

    outbreak: int
    listed: int
    infected: int
    infected_found: int
    near: int
    near_found: int
    scanned: bool


@dataclass(frozen=True)
class Score:
    """Sums over cases. Recall of infections comes with the middle 95 of 100 draws of whole outbreaks.

    `kept` is how many of the list count, longest together first; 0 for all. `listed` is a median.
    """

    counting: Counting
    share: float
    generation: int
    kept: int
    cases: int
    listed: float
    recall: float
    low: float
    high: float
    recall_scanned: float
    near_recall: float
    precision: float


@dataclass
class Nearness:
    """Who was near whom for at least NEAR_MINUTES on a day: for each day offsets by resident, and the others."""

    offsets: list[NDArray[np.int64]]
    others: list[Set]

    def of(self, residents: Set, day: int) -> Set:
        offsets, others = self.offsets[day], self.others[day]
        parts = [others[offsets[one] : offsets[one + 1]] for one in residents.tolist()]
        return np.unique(np.concatenate(parts)) if parts else others[:0]


def nearness(days: Sequence[Lived], people: int) -> Nearness:
    found = Nearness([], [])
    for day in days:
        long = day.minutes >= NEAR_MINUTES
        one = np.concatenate([day.low[long], day.high[long]])
        other = np.concatenate([day.high[long], day.low[long]])
        order = np.argsort(one, kind="stable")
        found.offsets.append(np.searchsorted(one[order], np.arange(people + 1)))
        found.others.append(other[order])
    return found


def cases_of(infections: Infections, days: int, seed: int) -> list[Case]:
    """Of each outbreak some cases at random, all of whose infectious days are known, and of those they infected too."""
    rng = np.random.default_rng(seed)
    cases: list[Case] = []
    for outbreak in np.unique(infections["outbreak"]):
        rows = infections[infections["outbreak"] == outbreak]
        outside = rows[~rows["is_at_home"] & (rows["source"] >= 0)]
        whole = rows[(rows["recovered_day"] <= days) & (rows["infectious_day"] < rows["recovered_day"])]
        for row in rng.permutation(whole)[:CASES_AN_OUTBREAK]:
            infected = outside["target"][outside["source"] == row["target"]]
            week_later = outside["day"] < row["recovered_day"] + LATER_DAYS
            following = outside["target"][np.isin(outside["source"], infected) & week_later]
            at_home = int(np.sum(rows["is_at_home"] & (rows["source"] == row["target"])))
            span = (int(row["infectious_day"]), int(row["recovered_day"]))
            cases.append(Case(int(outbreak), int(row["target"]), span, infected, at_home, following))
    return cases


def scores(
    world: World, cases: Sequence[Case], usual: Ints, seed: int, done: Callable[[int, int], None] = lambda *_: None
) -> list[Score]:
    """Every rule with every share of people who are never scanned. The same people at every rule."""
    truth, found = Truth(nearness(world.days, world.people), len(world.days)), []
    first, second = truth.of_first(cases), truth.of_second(cases)
    lot = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(UNSCANNED_STREAM,))))
    luck = lot.random(world.people)
    for n, (share, counting) in enumerate((share, counting) for share in SHARES for counting in COUNTINGS):
        scanned = luck >= share
        trial = Trial(index_of(world.days, usual, scanned, counting), counting, scanned, len(world.days))
        # Whom those met who were at one place on one day is everybody, and takes minutes to say.
        following = [] if counting.window >= DAY_MS else trial.seconds(second)
        for generation, lists in ((1, trial.firsts(first)), (2, following)):
            counts = list(lists)
            if not counts:
                continue
            for which, kept in enumerate((0, KEPT[generation])):
                found.append(_score([both[which] for both in counts], (counting, share, generation, kept), seed))
        done(n + 1, len(SHARES) * len(COUNTINGS))
    return found


@dataclass(frozen=True)
class Truth:
    """Who was near the cases, and near those who were: the same for every rule."""

    near: Nearness
    days: int

    def of_first(self, cases: Sequence[Case]) -> list[tuple[Case, Set]]:
        return [
            (case, np.unique(np.concatenate([self._near(case.resident, day) for day in range(*case.days)])))
            for case in cases
        ]

    def of_second(self, cases: Sequence[Case]) -> list[tuple[Case, Set]]:
        """Of each outbreak the first cases whose second generation holds infections outside of home."""
        taken: dict[int, int] = {}
        found = []
        for case in cases:
            if case.infected_next.size and taken.get(case.outbreak, 0) < SECOND_CASES:
                taken[case.outbreak] = taken.get(case.outbreak, 0) + 1
                found.append((case, self._near_next(case)))
        return found

    def _near(self, resident: int, day: int) -> Set:
        return self.near.of(np.array([resident]), day)

    def _near_next(self, case: Case) -> Set:
        """Whoever was near somebody who had been near the case, from that day on; the day is as exact as this is."""
        first, second = np.zeros(0, np.int32), np.zeros(0, np.int32)
        for day in range(case.days[0], end_of(case, self.days)):
            if day < case.days[1]:
                first = np.union1d(first, self._near(case.resident, day)).astype(np.int32)
            second = np.union1d(second, self.near.of(first, day)).astype(np.int32)
        return np.setdiff1d(second, np.append(first, case.resident))


def end_of(case: Case, days: int) -> int:
    """The day on which the second generation ends."""
    return min(days, case.days[1] + LATER_DAYS)


@dataclass(frozen=True)
class Trial:
    """One rule and one share of people not scanned."""

    index: Index
    counting: Counting
    scanned: NDArray[np.bool_]
    days: int

    def firsts(self, cases: Sequence[tuple[Case, Set]]) -> Iterator[tuple[Counts, Counts]]:
        """Of each case the whole list, and its beginning. Who is never scanned has none."""
        for case, near in cases:
            residents, _, together = self._listed(case)
            yield self._counts(case, (residents, together, KEPT[1]), case.infected, near)

    def seconds(self, cases: Sequence[tuple[Case, Set]]) -> Iterator[tuple[Counts, Counts]]:
        """The second generation alone."""
        return (self._second(case, near) for case, near in cases)

    def _second(self, case: Case, near: Set) -> tuple[Counts, Counts]:
        first, at, _ = self._listed(case)
        listed, together = first[:0], at[:0]
        if first.size:
            end = self.index.base + end_of(case, self.days) * DAY_MS
            spans = np.stack([at, np.full(at.size, end)], axis=1)
            asked = self.index.asked(first, spans, self.counting.rule)
            known = np.append(first, case.resident).astype(np.int32)
            found = self.index.second(asked, known)
            listed, together = found.residents.astype(np.int32), found.together[found.residents]
        infected = np.setdiff1d(case.infected_next, first)
        return self._counts(case, (listed, together, KEPT[2]), infected, near)

    def _listed(self, case: Case) -> tuple[Set, NDArray[np.int64], NDArray[np.int64]]:
        """Contacts, when each was first met, and how long they were together."""
        begin, end = (self.index.base + day * DAY_MS for day in case.days)
        asked = self.index.asked(np.array([case.resident], np.int32), [(begin, end)], self.counting.rule)
        met = self.index.meetings(asked)
        residents, place = np.unique(met.who, return_inverse=True)
        at = np.full(residents.size, np.iinfo(np.int64).max)
        np.minimum.at(at, place, met.started)
        together = np.bincount(place, met.ended - met.started, residents.size).astype(np.int64)
        return residents.astype(np.int32), at, together

    def _counts(
        self, case: Case, found: tuple[Set, NDArray[np.int64], int], infected: Set, near: Set
    ) -> tuple[Counts, Counts]:
        residents, together, kept = found
        longest = residents[np.lexsort((residents, -together))[:kept]]
        whole, beginning = (
            Counts(
                case.outbreak,
                listed.size,
                infected.size,
                int(np.isin(infected, listed).sum()),
                near.size,
                int(np.isin(near, listed).sum()),
                bool(self.scanned[case.resident]),
            )
            for listed in (residents, longest)
        )
        return whole, beginning


def _score(counts: Sequence[Counts], of: tuple[Counting, float, int, int], seed: int) -> Score:
    table = np.array([[c.listed, c.infected, c.infected_found, c.near, c.near_found] for c in counts], np.float64)
    table = table.reshape(-1, 5)
    listed, infected, found, near, near_found = table.sum(axis=0)
    is_scanned = np.array([c.scanned for c in counts], np.bool_)
    low, high = _middle(table, np.array([c.outbreak for c in counts]), seed)
    return Score(
        *of,
        len(counts),
        float(np.median(table[is_scanned, 0])) if is_scanned.any() else 0.0,
        _ratio(found, infected),
        low,
        high,
        _ratio(table[is_scanned, 2].sum(), table[is_scanned, 1].sum()),
        _ratio(near_found, near),
        _ratio(near_found, listed),
    )


def _middle(table: NDArray[np.float64], outbreak: NDArray[np.int64], seed: int) -> tuple[float, float]:
    """The recall of infections, drawing whole outbreaks with replacement: cases of one are not independent."""
    if not outbreak.size:
        return 0.0, 0.0
    _, place = np.unique(outbreak, return_inverse=True)
    infected, found = np.bincount(place, table[:, 1]), np.bincount(place, table[:, 2])
    drawn = np.random.default_rng(seed).integers(0, infected.size, (DRAWS, infected.size))
    recalls = found[drawn].sum(axis=1) / np.maximum(infected[drawn].sum(axis=1), 1)
    low, high = np.percentile(recalls, [2.5, 97.5])
    return float(low), float(high)


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else 0.0
