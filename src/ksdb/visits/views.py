"""Pages of scan points and their devices."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render

from ksdb.core.clock import now
from ksdb.core.scope import Permission
from ksdb.visits.queries import points_with_activity
from ksdb.web.asked import number_in
from ksdb.web.requires import ScopedRequest, requires

PAGE_ROWS = 50


@requires(Permission.VISITS_POINT_READ)
def points(request: ScopedRequest) -> HttpResponse:
    number = max(number_in(request.GET.get("page")) or 1, 1)
    start = (number - 1) * PAGE_ROWS
    rows, count = points_with_activity(request.scope, start, PAGE_ROWS)
    page = Paginator(range(count), PAGE_ROWS).get_page(number)
    return render(request, "visits/points.html", {"rows": rows, "count": count, "page": page, "as_of": now()})
