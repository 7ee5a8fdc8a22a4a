"""Coverage of divisions of any structure: residents, cards issued and active, by form, age and sex, and day by day."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from ksdb.core.clock import now, today
from ksdb.core.errors import NotFound
from ksdb.core.scope import Permission, Scope
from ksdb.coverage import carrying, ground
from ksdb.coverage.carrying import Split
from ksdb.coverage.counts import BANDS, Basis, Counts, Figure, Share, share
from ksdb.coverage.ground import Cell, Level
from ksdb.coverage.models import Run
from ksdb.places import eras as structures
from ksdb.places.models import Division, PopulationFigure
from ksdb.places.queries import covers, division, divisions_on, path_of, within

READ: Final = Permission.COVERAGE_FIGURES_READ
Kind = Division.Kind
LONGEST: Final = timedelta(days=366)
"""As far back as a trend goes."""
SHORTEST: Final = timedelta(days=14)
"""A trend is no shorter than this unless asked: the line of a first day would be a point."""
LATE: Final = timedelta(minutes=5)
"""Figures older than this are called late: the job counts every minute."""


@dataclass(frozen=True)
class Asked:
    """How coverage is to be told: by which denominator, by communes instead of districts or not, and since when."""

    basis: Basis = Basis.REGISTRY
    by_commune: bool = False
    since: date | None = None


@dataclass(frozen=True)
class Row:
    """One part of a division; `of_share` is below 1 where a unit of another structure lies in it only by that share.

    Without `division` it is the people of `name` who are registered in no group.
    """

    name: str
    division: Division | None
    counts: Counts
    share: Share
    is_estimate: bool = False
    of_share: float = 1


@dataclass(frozen=True)
class BandRow:
    """People in the count of an age band: active and counted, by sex and together."""

    since: int
    until: int | None
    female: Share
    male: Share
    together: Share


@dataclass(frozen=True)
class ReasonRow:
    """Why how many are out of the count, and how many of them hold an active card."""

    reason: str
    people: int
    active: int


@dataclass(frozen=True)
class Source:
    """Who says the denominator, and as of when."""

    name: str
    as_of: str
    is_estimate: bool


@dataclass(frozen=True)
class Report:
    """Coverage of one division, or of the topmost divisions of the jurisdiction when `of` is None."""

    of: Division | None
    asked: Asked
    rows: Sequence[Row]
    counts: Counts
    share: Share
    bands: Sequence[BandRow]
    reasons: Sequence[ReasonRow]
    communes: Mapping[str, Row]
    is_estimate: bool
    trend: Sequence[Level]
    source: Source | None
    splits: Sequence[Split]


@dataclass(frozen=True)
class Freshness:
    """As of when the figures are, when everything was last recounted, and by how much it had drifted then."""

    as_of: datetime | None
    recounted_at: datetime | None
    drifted: int

    @property
    def is_late(self) -> bool:
        return self.as_of is not None and now() - self.as_of > LATE


def freshness(scope: Scope) -> Freshness:
    scope.require(READ)
    last = Run.objects.order_by("-as_of").first()
    recount = Run.objects.filter(kind=Run.Kind.REBUILD).order_by("-as_of").first()
    return Freshness(
        last.as_of if last else None, recount.as_of if recount else None, recount.drifted if recount else 0
    )


def coverage_of(scope: Scope, division_id: int, asked: Asked | None = None) -> Report:
    """Coverage of one division and its parts. Raises NotFound outside the jurisdiction. Some five index scans."""
    if not covers(scope, READ, division_id):
        raise NotFound
    of = division(scope, division_id)
    return _Reading(asked or Asked()).group(of) if of.kind == Kind.GROUP else _Reading(asked or Asked()).of(of)


def coverage_at(scope: Scope, on: date, asked: Asked | None = None) -> Report:
    """What the jurisdiction is made of in the structure of that day: its one top division, or all its tops."""
    seen = divisions_on(scope, on).filter(within(scope, READ, "pk"))
    ids = set(seen.values_list("pk", flat=True))
    tops = [one for one in seen if one.parent_id not in ids]
    if len(tops) == 1:
        return coverage_of(scope, tops[0].pk, asked)
    return _Reading(asked or Asked()).several(tops)


def way_to(scope: Scope, of: Division | None) -> list[Division]:
    """What the division lies in, as far up as the jurisdiction goes."""
    path = path_of(scope, of)[:-1] if of else []
    return [d for d in path if covers(scope, READ, d.pk)]


class _Reading:
    """One reading of the reporting schema: the units, the cells of those that matter, and the figures of sources."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.ground = carrying.ground_of(ground.units())
        self.extents = self.ground.extents
        self.cells: dict[int, list[Cell]] = {}
        self.counts: dict[int, Counts] = {}
        self.figures = _Figures(asked.basis, self.extents)
        self.cut: set[str] = set()

    def read(self, division_ids: Iterable[int]) -> None:
        self.cells = ground.cells_of(set(division_ids))
        self.counts = {pk: ground.counts_of(cells) for pk, cells in self.cells.items()}

    def shares(self, of: Division) -> Mapping[int, float]:
        return self.ground.shares(self.extents[of.pk])

    def of(self, of: Division) -> Report:
        shares = self.shares(of)
        groups = self._groups(shares) if of.kind == Kind.COMMUNE else []
        self.read([*shares, *(group.pk for group in groups)])
        communes = self._communes(of)
        if of.kind == Kind.COMMUNE:
            rows = self._rows_of_commune(groups, shares)
        elif self.asked.by_commune:
            rows = communes
        else:
            rows = [self.row(part) for part in Division.objects.filter(parent=of)]
        return self._report(of, rows, shares, communes)

    def several(self, tops: Sequence[Division]) -> Report:
        by_top = [self.shares(top) if top.kind != Kind.GROUP else {top.pk: 1.0} for top in tops]
        together: dict[int, float] = {}
        for shares in by_top:
            for pk, part in shares.items():
                together[pk] = together.get(pk, 0) + part
        self.read(together)
        rows = [self._row(top, shares) for top, shares in zip(tops, by_top, strict=True)]
        return self._report(None, rows, together, [])

    def group(self, of: Division) -> Report:
        self.read([of.pk])
        return self._report(of, [], {of.pk: 1.0}, [])

    def _communes(self, of: Division) -> list[Row]:
        """The communes below a province or a district."""
        if of.kind == Kind.COMMUNE:
            return []
        found = Division.objects.filter(kind=Kind.COMMUNE, valid_from=of.valid_from)
        inside = self.extents[of.pk]
        return [self.row(one) for one in found if self.extents[one.pk] <= inside]

    def _groups(self, shares: Mapping[int, float]) -> list[Division]:
        whole = [pk for pk, part in shares.items() if part == 1]
        return list(Division.objects.filter(kind=Kind.GROUP, parent__in=whole).order_by("parent", "position"))

    def _rows_of_commune(self, groups: Sequence[Division], shares: Mapping[int, float]) -> list[Row]:
        """The groups in it, then whoever is in no group, and what comes from units that lie in it only in part."""
        rows = [self._row(group, {group.pk: 1.0}) for group in groups if group.pk in self.counts]
        names = dict(
            Division.objects.filter(pk__in=[pk for pk in shares if pk in self.counts]).values_list("pk", "name")
        )
        for pk, name in names.items():
            rest = self.counts[pk]
            for group in groups:
                if group.parent_id == pk:
                    rest += self.counts.get(group.pk, Counts()).times(-1)
            if rest.registered:
                counts = rest.times(shares[pk])
                rows.append(Row(name, None, counts.rounded(), share(counts, self.asked.basis, None), False, shares[pk]))
        return rows

    def row(self, of: Division) -> Row:
        return self._row(of, self.shares(of))

    def _row(self, of: Division, shares: Mapping[int, float]) -> Row:
        counts, figure = self._sum(shares), self._figure(of)
        is_estimate = self._is_carried(shares) or bool(figure and figure.is_estimate)
        if is_estimate:
            self._note_cuts(of, shares)
        return Row(of.name, of, counts.rounded(), share(counts, self.asked.basis, figure), is_estimate)

    def _sum(self, shares: Mapping[int, float]) -> Counts:
        found = (self.counts[pk].times(part) for pk, part in shares.items() if pk in self.counts)
        return sum(found, Counts())

    def _is_carried(self, shares: Mapping[int, float]) -> bool:
        """Whether people of another structure's unit were given to it by a share of theirs."""
        return any(part < 1 for pk, part in shares.items() if pk in self.counts)

    def _note_cuts(self, of: Division, shares: Mapping[int, float]) -> None:
        """The splits that an estimate rests on: of communes that it, or what is carried to it, holds in part."""
        carried = [pk for pk, part in shares.items() if part < 1 and pk in self.counts]
        for pk in (of.pk, *carried):
            self.cut |= carrying.cut_by(self.extents.get(pk, frozenset()))

    def _figure(self, of: Division) -> Figure | None:
        return None if of.kind == Kind.GROUP else self.figures.of(self.extents[of.pk])

    def _report(
        self, of: Division | None, rows: Sequence[Row], shares: Mapping[int, float], communes: Sequence[Row]
    ) -> Report:
        counts = self._sum(shares)
        figure = self._figure(of) if of else _together(rows)
        is_estimate = self._is_carried(shares) or any(row.is_estimate for row in rows)
        if of and (self._is_carried(shares) or (figure and figure.is_estimate)):
            self._note_cuts(of, shares)
        return Report(
            of=of,
            asked=self.asked,
            rows=rows,
            counts=counts.rounded(),
            share=share(counts, self.asked.basis, figure),
            bands=self._bands(shares),
            reasons=self._reasons(shares),
            communes={row.division.code: row for row in communes if row.division},
            is_estimate=is_estimate or bool(figure and figure.is_estimate),
            trend=_trend(shares, self.asked.since),
            source=self.figures.source,
            splits=[carrying.split_of(code) for code in sorted(self.cut)],
        )

    def _bands(self, shares: Mapping[int, float]) -> list[BandRow]:
        sums: dict[tuple[int, str], list[float]] = {}
        for cell, part in self._shared(shares):
            if not cell.reason:
                own = sums.setdefault((cell.band, cell.sex), [0, 0])
                own[0] += cell.active * part
                own[1] += cell.people * part
        return [_band(number, sums) for number in range(len(BANDS)) if any(key[0] == number for key in sums)]

    def _reasons(self, shares: Mapping[int, float]) -> list[ReasonRow]:
        sums: dict[str, list[float]] = {}
        for cell, part in self._shared(shares):
            if cell.reason:
                own = sums.setdefault(cell.reason, [0, 0])
                own[0] += cell.people * part
                own[1] += cell.active * part
        return [ReasonRow(reason, round(people), round(active)) for reason, (people, active) in sorted(sums.items())]

    def _shared(self, shares: Mapping[int, float]) -> Iterable[tuple[Cell, float]]:
        return ((cell, part) for pk, part in shares.items() for cell in self.cells.get(pk, ()))


