"""Coverage: how many of a division's residents hold an active card, by division of any era."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection

from ksdb.core.decision import CardStatus
from ksdb.core.errors import NotFound
from ksdb.core.scope import Permission, Scope
from ksdb.places.models import Division, PopulationFigure
from ksdb.places.queries import covers, division, divisions_on, path_of, within
from ksdb.postgres.named import sql

LIVE = [CardStatus.ISSUED, CardStatus.ACTIVE, CardStatus.SUSPENDED, CardStatus.ATTENTION]


@dataclass(frozen=True)
class Counts:
    """Residents of a division: registered, with a card not ended, with an active card, and with which form active."""

    residents: int = 0
    issued: int = 0
    active: int = 0
    electronic: int = 0
    paper: int = 0
    plastic: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(a + b for a, b in zip(self.values(), other.values(), strict=True)))

    def values(self) -> tuple[int, ...]:
        return (self.residents, self.issued, self.active, self.electronic, self.paper, self.plastic)


@dataclass(frozen=True)
class CoverageRow:
    """One division with its counts, and the census figure of its boundaries where there is one."""

    division: Division
    counts: Counts
    census: PopulationFigure | None

    @property
    def share(self) -> float | None:
        """Active cards per registered resident, 0 to 1; None where nobody is registered."""
        return self.counts.active / self.counts.residents if self.counts.residents else None

    @property
    def without_card(self) -> int:
        return self.counts.residents - self.counts.active


@dataclass(frozen=True)
class CoverageTable:
    """The rows below one division, or the topmost divisions of the jurisdiction when `of` is None."""

    of: Division | None
    rows: list[CoverageRow]

    @property
    def total(self) -> Counts:
        return sum((row.counts for row in self.rows), Counts())

    @property
    def total_without_card(self) -> int:
        return self.total.residents - self.total.active

    @property
    def census_total(self) -> int | None:
        """People of all rows at the census; None unless every row has a figure."""
        figures = [row.census.people for row in self.rows if row.census]
        return sum(figures) if self.rows and len(figures) == len(self.rows) else None


def coverage_below(scope: Scope, division_id: int) -> CoverageTable:
    """The parts of one division in the jurisdiction. Raises NotFound outside it."""
    if not covers(scope, Permission.COVERAGE_FIGURES_READ, division_id):
        raise NotFound
    of = division(scope, division_id)
    parts = list(Division.objects.filter(parent=of)) or [of]
    return CoverageTable(of, rows_for(scope, parts))


def coverage_at(scope: Scope, on: date) -> CoverageTable:
    """What the jurisdiction is made of in the structure of that day: the parts of its one top division, or its tops."""
    seen = divisions_on(scope, on).filter(within(scope, Permission.COVERAGE_FIGURES_READ, "pk"))
    ids = set(seen.values_list("pk", flat=True))
    tops = [division for division in seen if division.parent_id not in ids]
    if len(tops) == 1:
        return coverage_below(scope, tops[0].pk)
    return CoverageTable(None, rows_for(scope, tops))


def way_to(scope: Scope, table: CoverageTable) -> list[Division]:
    """What the division of the table lies in, as far up as the jurisdiction goes."""
    path = path_of(scope, table.of)[:-1] if table.of else []
    return [d for d in path if covers(scope, Permission.COVERAGE_FIGURES_READ, d.pk)]


def rows_for(scope: Scope, divisions: Sequence[Division]) -> list[CoverageRow]:
    """A row for each division, in the order given."""
    scope.require(Permission.COVERAGE_FIGURES_READ)
    counts = _counts([division.pk for division in divisions])
    census = _census([division.pk for division in divisions])
    return [CoverageRow(d, counts.get(d.pk, Counts()), census.get(d.pk)) for d in divisions]


def _counts(divisions: list[int]) -> dict[int, Counts]:
    with connection.cursor() as cursor:
        cursor.execute(
            sql("ksdb.coverage", "coverage_of"),
            {"divisions": divisions, "active": CardStatus.ACTIVE, "live": [int(status) for status in LIVE]},
        )
        return {division_id: Counts(*counts) for division_id, *counts in cursor.fetchall()}


def _census(divisions: list[int]) -> dict[int, PopulationFigure]:
    figures = PopulationFigure.objects.filter(division__in=divisions, as_of="2019-04-01")
    return {figure.division_id: figure for figure in figures}
