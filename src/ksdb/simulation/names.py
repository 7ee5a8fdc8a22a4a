"""Draws Vietnamese names by sex and year of birth from real counts, with the names that are Huế's own."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ksdb.simulation.numbers import rank_within
from ksdb.simulation.sources import Commune, rows

Indices = NDArray[np.int32]
Weights = NDArray[np.float64]
Words = NDArray[np.object_]

COHORTS = (1965, 1990)
"""First birth years of the second and third of three cohorts, which name their children differently."""

CLAN = (("Tôn Thất", "Tôn Nữ"),)
LINEAGES = (
    ("Ưng", "Công Tôn Nữ"),
    ("Bửu", "Công Tằng Tôn Nữ"),
    ("Vĩnh", "Công Huyền Tôn Nữ"),
    ("Bảo", "Lai Huyền Tôn Nữ"),
    ("Quý", "Tôn Nữ"),
)
"""The imperial clan gives each generation its own word, for sons and for daughters, in this order."""

LINEAGE_STARTS = (1915, 1944, 1972, 2000)
SEXES = ("male", "female")
RARE_COUNT = 25
REDRAWS = 3
"""Nobody is called after a brother or a parent; after so many redraws it is rare enough."""

FEWEST = 10
"""A family name seen less often in the list is mostly a slip of the pen."""


@dataclass(frozen=True)
class NameTables:
    """The words names are made of; people hold indices into them. Sex 0 is male, 1 female."""

    family: tuple[Words, Words]
    family_weight: Weights
    highland_weight: Weights
    middle: Words
    given: Words
    last_of_middle: Indices
    middle_odds: Weights
    given_odds: Weights
    clan: int

    @property
    def lineage(self) -> int:
        """The first index of the imperial lineages; the clan stands just before."""
        return self.clan + len(CLAN)


@dataclass(frozen=True)
class Names:
    """The names of some people as indices into the tables; middle 0 is "none"."""

    family: Indices
    middle: Indices
    given: Indices


@cache
def name_tables() -> NameTables:
    """Reads the counts once per process."""
    families = list(_families())
    middle, middle_counts = _by_sex("middle", [("", 0.0, 0.0)])
    given, given_counts = _by_sex("given", [(name, 0.0, 0.0) for kind in SEXES for name in _kinds(kind)["rare"]])
    place = {name: index for index, name in enumerate(given)}
    return NameTables(
        family=_family_words([name for name, _, _ in families]),
        family_weight=np.array([weight for _, weight, _ in families]),
        highland_weight=np.array([weight for _, _, weight in families]),
        middle=np.array(middle, dtype=object),
        given=np.array(given, dtype=object),
        last_of_middle=np.array([place.get(name.split(" ")[-1], -1) for name in middle], dtype=np.int32),
        middle_odds=_cumulative(_middle_weights(middle, middle_counts)),
        given_odds=_cumulative(_given_weights(given, given_counts)),
        clan=len(families),
    )


def _families() -> Iterable[tuple[str, float, float]]:
    factors = {row["name"]: row for row in rows("ksdb.simulation", "names", "family_in_hue.csv")}
    for row in rows("ksdb.simulation", "names", "family_uitvinames.csv"):
        name, count = row["name"], int(row["count"])
        if name in factors or (count >= FEWEST and len(name) > 1):
            factor = factors.get(name, {"factor": "1", "factor_a_luoi": "0.1"})
            yield name, count * float(factor["factor"]), count * float(factor["factor_a_luoi"])


def _family_words(families: list[str]) -> tuple[Words, Words]:
    royal = [*CLAN, *LINEAGES]
    sons = [*families, *(son for son, _ in royal)]
    daughters = [*families, *(daughter for _, daughter in royal)]
    return np.array(sons, dtype=object), np.array(daughters, dtype=object)


def _by_sex(part: str, extra: list[tuple[str, float, float]]) -> tuple[list[str], Weights]:
    """All words of a part of the name, and how often men and women bear each (2 × words)."""
    counts: dict[str, list[float]] = {name: [male, female] for name, male, female in extra}
    for sex, label in enumerate(SEXES):
        for row in rows("ksdb.simulation", "names", f"{part}_{label}_uitvinames.csv"):
            if len(row["name"]) > 1 or row["name"] in "ÝÁ":
                counts.setdefault(row["name"], [0.0, 0.0])[sex] += float(row["count"])
    return list(counts), np.array(list(counts.values())).T


@cache
def _kinds(sex: str) -> dict[str, tuple[str, ...]]:
    table = rows("ksdb.simulation", "names", "given_by_age.csv")
    return {row["kind"]: tuple(row["names"].split()) for row in table if row["sex"] == sex}


def _given_weights(words: list[str], counts: Weights) -> Weights:
    """2 sexes × 3 cohorts × words."""
    weights = np.repeat(counts[:, None, :], 3, axis=1)
    for sex, label in enumerate(SEXES):
        kinds = _kinds(label)
        young, old, rare = (np.array([word in kinds[kind] for word in words]) for kind in ("young", "old", "rare"))
        weights[sex] *= np.where(young, _per_cohort(0.03, 0.35, 1.15), 1.0)
        weights[sex] *= np.where(old & ~young, _per_cohort(4.0, 2.2, 0.6), 1.0)
        weights[sex] += np.where(rare, _per_cohort(RARE_COUNT, RARE_COUNT / 5, 0.2), 0.0)
    return weights


def _per_cohort(*factors: float) -> Weights:
    return np.array(factors)[:, None]


def _middle_weights(words: list[str], counts: Weights) -> Weights:
    """2 sexes × 4 × words; the fourth is for the imperial clan, whose names do without Thị and Văn."""
    weights = np.repeat(counts[:, None, :], 4, axis=1)
    thi = np.array([word.startswith("Thị") for word in words])
    bare = np.array([word in ("Thị", "Văn") for word in words])
    weights[0, :, thi] = 0
    weights[1, 0, ~thi] *= 0.08
    weights[1, 1, ~thi] *= 0.4
    weights[:, :2, bare] *= 3.5
    weights[:, 3, thi | bare] = 0
    none = np.array([[0.10, 0.05, 0.01, 0.35], [0.07, 0.02, 0.01, 0.3]])
    weights[:, :, 0] = none * weights.sum(axis=2)
    return weights


def _cumulative(weights: Weights) -> Weights:
    odds: Weights = np.cumsum(weights, axis=-1)
    return odds / odds[..., -1:]


def family_odds(commune: Commune, rng: np.random.Generator) -> Weights:
    """Cumulative odds of the families of one commune: villages have clans of their own, so the shares vary."""
    tables = name_tables()
    highland = "A Lưới" in commune.stratum
    weights = (tables.highland_weight if highland else tables.family_weight).copy()
    clans = 6.0 if commune.is_urban else 1.5
    weights *= rng.gamma(clans, 1 / clans, weights.size)
    return _cumulative(weights)


def draw_families(rng: np.random.Generator, odds: Weights, births: Indices, royal_share: float) -> Indices:
    """A family for each line of descent; a small share belong to the imperial clan, by the founder's birth year."""
    tables = name_tables()
    found = np.searchsorted(odds, rng.random(births.size)).astype(np.int32)
    chance = rng.random(births.size)
    lineage = tables.lineage + np.searchsorted(LINEAGE_STARTS, births, side="right")
    found[chance < royal_share] = tables.clan
    is_lineage = chance < royal_share * 0.3
    found[is_lineage] = lineage[is_lineage]
    return found


