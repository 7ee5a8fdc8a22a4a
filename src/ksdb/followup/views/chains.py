"""Pages of chains of transmission: a table and a drawing that say the same. Case numbers, never names."""

from collections.abc import Callable, Sequence
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from ksdb.core.clock import now
from ksdb.core.scope import Permission
from ksdb.followup.chains import Chain, around
from ksdb.followup.drawing import MOST_DRAWN, drawing_of
from ksdb.followup.queries.chains import MOST_CASES, chain_of, chains_in
from ksdb.tracing import queries as tracing
from ksdb.tracing.queries.reporting import reported_case
from ksdb.web.asked import number_in
from ksdb.web.requires import ScopedRequest, requires

READ = Permission.TRACING_CASE_READ
PAGE_ROWS = 50
NEAR = 2
SORTS: dict[str, Callable[[Chain], Any]] = {
    "chain": lambda chain: chain.id,
    "size": lambda chain: (-chain.size, chain.id),
    "generations": lambda chain: (-chain.generations, chain.id),
    "first": lambda chain: (chain.first_on, chain.id),
    "last": lambda chain: (-chain.last_on.toordinal(), chain.id),
}


@require_GET
@never_cache
@requires(READ)
def chains(request: ScopedRequest) -> HttpResponse:
    found, alone = chains_in(request.scope)
    sort = request.GET.get("sort", "size")
    sort = sort if sort in SORTS else "size"
    page = Paginator(sorted(found, key=SORTS[sort]), PAGE_ROWS).get_page(number_in(request.GET.get("page")) or 1)
    context = {
        "page": page,
        "sort": sort,
        "alone": alone,
        "cases": alone + sum(chain.size for chain in found),
        "most": MOST_CASES,
        "drawn": MOST_DRAWN,
        "as_of": now(),
    }
    return render(request, "followup/chains.html", context)


@require_GET
@never_cache
@requires(READ)
def graph(request: ScopedRequest) -> HttpResponse:
    """The largest chains, up to 5,000 cases."""
    found, _ = chains_in(request.scope)
    return _drawn(found)


def _drawn(found: Sequence[Chain]) -> JsonResponse:
    return JsonResponse(drawing_of(found))


@require_GET
@never_cache
@requires(READ)
def chain(request: ScopedRequest, case_id: int) -> HttpResponse:
    tracing.case(request.scope, case_id)
    return _chain(request, case_id, reverse("followup:chain_graph", args=[case_id]))


@require_GET
@never_cache
@requires(READ)
def reported_chain(request: ScopedRequest, report_id: int) -> HttpResponse:
    """The chain of a case of an unknown person; once it is known who it is, that of the case."""
    one = reported_case(request.scope, report_id)
    if one.case_id:
        return redirect("followup:chain", one.case_id)
    return _chain(request, -report_id, reverse("followup:reported_graph", args=[report_id]))


def _chain(request: ScopedRequest, node_id: int, graph_url: str) -> HttpResponse:
    whole = chain_of(request.scope, node_id)
    near = request.GET.get("all") != "1"
    shown = around(whole, node_id, NEAR) if near else whole
    page = Paginator(shown.members, PAGE_ROWS).get_page(number_in(request.GET.get("page")) or 1)
    names = whole.names
    context = {
        "case_id": node_id,
        "name": names[node_id],
        "report_id": -node_id if node_id < 0 else None,
        "graph_url": graph_url if near else f"{graph_url}?all=1",
        "rows": [(one, [(names[tie.source], tie.basis) for tie in one.through]) for one in page],
        "chain": whole,
        "shown": shown,
        "near": near,
        "page": page,
        "as_of": now(),
    }
    return render(request, "followup/chain.html", context)


@require_GET
@never_cache
@requires(READ)
def chain_graph(request: ScopedRequest, case_id: int) -> HttpResponse:
    tracing.case(request.scope, case_id)
    return _drawn_around(request, case_id)


@require_GET
@never_cache
@requires(READ)
def reported_graph(request: ScopedRequest, report_id: int) -> HttpResponse:
    reported_case(request.scope, report_id)
    return _drawn_around(request, -report_id)


def _drawn_around(request: ScopedRequest, node_id: int) -> JsonResponse:
    whole = chain_of(request.scope, node_id)
    return _drawn([whole if request.GET.get("all") == "1" else around(whole, node_id, NEAR)])
