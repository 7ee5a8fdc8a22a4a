"""Sketches of households by size: who lives together, how old they are and who descends from whom."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Ages = NDArray[np.int16]
Codes = NDArray[np.int8]
Chances = NDArray[np.float64]

RELATIONS = ("Chủ hộ", "Vợ", "Chồng", "Con", "Con dâu", "Con rể", "Cháu", "Bố", "Mẹ", "Anh", "Chị", "Em", "Khác")
"""How a person stands to the head of the household, as a ward's list writes it; people hold the index."""

HEAD, WIFE, HUSBAND, CHILD, DAUGHTER_IN_LAW, SON_IN_LAW, GRANDCHILD = range(7)
FATHER, MOTHER, BROTHER, SISTER, YOUNGER, OTHER = range(7, 13)

GENERATIONS = np.array([0, 0, 0, 1, 1, 1, 2, -1, -1, 0, 0, 0, 0], dtype=np.int8)
"""Steps down from the head by relation."""

LARGEST = 10
SKETCHES = 5000
OLDEST = 101

LAYOUTS: dict[int, str] = {
    1: "H 1",
    2: "HS 45, Hc 28, Hp 8, Hb 8, Hg 5",
    3: "HSc 55, Hcc 12, HSp 5, Hcg 4, HSg 5, Hbb 4, Hcd 6, Hcp 4",
    4: "HScc 60, HScp 7, Hccc 6, HScd 6, Hcdg 9, HScg 2, HSgg 2, Hccp 3",
    5: "HSccc 42, HSccp 17, HScdg 14, Hcdgg 9, HSccd 5, HScpp 4, Hcccp 2",
    6: "HScccc 22, HScccp 20, HSccpp 12, HScdgg 20, HSccdg 12, Hcdggg 6, HSccpb 4",
    7: "HSccccc 12, HSccccp 15, HScccpp 14, HSccdgg 24, HScdggg 10, HScccdg 12, HSccppb 4",
    8: "HSccccpp 10, HScccdgg 22, HSccdggg 16, HSccccdg 10, HScccppb 5",
    9: "HSccccdgg 12, HScccdggg 12, HSccccppb 4",
    10: "HSccccdggg 12, HScccdgggb 6",
}
"""Who lives in a household of each size, and how often before raking.

H head, S spouse, c child, d spouse of the eldest child, g grandchild (by that child; without c or d: left by
parents who work elsewhere), p parent of the head, b brother or sister of the head.
"""


@dataclass(frozen=True)
class Sketches:
    """Possible households of one size: arrays of sketches × members, the head first, and a weight per sketch.

    `line` numbers lines of descent within a household: people of one line bear one family name.
    """

    age: Ages
    sex: Codes
    relation: Codes
    line: Codes
    weight: Chances


@dataclass
class _Draft:
    """The columns of one layout while it is filled, member by member."""

    rng: np.random.Generator
    count: int
    members: list[tuple[Ages, Codes, Codes, Codes]]
    weight: Chances

    def add(self, age: Ages, sex: Codes, relation: Codes, line: Codes) -> None:
        self.members.append((age, sex, relation, line))

    def coin(self, chance: float) -> NDArray[np.bool_]:
        return self.rng.random(self.count) < chance

    def gap(self, mean: float, spread: float) -> Ages:
        return np.rint(self.rng.normal(mean, spread, self.count)).astype(np.int16)

    def constant(self, value: int) -> Codes:
        return np.full(self.count, value, dtype=np.int8)


@cache
def sketches(size: int) -> Sketches:
    """The same few thousand sketches in every process; the raking decides how often each is met."""
    rng = np.random.Generator(np.random.PCG64([2021, size]))
    layouts = [entry.split() for entry in LAYOUTS[size].split(",")]
    each = SKETCHES // len(layouts)
    parts = [_filled(rng, layout, each, float(weight)) for layout, weight in layouts]
    return Sketches(*(np.concatenate([getattr(part, name) for part in parts]) for name in Sketches.__annotations__))


