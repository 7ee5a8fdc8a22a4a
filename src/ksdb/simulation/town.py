"""The demo town as data: thị xã Hương Trà with its people, places, staff, and who of them gets which card."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ksdb.core.scope import Role
from ksdb.core.token import Form
from ksdb.simulation.addresses import group_text
from ksdb.simulation.points import Points, points_of
from ksdb.simulation.population import Population, population_of
from ksdb.simulation.sources import Commune, communes_of
from ksdb.simulation.ward_file import write_xlsx

DISTRICT = "Thị xã Hương Trà"
SEED = 2021
POINTS = 400
COVERED = 0.97
COVERED_AT_LAST = {"Xã Bình Tiến": 0.55}
NOT_ACTIVATED = 0.006
REVOKED = 0.003
ELECTRONIC_FROM, ELECTRONIC_TO = 15, 62
PLASTIC = 0.04
BUSY_POINTS = 0.05

STAFF = (
    ("hanh", "Trần Thị Hạnh", (Role.ADMINISTRATOR, Role.EPIDEMIOLOGIST, Role.AUDITOR), "Thành phố Huế"),
    ("binh", "Lê Văn Bình", (Role.WARD_OFFICER,), "Xã Bình Tiến"),
    ("minh", "Hồ Nhật Minh", (Role.WARD_OFFICER,), "Phường Hương Vân"),
)
"""Sign-in name, name, roles, and the division: the province of today, two communes of 2021."""


@dataclass(frozen=True)
class Town:
    """The invented people of a few communes, and the places they go to."""

    communes: tuple[Commune, ...]
    people: Population
    points: Points


def town(communes: Sequence[Commune] | None = None, points: int = POINTS) -> Town:
    """The nine communes of the town, or those named, with so many scan points."""
    chosen = tuple(communes or communes_of(DISTRICT))
    return Town(chosen, population_of(chosen, seed=SEED), points_of(chosen, seed=SEED, count=points))


def ward_file(made: Town, folder: Path) -> Path:
    """The town's residents as a ward keeps them, in an XLSX with a title above the headings."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / "danh-sach-nhan-khau.xlsx"
    write_xlsx(made.people, path, title_on=date(2021, 9, 17))
    path.chmod(0o600)
    return path


@dataclass(frozen=True)
class Plan:
    """Which of the people (rows of the population) get which card."""

    forms: dict[Form, NDArray[np.intp]]
    stay_issued: NDArray[np.intp]
    revoked: NDArray[np.intp]


def card_plan(made: Town, registered: NDArray[np.bool_]) -> Plan:
    """97 in 100 of each commune, 55 in Bình Tiến, get an active card; a few more one that never wakes or is lost."""
    rng = np.random.Generator(np.random.PCG64(SEED))
    people, lot = made.people, rng.random(len(made.people))
    covered = np.array([COVERED_AT_LAST.get(commune.name, COVERED) for commune in made.communes])[people.commune]
    active = registered & (lot < covered)
    stays = registered & (lot >= covered) & (lot < covered + NOT_ACTIVATED)
    lost = registered & (lot >= covered + NOT_ACTIVATED) & (lot < covered + NOT_ACTIVATED + REVOKED)
    has_phone = np.char.str_len(people.phone) > 0
    electronic = has_phone & (people.age >= ELECTRONIC_FROM) & (people.age <= ELECTRONIC_TO)
    plastic = ~electronic & (rng.random(len(people)) < PLASTIC)
    held = active | stays | lost
    forms = {
        Form.ELECTRONIC: np.flatnonzero(held & electronic),
        Form.PLASTIC: np.flatnonzero(held & plastic),
        Form.PAPER: np.flatnonzero(held & ~electronic & ~plastic),
    }
    return Plan(forms, np.flatnonzero(stays), np.flatnonzero(lost))


def keys_of(people: Population) -> Iterator[tuple[object, ...]]:
    """What tells a person of the ward's list apart: commune, group, household book, name, year of birth."""
    homes, communes = people.households, people.communes
    places = [
        (communes[commune].code, group_text(communes[commune], group), str(number))
        for commune, group, number in zip(
            homes.commune.tolist(), homes.group.tolist(), homes.number.tolist(), strict=True
        )
    ]
    years = people.born.astype("datetime64[Y]").astype(int) + 1970
    for home, name, year in zip(people.household.tolist(), people.full_names(), years.tolist(), strict=True):
        yield (*places[home], str(name), year)
