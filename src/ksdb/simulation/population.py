"""Makes the people of given communes, household by household, from a seed and the census."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ksdb.simulation import numbers
from ksdb.simulation.addresses import Households, laid_out
from ksdb.simulation.families import GENERATIONS, HEAD, LARGEST, OTHER, sketches
from ksdb.simulation.names import Names, draw_families, draw_names, family_odds, full_names, inherited
from ksdb.simulation.raking import collective_ages, drawn_sketches
from ksdb.simulation.sizes import sizes_of
from ksdb.simulation.sources import Commune, communes

AS_OF = date(2021, 11, 1)
"""The day on which the ages are those of the census table, unless another is given."""

PROVINCE_TODAY = 1_200_000
PEOPLE_STREAM = 1
YEAR_DAYS = 365.2425
LINES = 4
LINE_GENERATIONS = np.array([0, 0, 1, -1])
"""The generation of the one who brings a line into the household: head, spouse, child-in-law, head's mother."""


@dataclass(frozen=True)
class Population:
    """People as arrays, one element per person, ordered by commune and household, the head first in each.

    `household` is a row of `households`; `relation` indexes RELATIONS; sex 0 is male, 1 female; `born` is a day
    (with `is_year_only` only its year is known); `id_number` and `phone` are ASCII digits, empty when none.
    """

    communes: tuple[Commune, ...]
    households: Households
    household: NDArray[np.int32]
    relation: NDArray[np.int8]
    sex: NDArray[np.int8]
    age: NDArray[np.int16]
    born: NDArray[np.datetime64]
    is_year_only: NDArray[np.bool_]
    id_number: NDArray[np.bytes_]
    phone: NDArray[np.bytes_]
    names: Names

    def __len__(self) -> int:
        return int(self.sex.size)

    @property
    def commune(self) -> NDArray[np.int16]:
        """Index into `communes`, per person."""
        return self.households.commune[self.household]

    def full_names(self, people: slice = slice(None)) -> NDArray[np.object_]:
        part = Names(*(getattr(self.names, field.name)[people] for field in fields(Names)))
        return full_names(part, self.sex[people])


@dataclass(frozen=True)
class _Members:
    """The people of one commune before they have names and numbers."""

    household: NDArray[np.int32]
    age: NDArray[np.int16]
    sex: NDArray[np.int8]
    relation: NDArray[np.int8]
    line: NDArray[np.int8]


def population_of(chosen: Sequence[Commune], *, seed: int, as_of: date = AS_OF, scale: float = 1.0) -> Population:
    """The people of these communes; each commune is the same whichever others are asked for."""
    parts = [_people_of(commune, seed, as_of, scale) for commune in chosen]
    return joined(parts)


def province(*, seed: int, residents: int | None = None, as_of: date = AS_OF) -> Population:
    """All 141 communes; with `residents`, households are multiplied to reach that number exactly."""
    total = sum(commune.people for commune in communes())
    return population_of(communes(), seed=seed, as_of=as_of, scale=(residents or total) / total)


def _people_of(commune: Commune, seed: int, as_of: date, scale: float) -> Population:
    stream = np.random.SeedSequence(seed, spawn_key=(PEOPLE_STREAM, int(commune.code)))
    rng = np.random.Generator(np.random.PCG64(stream))
    members = _members(rng, commune, scale)
    first = np.flatnonzero(members.relation == HEAD).astype(np.int32)
    born = _births(rng, members.age, as_of)
    years = born.astype("datetime64[Y]").astype(np.int64) + 1970
    family = _families(rng, commune, members, years)
    return Population(
        communes=(commune,),
        households=laid_out(rng, first),
        household=members.household,
        relation=members.relation,
        sex=members.sex,
        age=members.age,
        born=born,
        is_year_only=rng.random(born.size) < np.select([members.age >= 75, members.age >= 60], [0.12, 0.03], 0.0),
        id_number=numbers.id_numbers(rng, commune, members.sex, years, members.age),
        phone=numbers.phones(rng, commune, members.age, first[members.household].astype(np.int64)),
        names=draw_names(rng, family, members.sex, years.astype(np.int32), members.household),
    )