def _filled(rng: np.random.Generator, layout: str, count: int, weight: float) -> Sketches:
    """Draws until enough sketches make sense, for some draws make a mother of twelve."""
    kept: list[Sketches] = []
    while sum(part.weight.size for part in kept) < count:
        kept.append(_plausible(_drawn(rng, layout, 4 * count)))
    joined = (np.concatenate([getattr(part, name) for part in kept])[:count] for name in Sketches.__annotations__)
    age, sex, relation, line, weights = joined
    return Sketches(age, sex, relation, line, weights * (weight / weights.sum()))


def _plausible(draft: _Draft) -> Sketches:
    age, sex, relation, line = (np.stack(column, axis=1) for column in zip(*draft.members, strict=True))
    sound = (age >= 0).all(axis=1) & (age < OLDEST).all(axis=1) & (draft.weight > 1e-4)
    return Sketches(age[sound], sex[sound], relation[sound], line[sound], draft.weight[sound])


def _drawn(rng: np.random.Generator, layout: str, count: int) -> _Draft:
    draft = _Draft(rng, count, [], np.ones(count))
    head, spouse_sex = _head(draft, layout)
    mother, line = _spouse(draft, layout, head, spouse_sex)
    children = layout.count("c")
    if children:
        _children(draft, children, (mother, head, line), "d" in layout or "g" in layout)
    if "d" in layout:
        _child_in_law(draft)
    if "g" in layout:
        _grandchildren(draft, layout.count("g"), alone=not children)
    _elders(draft, layout.count("p"))
    for _ in range(layout.count("b")):
        _sibling(draft)
    return draft


def _head(draft: _Draft, layout: str) -> tuple[Ages, Codes]:
    oldest = 76 if "p" in layout else 94
    youngest = 18 if layout in ("H", "Hb", "Hbb") else 22
    age = draft.rng.integers(youngest, oldest, draft.count).astype(np.int16)
    male = draft.coin(0.86 if "S" in layout else 0.3 if "c" in layout or "g" in layout else 0.42)
    sex = np.where(male, 0, 1).astype(np.int8)
    draft.add(age, sex, draft.constant(HEAD), draft.constant(0))
    return age, sex


def _spouse(draft: _Draft, layout: str, head: Ages, sex: Codes) -> tuple[Ages, Codes]:
    """The spouse, if there is one; returns the age of the children's mother and the line of their father."""
    line = sex.copy()
    male = sex == 0
    gap = np.clip(draft.gap(3, 3), -8, 15).astype(np.int16)
    age = np.where(male, head - gap, head + gap).astype(np.int16)
    if "S" in layout:
        draft.weight *= (age >= 18) & (head >= 20)
        relation = np.where(male, WIFE, HUSBAND).astype(np.int8)
        draft.add(age, (1 - sex).astype(np.int8), relation, draft.constant(1))
    return np.where(male, age, head).astype(np.int16), line


def _birth_ages(draft: _Draft, children: int) -> list[Ages]:
    """The mother's age at each birth; at least two years between births, the last before 41."""
    first = 18 + draft.rng.gamma(4.0, 1.9, draft.count)
    births = [first]
    for _ in range(children - 1):
        births.append(births[-1] + 2 + draft.rng.exponential(1.6, draft.count))
    draft.weight *= births[-1] <= 40
    return [birth.astype(np.int16) for birth in births]


def _children(draft: _Draft, children: int, parents: tuple[Ages, Ages, Codes], eldest_married: bool) -> None:
    mother, head, line = parents
    for rank, birth in enumerate(_birth_ages(draft, children)):
        age = (mother - birth).astype(np.int16)
        married = eldest_married and rank == 0
        sex = np.where(draft.coin(0.84 if married else 0.52), 0, 1).astype(np.int8)
        draft.weight *= (head - age >= 18) & (age >= 0)
        draft.weight *= (age >= 21) if married else _at_home(age)
        draft.add(age, sex, draft.constant(CHILD), line)


