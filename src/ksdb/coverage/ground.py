"""The figures as they lie in the reporting schema, and the units they lie in."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import connection

from ksdb.coverage.carrying import Unit
from ksdb.coverage.counts import Counts
from ksdb.postgres.named import sql

ROOM: Final = "ksdb.coverage"


@dataclass(frozen=True, slots=True)
class Cell:
    """People of a division of one age band and sex, in the count (no reason) or out of it."""

    band: int
    sex: str
    reason: str
    people: int
    issued: int
    active: int
    electronic: int
    paper: int
    plastic: int


@dataclass(frozen=True)
class Level:
    """How many were counted, had a card, had an active one, at the end of a day."""

    on: date
    counted: float
    issued: float
    active: float


def cells_of(division_ids: Collection[int]) -> dict[int, list[Cell]]:
    """The cells of each division that has any."""
    found: dict[int, list[Cell]] = {}
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "tallies"), {"divisions": list(division_ids)})
        for division_id, *values in cursor.fetchall():
            found.setdefault(division_id, []).append(Cell(*values))
    return found


def counts_of(cells: Iterable[Cell]) -> Counts:
    """The cells of one division added up."""
    sums = [0] * 8
    for cell in cells:
        sums[0] += cell.people
        sums[1] += cell.active
        if not cell.reason:
            own = (cell.people, cell.issued, cell.active, cell.electronic, cell.paper, cell.plastic)
            for i, value in enumerate(own, 2):
                sums[i] += value
    return Counts(*sums)


def units() -> tuple[Unit, ...]:
    """Every province, district and commune of every structure."""
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "units"))
        return tuple(Unit(*row) for row in cursor.fetchall())


def first_active_day(shares: Mapping[int, float]) -> date | None:
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "first_active_day"), {"divisions": list(shares)})
        first: date | None = cursor.fetchone()[0]
    return first


def changes_since(shares: Mapping[int, float], since: date) -> list[Level]:
    """By how much each day changed the counts; the first may be the sum of all before `since`."""
    asked: dict[str, Any] = {"divisions": list(shares), "shares": list(shares.values()), "since": since}
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "days_since"), asked)
        return [Level(*row) for row in cursor.fetchall()]
