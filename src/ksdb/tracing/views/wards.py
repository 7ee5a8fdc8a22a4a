"""Pages of the lists for wards: handed over by the epidemiologist, read, printed and taken out by the ward."""

from functools import partial

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from ksdb.approvals.forms import ReasonForm
from ksdb.approvals.kinds import MOST_ALONE, Kind, SecondPersonNeeded
from ksdb.core.clock import now
from ksdb.core.scope import Permission
from ksdb.tracing import queries
from ksdb.tracing.actions import wards as actions
from ksdb.tracing.actions.exporting import Asked
from ksdb.tracing.forms import ExportForm
from ksdb.tracing.queries import wards as ward_queries
from ksdb.tracing.views.asking import ask_for
from ksdb.tracing.views.files import as_file
from ksdb.tracing.words import incomplete
from ksdb.web.asked import number_in
from ksdb.web.requires import ScopedRequest, requires

READ, WRITE = Permission.TRACING_CASE_READ, Permission.TRACING_CASE_WRITE
LISTS = Permission.TRACING_LIST_READ


@require_http_methods(["GET", "POST"])
@never_cache
@requires(READ)
def wards(request: ScopedRequest, trace_id: int) -> HttpResponse:
    found = queries.trace(request.scope, trace_id)
    if request.method == "POST":
        chosen = {number for text in request.POST.getlist("commune") if (number := number_in(text))}
        made = actions.hand_over(request.scope, trace_id, chosen)
        said = ngettext("%(count)s ward has its list.", "%(count)s wards have their lists.", len(made))
        messages.success(request, said % {"count": len(made)})
        return redirect("tracing:wards", trace_id)
    rows = ward_queries.wards_of(request.scope, trace_id)
    context = {"trace": found, "rows": rows, "can_hand_over": request.scope.allows(WRITE), "as_of": found.ran_at}
    context["has_waiting"] = any(row.handed is None for row in rows)
    return render(request, "tracing/wards.html", context)


@require_GET
@never_cache
@requires(LISTS)
def ward_lists(request: ScopedRequest) -> HttpResponse:
    page = ward_queries.ward_lists(request.scope, number_in(request.GET.get("page")) or 1)
    return render(request, "tracing/ward_lists.html", {"page": page, "as_of": now()})


@require_GET
@never_cache
@requires(LISTS)
def ward_list(request: ScopedRequest, list_id: int) -> HttpResponse:
    sheet = ward_queries.ward_sheet(request.scope, list_id, number_in(request.GET.get("page")) or 1)
    context = {"sheet": sheet, "one": sheet.ward_list, "page": sheet.page, "as_of": sheet.ward_list.trace.ran_at}
    context["incomplete"] = incomplete(queries.completeness_of(request.scope, sheet.ward_list.trace))
    return render(request, "tracing/ward_list.html", context)


@require_http_methods(["GET", "POST"])
@never_cache
@requires(LISTS)
def ward_print(request: ScopedRequest, list_id: int) -> HttpResponse:
    """Asks why, and then shows the whole list; by POST, since each person on it is written to the trail."""
    found = ward_queries.ward_list(request.scope, list_id)
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        return _printed(request, list_id, form.cleaned_data["reason"])
    context = {
        "form": form,
        "title": gettext("The list of %(commune)s on paper") % {"commune": found.division.name},
        "is_paper": True,
        "submit_label": gettext("Show the list to print"),
        "cancel_url": reverse("tracing:ward_list", args=[list_id]),
    }
    return render(request, "tracing/export.html", context, status=422 if form.errors else 200)


def _printed(request: ScopedRequest, list_id: int, reason: str) -> HttpResponse:
    try:
        paper = actions.print_ward_list(request.scope, list_id, reason)
    except SecondPersonNeeded:
        messages.error(request, gettext("More than 500 people. Take the list out as a file; a second person decides."))
        return redirect("tracing:ward_export", list_id)
    found = ward_queries.ward_list(request.scope, list_id)
    context = {"one": found, "paper": paper, "rows": paper.rows, "reason": reason, "now": now()}
    context["as_of"] = found.trace.ran_at
    context["incomplete"] = incomplete(queries.completeness_of(request.scope, found.trace))
    return render(request, "tracing/ward_print.html", context)


@require_http_methods(["GET", "POST"])
@never_cache
@requires(LISTS)
def ward_export(request: ScopedRequest, list_id: int) -> HttpResponseBase:
    found = ward_queries.ward_list(request.scope, list_id)
    form = ExportForm(request.POST or None)
    if form.is_valid():
        said = form.cleaned_data
        asked = Asked(said["purpose"], said["reason"], said["kind"])
        try:
            return as_file(actions.export_ward_list(request.scope, list_id, asked).path, f"ksdb-list-{list_id}")
        except SecondPersonNeeded:
            if page := ask_for(request, form, partial(actions.ask_ward_list, request.scope, list_id, asked)):
                return page
    context = {
        "form": form,
        "title": gettext("Take out the list of %(commune)s") % {"commune": found.division.name},
        "introduction": "",
        "needs_two": found.contact_count > MOST_ALONE[Kind.WARD_EXPORT],
        "most": MOST_ALONE[Kind.WARD_EXPORT],
        "submit_label": gettext("Take out the list"),
        "cancel_url": reverse("tracing:ward_list", args=[list_id]),
    }
    return render(request, "tracing/export.html", context, status=422 if form.errors else 200)


@require_GET
@never_cache
@requires(LISTS)
def ward_file(request: ScopedRequest, act_id: int) -> HttpResponseBase:
    return as_file(actions.approved_ward_file(request.scope, act_id), f"ksdb-act-{act_id}")