def _at_home(age: Ages) -> Chances:
    """How likely a single child still lives with the parents."""
    return np.interp(age, [0, 19, 25, 30, 35, 50, 65], [1.0, 1.0, 0.7, 0.4, 0.2, 0.1, 0.02])


def _eldest(draft: _Draft) -> tuple[Ages, Codes, Codes]:
    age, sex, _, line = next(member for member in draft.members if member[2][0] == CHILD)
    return age, sex, line


def _child_in_law(draft: _Draft) -> None:
    age, sex, _ = _eldest(draft)
    gap = np.clip(draft.gap(3, 2.5), -6, 12)
    own = np.where(sex == 0, age - gap, age + gap).astype(np.int16)
    draft.weight *= own >= 19
    relation = np.where(sex == 0, DAUGHTER_IN_LAW, SON_IN_LAW).astype(np.int8)
    draft.add(own, (1 - sex).astype(np.int8), relation, draft.constant(2))


def _grandchildren(draft: _Draft, count: int, *, alone: bool) -> None:
    mother, father, line = _parents_of_grandchildren(draft, alone=alone)
    for birth in _birth_ages(draft, count):
        age = (mother - birth).astype(np.int16)
        sex = np.where(draft.coin(0.52), 0, 1).astype(np.int8)
        draft.weight *= (father - age >= 19) & (age >= 0) & (age <= (17 if alone else 45))
        draft.weight *= _at_home(age)
        draft.add(age, sex, draft.constant(GRANDCHILD), line)


def _parents_of_grandchildren(draft: _Draft, *, alone: bool) -> tuple[Ages, Ages, Codes]:
    """Ages of their mother and father and the line; parents who work elsewhere are imagined."""
    head = draft.members[0]
    if alone:
        mother = (head[0] - np.clip(draft.gap(27, 4), 20, 38)).astype(np.int16)
        return mother, (mother + 3).astype(np.int16), np.where(draft.coin(0.6), head[1], 3).astype(np.int8)
    age, sex, line = _eldest(draft)
    in_law = [member for member in draft.members if member[2][0] in (DAUGHTER_IN_LAW, SON_IN_LAW)]
    partner = in_law[0][0] if in_law else age
    of_father = np.where(sex == 0, line, 2).astype(np.int8)
    return np.where(sex == 0, partner, age).astype(np.int16), np.where(sex == 0, age, partner), of_father


def _elders(draft: _Draft, count: int) -> None:
    head = draft.members[0][0]
    mother = (head + np.clip(draft.gap(26, 5), 18, 40)).astype(np.int16)
    father = (mother + np.clip(draft.gap(3, 3), -4, 12)).astype(np.int16)
    widow = draft.coin(0.82)
    if count == 2:
        draft.add(father, draft.constant(0), draft.constant(FATHER), draft.constant(0))
        widow[:] = True
    if count:
        age = np.where(widow, mother, father).astype(np.int16)
        kind = np.where(widow, MOTHER, FATHER).astype(np.int8)
        draft.add(age, widow.astype(np.int8), kind, np.where(widow, 3, 0).astype(np.int8))


def _sibling(draft: _Draft) -> None:
    head = draft.members[0][0]
    gap = (2 + draft.rng.exponential(3.0, draft.count)).astype(np.int16)
    older = draft.coin(0.25)
    sex = np.where(draft.coin(0.5), 0, 1).astype(np.int8)
    age = np.where(older, head + gap, head - gap).astype(np.int16)
    draft.weight *= (age >= 12) & (gap <= 18)
    relation = np.where(older, np.where(sex == 0, BROTHER, SISTER), YOUNGER).astype(np.int8)
    draft.add(age, sex, relation, draft.constant(0))
