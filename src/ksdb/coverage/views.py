"""The coverage page."""

from datetime import date

from django.http import HttpResponse
from django.shortcuts import render

from ksdb.core.clock import now, today
from ksdb.core.scope import Permission, Scope
from ksdb.coverage.queries import CoverageTable, coverage_at, coverage_below, way_to
from ksdb.places.queries import eras
from ksdb.web.asked import number_in
from ksdb.web.requires import ScopedRequest, requires


@requires(Permission.COVERAGE_FIGURES_READ)
def divisions(request: ScopedRequest) -> HttpResponse:
    scope = request.scope
    table = _asked(scope, request)
    start = table.of.valid_from if table.of else _era_of(scope, request)
    context = {"table": table, "path": way_to(scope, table), "eras": eras(scope), "era": start, "as_of": now()}
    return render(request, "coverage/divisions.html", context)


def _asked(scope: Scope, request: ScopedRequest) -> CoverageTable:
    division_id = number_in(request.GET.get("division"))
    if division_id is not None:
        return coverage_below(scope, division_id)
    return coverage_at(scope, _era_of(scope, request))


def _era_of(scope: Scope, request: ScopedRequest) -> date:
    asked = request.GET.get("era", "")
    return next((start for start in eras(scope) if start.isoformat() == asked), today())