class _Figures:
    """What a source says of any unit, carried over to it where the source counted other units."""

    def __init__(self, basis: Basis, extents: Mapping[int, frozenset[str]]) -> None:
        self.basis = basis
        self.extents = extents
        self.source: Source | None = None
        self.decreed: dict[int, int] = {}
        self.whole = 0
        if basis == Basis.CENSUS:
            self.source = Source(structures.CENSUS, "2019-04-01", is_estimate=False)
        elif basis == Basis.STATISTICS:
            figure = PopulationFigure.objects.filter(as_of="2021").first()
            self.whole = figure.people if figure else 0
            self.source = Source(figure.source if figure else "", "2021", is_estimate=True)
        elif basis == Basis.DECREE:
            rows = PopulationFigure.objects.filter(source=structures.DECREE)
            self.decreed = dict(rows.values_list("division_id", "people"))
            self.source = Source(structures.DECREE, "2025-06", is_estimate=False)

    def of(self, atoms: frozenset[str]) -> Figure | None:
        if self.basis == Basis.CENSUS:
            return Figure(round(carrying.people(atoms)), carrying.is_cut(atoms))
        if self.basis == Basis.STATISTICS and self.whole:
            everywhere = sum(carrying.people_of_atoms().values())
            is_all = len(atoms) == len(carrying.people_of_atoms())
            return Figure(round(self.whole * carrying.people(atoms) / everywhere), not is_all)
        if self.basis == Basis.DECREE:
            inside = [pk for pk in self.decreed if self.extents[pk] <= atoms]
            if inside and frozenset().union(*(self.extents[pk] for pk in inside)) == atoms:
                return Figure(sum(self.decreed[pk] for pk in inside))
        return None


