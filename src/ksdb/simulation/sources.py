"""Reads the reference figures the simulation stands on: communes, ages, sexes and names."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

SIZES = 7
"""Household sizes the census tells apart; the last means seven or more."""

AGE_GROUPS = 20
"""Five-year groups 0–4 … 90–94 and 95+; the census stops at 85+, the UN shares split the rest."""


@dataclass(frozen=True)
class Commune:
    """A commune of 1 July 2021 with the people and households the census of 2019 counted in it."""

    index: int
    code: str
    name: str
    kind: str
    district: str
    stratum: str
    people: int
    households: tuple[int, ...]

    @property
    def is_urban(self) -> bool:
        return self.kind != "Xã"

    @property
    def short_name(self) -> str:
        """The name without "Phường", "Xã" or "Thị trấn"."""
        return self.name.removeprefix(self.kind).strip()


def rows(package: str, *path: str) -> Iterator[dict[str, str]]:
    source = files(package).joinpath("reference", *path)
    yield from csv.DictReader(source.read_text(encoding="utf-8-sig").splitlines())


@cache
def communes() -> tuple[Commune, ...]:
    """All 141 communes in the order of the list; a commune's index in it never depends on a selection."""
    homes = _districts_of_2019()
    return tuple(
        _commune(index, row, homes) for index, row in enumerate(rows("ksdb.places", "units", "units_2021-07_141.csv"))
    )


def _commune(index: int, row: dict[str, str], homes: dict[str, str]) -> Commune:
    half = "urban" if int(row["urban_2019"] or 0) * 2 > int(row["pop_2019"]) else "rural"
    return Commune(
        index=index,
        code=row["code"],
        name=row["name"],
        kind=row["type"],
        district=row["district"],
        stratum=f"{homes.get(row['code'], row['district'])}/{half}",
        people=int(row["pop_2019"]),
        households=tuple(int(row[f"hh{size}"] or 0) for size in range(1, SIZES + 1)),
    )


def _districts_of_2019() -> dict[str, str]:
    """The district each commune lay in at the census: the age table knows no later border."""
    return {
        row["code_2021"]: row["district_2019"]
        for row in rows("ksdb.places", "units", "map_2019_to_2021-07.csv")
        if row["district_2019"]
    }


def communes_of(district: str) -> tuple[Commune, ...]:
    return tuple(commune for commune in communes() if commune.district == district)


@cache
def age_sex_table() -> dict[str, NDArray[np.float64]]:
    """People by stratum ("district of 2019/urban" or "/rural") as an array of 20 age groups × (male, female)."""
    by_sex = _people_by_age_and_sex()
    found: dict[str, list[float]] = {}
    for row in rows("ksdb.simulation", "population", "age_by_district_2019_hue.csv"):
        for half in ("urban", "rural"):
            found.setdefault(f"{row['district']}/{half}", []).append(float(row[half]))
    return {stratum: _split(np.array(groups), by_sex) for stratum, groups in found.items()}


def _people_by_age_and_sex() -> NDArray[np.float64]:
    table = np.zeros((AGE_GROUPS, 2))
    for row in rows("ksdb.simulation", "population", "un_wpp2024_vietnam_age_sex.csv"):
        if row["Time"] == "2020":
            group = min(int(row["AgeGrp"]) // 5, AGE_GROUPS - 1)
            table[group, int(row["Sex"] == "Female")] += float(row["Value"])
    return table


def _split(groups: NDArray[np.float64], by_sex: NDArray[np.float64]) -> NDArray[np.float64]:
    """The district's 18 age groups, the last split in three, each split by sex as in the whole country."""
    oldest = by_sex[17:].sum(axis=1)
    ages = np.concatenate([groups[:17], groups[17] * oldest / oldest.sum()])
    share: NDArray[np.float64] = by_sex / by_sex.sum(axis=1, keepdims=True)
    return ages[:, None] * share
