"""The four structures of the province as the reference files give them, and which unit lies in which.

Every commune of every era is a union of atoms: the communes of 2019, with the one that was split (phường Phú Thuận)
taken as its two pieces. One unit lies in another exactly when its atoms do, whatever era each is of.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files

PROVINCE_CODE = "46"
CENSUS = "GSO census of 1 April 2019"
CENSUS_CARRIED = "GSO census of 1 April 2019, carried over to these boundaries"
DECREE = "Resolution 1675/NQ-UBTVQH15 (with converted temporary residents)"

Key = tuple[str, date]
Row = Mapping[str, str]


@dataclass(frozen=True)
class Figure:
    """People of a unit, as of a date, said by a source."""

    as_of: str
    people: int
    source: str
    households: int | None = None


@dataclass(frozen=True)
class Unit:
    """A commune or district of one era; `parent_code` is empty below the province."""

    code: str
    name: str
    parent_code: str
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True)
class Link:
    """`share` of the people of an old commune went into a new one."""

    old: Key
    new: Key
    share: float
    basis: str


@dataclass(frozen=True)
class Era:
    """One structure, valid in `[valid_from, valid_to)`."""

    valid_from: date
    valid_to: date | None
    province: str
    districts: tuple[Unit, ...]
    communes: tuple[Unit, ...]


_STARTS = (date(2019, 4, 1), date(2021, 7, 1), date(2025, 1, 1), date(2025, 7, 1))
_UNITS = ("units_2019-04_152", "units_2021-07_141", "units_2025-01_133", "units_2025-07_40")
_MAPS = (
    ("map_2019_to_2021-07", "code_2019", "code_2021"),
    ("map_2021-07_to_2025-01", "code_2021", "code_2025_01"),
    ("map_2025-01_to_2025-07", "code_2025_01", "code_2025_07"),
)
_PROVINCES = ("Tỉnh Thừa Thiên Huế", "Tỉnh Thừa Thiên Huế", "Thành phố Huế", "Thành phố Huế")


def read_csv(name: str) -> list[Row]:
    path = files("ksdb.places") / "reference" / name
    return list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))


def eras() -> list[Era]:
    """The structures from 1 April 2019 on, oldest first."""
    ends = [*_STARTS[1:], None]
    return [
        _era(start, end, province, read_csv(f"units/{name}.csv"))
        for start, end, province, name in zip(_STARTS, ends, _PROVINCES, _UNITS, strict=True)
    ]


def _era(start: date, end: date | None, province: str, rows: list[Row]) -> Era:
    districts = {
        r["district_code"]: Unit(r["district_code"], r["district"], "") for r in rows if r.get("district_code")
    }
    communes = tuple(Unit(r["code"], r["name"], r.get("district_code", ""), tuple(_figures(r, start))) for r in rows)
    return Era(start, end, province, tuple(districts.values()), communes)


def _figures(row: Row, start: date) -> Iterator[Figure]:
    if people := row.get("pop_2019"):
        source = CENSUS if start == _STARTS[0] else CENSUS_CARRIED
        yield Figure("2019-04-01", int(people), source, int(row["households_2019"]))
    if people := row.get("pop_2019_census"):
        yield Figure("2019-04-01", int(people), CENSUS_CARRIED)
    if people := row.get("pop_nq1675"):
        yield Figure("2025-06", int(people), DECREE)


def links() -> list[Link]:
    """Every step of a commune from one era into the next."""
    return [
        Link((row[old], _STARTS[i]), (row[new], _STARTS[i + 1]), float(row.get("pop_share") or 1), _basis(row))
        for i, (name, old, new) in enumerate(_MAPS)
        for row in read_csv(f"units/{name}.csv")
    ]


def _basis(row: Row) -> str:
    return (row.get("basis") or row.get("note") or "")[:200]


def atoms() -> dict[Key, frozenset[str]]:
    """The atoms of every commune of every era."""
    found: dict[Key, set[str]] = defaultdict(set)
    for link in links():
        before = found[link.old] or {link.old[0]}
        found[link.old] |= before
        is_split = link.share < 1
        if is_split:
            piece = f"{link.old[0]}>{link.new[0]}"
            found[link.old] = {a for a in found[link.old] if a != link.old[0]} | {piece}
            before = {piece}
        found[link.new] |= before
    return {key: frozenset(pieces) for key, pieces in found.items()}


def province_figures() -> list[Figure]:
    rows = read_csv("population/hue_province_totals.csv")
    return [Figure(row["date"], int(row["population"]), row["source"][:200]) for row in rows]