def _together(rows: Sequence[Row]) -> Figure | None:
    """The figures of all rows added up; None unless every row has one."""
    wholes = [row.share.whole for row in rows if row.share.whole is not None]
    return Figure(sum(wholes)) if rows and len(wholes) == len(rows) else None


def _band(number: int, sums: Mapping[tuple[int, str], Sequence[float]]) -> BandRow:
    def told(*sexes: str) -> Share:
        found = [sums.get((number, sex), (0, 0)) for sex in sexes]
        return Share(round(sum(active for active, _ in found)), round(sum(people for _, people in found)))

    until = BANDS[number + 1] - 1 if number + 1 < len(BANDS) else None
    return BandRow(BANDS[number], until, told("female"), told("male"), told("female", "male", ""))


def _trend(shares: Mapping[int, float], since: date | None) -> list[Level]:
    """The counts at the end of each day, up to today; empty where no card was ever active."""
    last, begun = today(), ground.first_active_day(shares)
    if begun is None:
        return []
    first = since or min(begun, last - SHORTEST)
    first = min(max(first, last - LONGEST), last)
    changes = {level.on: level for level in ground.changes_since(shares, first)}
    at, levels = Level(first, 0, 0, 0), []
    for number in range(-1, (last - first).days + 1):
        on = first + timedelta(days=number)
        by = changes.get(on, Level(on, 0, 0, 0))
        at = Level(on, at.counted + by.counted, at.issued + by.issued, at.active + by.active)
        levels.append(at)
    return [Level(one.on, round(one.counted), round(one.issued), round(one.active)) for one in levels[1:]]
