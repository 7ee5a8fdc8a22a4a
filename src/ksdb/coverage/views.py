"""The coverage pages: of the province, a district, a commune, a group, in any structure; and their files."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from ksdb.core.clock import today
from ksdb.core.scope import Permission, Scope
from ksdb.coverage import drawing
from ksdb.coverage.actions import Page, export_coverage, report_on
from ksdb.coverage.counts import Basis
from ksdb.coverage.exporting import NoSuchTable
from ksdb.coverage.forms import ExportForm
from ksdb.coverage.queries import LONGEST, Asked, Report, Row, freshness, way_to
from ksdb.coverage.words import BASIS_LABELS, BASIS_NOTES, HEADINGS, REASON_LABELS, SHADE_LABELS
from ksdb.places.queries import eras
from ksdb.web.asked import number_in
from ksdb.web.exporting import TYPES
from ksdb.web.requires import ScopedRequest, requires

SHOWN_DAYS = 31
VALUES: dict[str, Callable[[Row], float | None]] = {
    "active": lambda row: row.share.part,
    "residents": lambda row: row.share.whole,
    "share": lambda row: row.share.ratio,
    "missing": lambda row: row.share.missing,
    "issued": lambda row: row.counts.issued,
    "out": lambda row: row.counts.out,
}
"""By what the table can be sorted."""
LEAST_FIRST = {"share"}
"""The most stand first, but of shares the lowest, where there is work to do; a second click turns the column."""


@dataclass(frozen=True)
class Place:
    """A commune on the map."""

    row: Row
    outline: str
    shade: int


@dataclass(frozen=True)
class Head:
    """A heading of the table: how its column is sorted now, and what a click asks for."""

    label: str
    asks: str
    way: str

    @property
    def mark(self) -> str:
        return {"ascending": " ▲", "descending": " ▼"}.get(self.way, "")


@require_GET
@never_cache
@requires(Permission.COVERAGE_FIGURES_READ)
def divisions(request: ScopedRequest) -> HttpResponse:
    page = _page(request)
    report = report_on(request.scope, page)
    start = report.of.valid_from if report.of else page.on
    order = request.GET.get("sort", "")
    fresh = freshness(request.scope)
    context = {
        "report": report,
        "rows": _sorted(report.rows, order),
        "is_sorted": order.removeprefix("-") in VALUES,
        "heads": _heads(order),
        "path": way_to(request.scope, report.of),
        "eras": eras(request.scope),
        "era": start,
        "bases": BASIS_LABELS.items(),
        "basis_label": BASIS_LABELS[report.asked.basis],
        "basis_note": BASIS_NOTES[report.asked.basis],
        "reasons": [(REASON_LABELS[one.reason], one) for one in report.reasons],
        "picture": drawing.picture(start, frozenset(report.communes)) if report.communes else None,
        "places": _places(report, start),
        "shades": list(enumerate(SHADE_LABELS)),
        "line": drawing.line(report.trend),
        "days": report.trend[::-1][:SHOWN_DAYS],
        "since": report.trend[0].on if report.trend else None,
        "earliest": today() - LONGEST,
        "latest": today() - timedelta(days=1),
        "freshness": fresh,
        "as_of": fresh.as_of,
        "export_form": ExportForm(auto_id="export_%s"),
    }
    return render(request, "coverage/divisions.html", context)


@require_POST
@never_cache
@requires(Permission.COVERAGE_FIGURES_READ)
def export(request: ScopedRequest) -> HttpResponseBase:
    form = ExportForm(request.POST)
    if not form.is_valid():
        raise NoSuchTable
    part, kind = form.cleaned_data["part"], form.cleaned_data["kind"]
    path = export_coverage(request.scope, _page(request), part, kind).path
    name = f"ksdb-coverage-{part}{path.suffix}"
    return FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type=TYPES[path.suffix[1:]])


def _page(request: ScopedRequest) -> Page:
    """The page that the address asks for; what is not understood is as if it were not there."""
    said = _said(request)
    basis = said("basis")
    asked = Asked(
        Basis(basis) if basis in set(Basis) else Basis.REGISTRY, said("by") == "communes", _day(said("since"))
    )
    return Page(number_in(said("division")), _era_of(request.scope, said("era")), asked)


def _said(request: HttpRequest) -> Callable[[str], str]:
    fields = request.POST if request.method == "POST" else request.GET
    return lambda name: fields.get(name, "")


def _era_of(scope: Scope, text: str) -> date:
    return next((start for start in eras(scope) if start.isoformat() == text), today())


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _sorted(rows: Sequence[Row], order: str) -> Sequence[Row]:
    """By a column, whoever has no figure there last; else as the rows come."""
    value = VALUES.get(order.removeprefix("-"))
    if value is None:
        return rows
    sign = 1 if _way(order) == "ascending" else -1
    told = [(value(row), row) for row in rows]
    known = sorted(((found, row) for found, row in told if found is not None), key=lambda one: sign * one[0])
    return [row for _, row in known] + [row for found, row in told if found is None]


def _way(order: str) -> str:
    is_turned = order.startswith("-")
    return "ascending" if (order.removeprefix("-") in LEAST_FIRST) != is_turned else "descending"


def _heads(order: str) -> list[Head]:
    return [
        Head(
            str(HEADINGS[name]),
            f"-{name}" if order == name else name,
            _way(order) if order in {name, f"-{name}"} else "",
        )
        for name in VALUES
    ]


def _places(report: Report, era: date) -> list[Place]:
    """The communes of the map, in the order of the table."""
    found = drawing.picture(era, frozenset(report.communes)) if report.communes else None
    if found is None:
        return []
    return [
        Place(row, found.outlines[code], drawing.shade(row.share.ratio))
        for code, row in report.communes.items()
        if code in found.outlines
    ]
