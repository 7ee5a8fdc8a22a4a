"""Pages on which the ward corrects what is said of a point, closes it and opens it again."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from ksdb.core.scope import Permission
from ksdb.visits import actions, queries
from ksdb.visits.choices import kinds_named
from ksdb.visits.forms import PointFactsForm
from ksdb.web.requires import ScopedRequest, requires


@never_cache
@requires(Permission.VISITS_POINT_WRITE)
def correct(request: ScopedRequest, point_id: int) -> HttpResponse:
    found = queries.written_point(request.scope, point_id)
    form = PointFactsForm(kinds_named(request.scope), found, request.POST or None)
    if form.is_valid():
        actions.correct_point(request.scope, point_id, form.facts)
        messages.success(request, gettext("The place is corrected."))
        return redirect("visits:point", point_id)
    context = {"form": form, "title": gettext("Correct the place"), "point_id": point_id}
    return render(request, "visits/device_form.html", context, status=422 if form.errors else 200)


@never_cache
@requires(Permission.VISITS_POINT_WRITE)
def close(request: ScopedRequest, point_id: int) -> HttpResponse:
    found = queries.written_point(request.scope, point_id)
    if request.method == "POST":
        actions.close_point(request.scope, point_id)
        messages.success(request, gettext("The place is closed. Its devices are out of service."))
        return redirect("visits:point", point_id)
    return render(request, "visits/close.html", {"point": found})


@require_POST
@requires(Permission.VISITS_POINT_WRITE)
def reopen(request: ScopedRequest, point_id: int) -> HttpResponse:
    actions.reopen_point(request.scope, point_id)
    messages.success(request, gettext("The place is open again. Make codes for its devices."))
    return redirect("visits:point", point_id)
