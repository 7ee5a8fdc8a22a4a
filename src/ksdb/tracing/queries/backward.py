"""What several cases share: places and windows of time, against what is to be expected there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.core.paginator import Page
from django.db import connection

from ksdb.audit.actions import record_many
from ksdb.core.clock import day_bounds
from ksdb.core.decision import CardStatus
from ksdb.core.errors import KsdbError
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.places.models import Division
from ksdb.places.queries import within
from ksdb.postgres.named import sql
from ksdb.registry.queries import identities_of
from ksdb.tracing.backward import SURPRISING, adjusted, chance_there, tail
from ksdb.tracing.models import CaseRecord
from ksdb.tracing.queries import cases_in

READ = Permission.TRACING_CASE_READ
MOST_CASES: Final = 50
MOST_SHOWN: Final = 200
"""Cells shown, of all that were judged: cut before, crowded places would push out what is surprising."""
LONGEST: Final = timedelta(days=1)
"""A usual stay is no longer, so that no visit farther before a window reaches into it."""


class TooFewCases(KsdbError):
    """Choose at least two cases of different persons, and fifty at most."""

    code = "too_few_cases"
    status = 422


@dataclass(frozen=True)
class Asked:
    """Which cases, how many days before the onset of each, and how many hours a window has."""

    case_ids: Sequence[int]
    days: int = 14
    hours: int = 2


@dataclass(frozen=True)
class Cell:
    """A place and window that cases share.

    `visitors` are all persons who were there, `expected` the cases one would see there by chance, `probability` how
    likely at least so many are in any of the cells looked at.
    """

    point_id: int
    place: str
    begins_at: datetime
    ends_at: datetime
    cases: tuple[int, ...]
    visitors: int
    expected: float
    probability: float

    @property
    def is_surprising(self) -> bool:
        return self.probability < SURPRISING

    @property
    def per_thousand(self) -> float:
        """Cases per 1,000 visitors, shrunk: as if another case-less hundred had been there."""
        return 1000 * len(self.cases) / (self.visitors + 100)


@dataclass(frozen=True)
class Shared:
    """What the cases share, the most surprising first; how many cases were compared, and how many cells looked at."""

    cells: list[Cell]
    cases: int
    looked_at: int


def cases_to_choose(scope: Scope, number: int = 1) -> Page[CaseRecord]:
    """A page of cases, as the list of cases shows them."""
    return cases_in(scope, number)


def shared_by(scope: Scope, asked: Asked) -> Shared:
    """The places and windows that at least two of the cases share. Audited. Raises TooFewCases."""
    chosen = _chosen(scope, asked.case_ids)
    detail = {"list": "backward", "cases": len(chosen)}
    record_many(scope, READ, [("resident", one.resident_id) for one in chosen], Purpose.CASE_TRACING, detail)
    spans = {one.pk: _span(one, asked.days) for one in chosen}
    cells = _cells(scope, chosen, spans, asked.hours)
    if not cells:
        return Shared([], len(chosen), 0)
    communes = {one.pk: _commune(one) for one in chosen}
    visitors, holders = _visitors(cells, asked.hours), _holders(sorted(set(communes.values())))
    made = [
        _judged(cell, list(communes.items()), visitors.get(number, {}), holders) for number, cell in enumerate(cells, 1)
    ]
    looked_at = cells[0].looked_at
    ranked = [
        Cell(
            cell.point_id,
            cell.place,
            cell.begins_at,
            cell.begins_at + timedelta(hours=asked.hours),
            tuple(cell.cases),
            sum(visitors.get(number, {}).values()),
            expected,
            adjusted(probability, looked_at),
        )
        for number, (cell, (expected, probability)) in enumerate(zip(cells, made, strict=True), 1)
    ]
    ranked.sort(key=lambda one: (one.probability, one.expected - len(one.cases), one.begins_at))
    return Shared(ranked[:MOST_SHOWN], len(chosen), looked_at)


@dataclass(frozen=True)
class _Found:
    point_id: int
    place: str
    begins_at: datetime
    cases: list[int]
    looked_at: int


def _chosen(scope: Scope, case_ids: Sequence[int]) -> list[CaseRecord]:
    """The cases of the jurisdiction, one of each person."""
    found = CaseRecord.objects.filter(within(scope, READ, "resident__division"), pk__in=case_ids)
    by_person: dict[int, CaseRecord] = {}
    for one in found.select_related("resident__division").order_by("-id"):
        by_person[one.resident.merged_into_id or one.resident_id] = one
    if not 2 <= len(by_person) <= MOST_CASES:
        raise TooFewCases
    return list(by_person.values())


def _span(one: CaseRecord, days: int) -> tuple[datetime, datetime]:
    """Where the infection may have come from: the days before the onset, or before the sample, and that day."""
    known_on = min(one.onset_on or one.sampled_on, one.sampled_on)
    return day_bounds(known_on - timedelta(days=days))[0], day_bounds(known_on)[1]


def _cells(
    scope: Scope, chosen: list[CaseRecord], spans: dict[int, tuple[datetime, datetime]], hours: int
) -> list[_Found]:
    owners = [(record, one.pk) for one in chosen for record in identities_of(scope, [one.resident_id])]
    given: dict[str, Any] = {
        "records": [record for record, _ in owners],
        "cases": [case_id for _, case_id in owners],
        "since": [spans[case_id][0] for _, case_id in owners],
        "until": [spans[case_id][1] for _, case_id in owners],
        "first": min(since for since, _ in spans.values()),
        "last": max(until for _, until in spans.values()),
        "seconds": hours * 3600,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.tracing", "shared_cells"), given)
        return [_Found(*row) for row in cursor.fetchall()]


def _visitors(cells: list[_Found], hours: int) -> dict[int, dict[int, int]]:
    """Of each cell, by number, the visitors by commune."""
    begins = [cell.begins_at for cell in cells]
    given: dict[str, Any] = {
        "points": [cell.point_id for cell in cells],
        "begins": begins,
        "first": min(begins) - LONGEST,
        "last": max(begins) + timedelta(hours=hours),
        "seconds": hours * 3600,
    }
    found: dict[int, dict[int, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.tracing", "visitors_of_cells"), given)
        for number, commune_id, persons in cursor.fetchall():
            found.setdefault(number, {})[commune_id] = persons
    return found


def _holders(commune_ids: list[int]) -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.tracing", "card_holders"), {"communes": commune_ids, "active": int(CardStatus.ACTIVE)})
        return dict(cursor.fetchall())


def _judged(
    cell: _Found, communes: list[tuple[int, int]], visitors: dict[int, int], holders: dict[int, int]
) -> tuple[float, float]:
    """How many of the cases one would expect there, and how likely at least so many are."""
    chances = [chance_there(visitors.get(commune, 0), holders.get(commune, 0)) for _, commune in communes]
    return sum(chances), tail(chances, len(cell.cases))


def _commune(one: CaseRecord) -> int:
    home = one.resident.division
    return int(home.parent_id if home.kind == Division.Kind.GROUP and home.parent_id else home.pk)