def _members(rng: np.random.Generator, commune: Commune, scale: float) -> _Members:
    """All households of the commune in random order."""
    plan = sizes_of(commune, scale)
    blocks = [_ordinary(rng, commune, size, plan.ordinary[size]) for size in range(1, LARGEST + 1)]
    blocks += [_collective(rng, size) for size in plan.collective]
    offsets = np.cumsum([0, *(int(block.household[-1]) + 1 if block.household.size else 0 for block in blocks)])
    place = rng.permutation(int(offsets[-1])).astype(np.int32)
    number = np.concatenate([place[block.household + offset] for block, offset in zip(blocks, offsets, strict=False)])
    order = np.argsort(number, kind="stable")
    columns = (np.concatenate([getattr(block, name) for block in blocks])[order] for name in _COLUMNS)
    return _Members(number[order], *columns)


_COLUMNS = ("age", "sex", "relation", "line")


def _ordinary(rng: np.random.Generator, commune: Commune, size: int, count: int) -> _Members:
    drawn = drawn_sketches(rng, commune.stratum, size, count)
    columns = (getattr(sketches(size), name)[drawn].ravel() for name in _COLUMNS)
    return _Members(np.repeat(np.arange(count, dtype=np.int32), size), *columns)


def _collective(rng: np.random.Generator, size: int) -> _Members:
    """A dormitory, a pagoda or a home: one who answers for it, and people of their own families."""
    groups = collective_ages()
    age = (rng.choice(groups.size, size, p=groups) * 5 + rng.integers(0, 5, size)).astype(np.int16)
    age[0] = rng.integers(30, 60)
    relation = np.full(size, OTHER, dtype=np.int8)
    relation[0] = HEAD
    sex = np.full(size, rng.integers(0, 2), dtype=np.int8)
    return _Members(np.zeros(size, dtype=np.int32), age, sex, relation, np.zeros(size, dtype=np.int8))


def _births(rng: np.random.Generator, age: NDArray[np.int16], as_of: date) -> NDArray[np.datetime64]:
    days = np.ceil((age + rng.random(age.size)) * YEAR_DAYS).astype(np.int64)
    return np.datetime64(as_of, "D") - days


def _families(
    rng: np.random.Generator, commune: Commune, members: _Members, years: NDArray[np.int64]
) -> NDArray[np.int32]:
    """The family word of each person: one draw per line of descent, and one for each who came alone."""
    odds, share = family_odds(commune, rng), _royal_share(commune)
    heads = years[members.relation == HEAD]
    founders = (heads[:, None] + 27 * LINE_GENERATIONS).ravel().astype(np.int32)
    lines = draw_families(rng, odds, founders, share)
    family = lines[members.household * LINES + members.line]
    alone = np.flatnonzero(members.relation == OTHER)
    family[alone] = draw_families(rng, odds, years[alone].astype(np.int32), share)
    return inherited(family, GENERATIONS[members.relation] - LINE_GENERATIONS[members.line])


def _royal_share(commune: Commune) -> float:
    if "A Lưới" in commune.stratum:
        return 0.0003
    return 0.02 if commune.stratum.startswith("Thành phố Huế") else 0.005


def joined(parts: Sequence[Population]) -> Population:
    """One population of several, with rows and commune indices moved along."""
    moved, people, households, places = [], 0, 0, 0
    for part in parts:
        moved.append(_moved(part, people, households, places))
        people, households, places = people + len(part), households + len(part.households), places + len(part.communes)
    columns = {field.name: [getattr(part, field.name) for part in moved] for field in fields(Population)}
    arrays = {name: np.concatenate(values) for name, values in columns.items() if name not in _NESTED}
    return Population(
        communes=tuple(commune for part in parts for commune in part.communes),
        households=Households(**_stacked([part.households for part in moved])),
        names=Names(**_stacked([part.names for part in moved])),
        **arrays,
    )


_NESTED = ("communes", "households", "names")


def _stacked(parts: Sequence[Households] | Sequence[Names]) -> dict[str, Any]:
    return {field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(parts[0])}


def _moved(part: Population, people: int, households: int, places: int) -> Population:
    homes = part.households
    homes = replace(homes, first=homes.first + np.int32(people), commune=homes.commune + np.int16(places))
    return replace(part, households=homes, household=part.household + np.int32(households))