def inherited(family: Indices, generations: Indices) -> Indices:
    """The family word after so many generations; only the imperial lineages change theirs."""
    tables = name_tables()
    last = tables.lineage + len(LINEAGES) - 1
    later = np.clip(family + generations, tables.lineage, last)
    return np.where(family >= tables.lineage, later, family).astype(np.int32)


def draw_names(
    rng: np.random.Generator, family: Indices, sex: NDArray[np.int8], born: Indices, household: Indices
) -> Names:
    """Middle and given names that go with the sex, the cohort and the family; within a household they differ."""
    tables = name_tables()
    cohort = np.searchsorted(COHORTS, born, side="right")
    style = np.where(family >= tables.clan, 3, cohort)
    middle = _draw(rng, tables.middle_odds, sex, style)
    given = _draw(rng, tables.given_odds, sex, cohort)
    for _ in range(REDRAWS):
        doubled = tables.last_of_middle[middle] == given
        taken = rank_within(household.astype(np.int64) * tables.given.size + given) > 0
        again = np.flatnonzero(doubled | taken)
        given[again] = _draw(rng, tables.given_odds, sex[again], cohort[again])
    return Names(family, middle, given)


def _draw(rng: np.random.Generator, odds: Weights, sex: NDArray[np.int8], style: NDArray[np.intp]) -> Indices:
    chance = rng.random(sex.size)
    drawn = np.zeros(sex.size, dtype=np.int32)
    for each_sex in range(odds.shape[0]):
        for each_style in range(odds.shape[1]):
            chosen = np.flatnonzero((sex == each_sex) & (style == each_style))
            drawn[chosen] = np.searchsorted(odds[each_sex, each_style], chance[chosen])
    return drawn


def full_names(names: Names, sex: NDArray[np.int8]) -> Words:
    """ "Nguyễn Thị Lan", one string per person, in NFC as the lists are."""
    tables = name_tables()
    sons, daughters = tables.family
    family = np.where(sex == 1, daughters[names.family], sons[names.family])
    spaced = np.array([f" {word} " if word else " " for word in tables.middle], dtype=object)
    written: Words = family + spaced[names.middle] + tables.given[names.given]
    return written
