"""The demo town: thị xã Hương Trà, from a ward's file to a stream of scans, by the same actions that staff use."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ksdb.access.actions import give_grant, make_account
from ksdb.cards.actions import activate_cards, change_status, issue_cards
from ksdb.cards.life import Reason
from ksdb.core.clock import today
from ksdb.core.decision import CardStatus
from ksdb.core.scope import Role, Scope
from ksdb.core.token import Form
from ksdb.places.actions import make_points
from ksdb.places.models import Division, ScanPoint
from ksdb.registry.models import Resident
from ksdb.simulation.addresses import group_text
from ksdb.simulation.loading import ERA, clock_time
from ksdb.simulation.points import KINDS, Points, points_of
from ksdb.simulation.population import Population, population_of
from ksdb.simulation.sources import Commune, communes_of
from ksdb.simulation.ward_file import write_xlsx
from ksdb.visits.actions import enrol_device

Progress = Callable[[int, int], None]

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


def make_staff(scope: Scope, password: str) -> None:
    """The demo's accounts, each with one password and its grants."""
    for username, full_name, roles, place in STAFF:
        division = Division.objects.filter(name=place).exclude(kind="district").order_by("-valid_from").first()
        division = division or Division.objects.get(name=place, valid_from=ERA)
        account = make_account(scope, username, full_name, password)
        for role in roles:
            give_grant(scope, account, role, division.pk, today())


def residents_of(made: Town) -> NDArray[np.int32]:
    """For each of the town's people the id the registry gave, 0 where the import did not take the row."""
    rows = Resident.objects.exclude(household=None).values_list(
        "household__division__parent__code",
        "household__division__name",
        "household__book_number",
        "full_name",
        "birth_year",
        "id",
    )
    ids = {tuple(key): resident_id for *key, resident_id in rows.iterator(chunk_size=10_000)}
    return np.fromiter((ids.get(key, 0) for key in _keys(made.people)), np.int32, len(made.people))


def _keys(people: Population) -> Iterator[tuple[object, ...]]:
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


def give_cards(scope: Scope, plan: Plan, ids: NDArray[np.int32], progress: Progress) -> dict[int, str]:
    """Issues and activates the cards of the plan; the token of each resident's card, by resident id."""
    tokens: dict[int, str] = {}
    index_of: dict[int, int] = {}
    total = sum(rows.size for rows in plan.forms.values())
    for form, rows in plan.forms.items():
        for card in issue_cards(scope, ids[rows].tolist(), form):
            tokens[card.resident_id], index_of[card.resident_id] = card.token, card.index
            if len(tokens) % 1000 == 0:
                progress(len(tokens), total)
    asleep = set(ids[plan.stay_issued].tolist())
    activate_cards(scope, [index for resident, index in index_of.items() if resident not in asleep])
    for resident in ids[plan.revoked].tolist():
        change_status(scope, index_of[resident], CardStatus.REVOKED, Reason.LOST)
    progress(total, total)
    return tokens


def open_points(scope: Scope, made: Town) -> list[ScanPoint]:
    """Registers the town's scan points, in the order of the arrays."""
    points = made.points
    codes = [commune.code for commune in made.communes]
    ids = dict(Division.objects.filter(kind="commune", valid_from=ERA, code__in=codes).values_list("code", "id"))
    rows = [
        ScanPoint(
            name=points.name[i],
            type_id=KINDS[points.kind[i]].code,
            division_id=ids[codes[points.commune[i]]],
            latitude=float(points.lat[i]),
            longitude=float(points.lon[i]),
            opens_at=clock_time(int(points.opens[i])),
            closes_at=clock_time(int(points.closes[i])),
            usual_stay_minutes=int(points.stay[i]),
            is_sensitive=bool(points.is_sensitive[i]),
        )
        for i in range(len(points))
    ]
    return make_points(scope, rows)


def enrol_devices(scope: Scope, points: Sequence[ScanPoint], made: Town) -> list[list[str]]:
    """One device at each point, two at the busiest: the tokens of each point's devices."""
    busy = np.quantile(made.points.popularity, 1 - BUSY_POINTS)
    counts = np.where(made.points.popularity >= busy, 2, 1).tolist()
    return [
        [enrol_device(scope, point.pk, f"{place + 1}")[1] for place in range(count)]
        for point, count in zip(points, counts, strict=True)
    ]
