"""What a trace found: the ranked contacts, one contact with the evidence, and the places on a map."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from ksdb.core.scope import Permission
from ksdb.tracing import queries
from ksdb.tracing.forms import CommuneForm, DisputeForm
from ksdb.tracing.mapping import map_of
from ksdb.tracing.queries.changes import merged_since
from ksdb.tracing.queries.results import missing_from, places_of
from ksdb.tracing.report import Row
from ksdb.tracing.words import incomplete
from ksdb.visits.actions import dispute_visit
from ksdb.visits.disputing import AlreadyDisputed, Reason, VisitGone
from ksdb.visits.words import FLAG_LABELS
from ksdb.web.asked import number_in
from ksdb.web.requires import ScopedRequest, requires

READ, EXPORT = Permission.TRACING_CASE_READ, Permission.TRACING_TRACE_EXPORT
DISPUTE = Permission.VISITS_DISPUTE_WRITE
MOST_PLACES = 200


@require_GET
@never_cache
@requires(READ)
def trace(request: ScopedRequest, trace_id: int) -> HttpResponse:
    asked = {name: number_in(request.GET.get(name)) for name in ("commune", "generation", "place")}
    shown = queries.trace_page(
        request.scope, trace_id, queries.Chosen(**asked), number_in(request.GET.get("page")) or 1
    )
    found = queries.trace(request.scope, trace_id)
    context = {
        "report": shown.report,
        "trace": found,
        "page": shown.page,
        "rows": [(row, _flags(row)) for row in shown.report.rows],
        "filter_form": _filter(request, shown, asked),
        "missing": missing_from(request.scope, trace_id),
        "merged": merged_since(request.scope, found),
        "as_of": shown.report.ran_at,
        "chosen_generation": asked["generation"],
        "second_kept": shown.second_kept,
        "second_hidden": shown.second_kept < shown.report.second,
        "can_export": request.scope.allows(EXPORT),
        "can_write": request.scope.allows(Permission.TRACING_CASE_WRITE),
    }
    return render(request, "tracing/trace.html", context)


def _filter(request: ScopedRequest, shown: queries.TracePage, asked: dict[str, Any]) -> CommuneForm:
    communes = [(one.division_id, f"{one.name} ({one.contacts})") for one in shown.communes]
    found = places_of(request.scope, shown.report.trace_id)[:MOST_PLACES]
    places = [(one.point_id, f"{one.name} ({one.contacts})") for one in found if one.contacts]
    return CommuneForm(communes, asked, places=places, generations=shown.report.generations)


def _flags(row: Row) -> list[Any]:
    return [FLAG_LABELS[flag] for flag in row.flags]


@require_GET
@never_cache
@requires(READ)
def contact(request: ScopedRequest, trace_id: int, contact_id: int) -> HttpResponse:
    sheet = queries.contact_sheet(request.scope, trace_id, contact_id)
    context = {
        "report": sheet.report,
        "row": sheet.row,
        "evidence": [(one, [FLAG_LABELS[flag] for flag in one.flags]) for one in sheet.evidence],
        "more": sheet.row.co_presence_count - len(sheet.evidence),
        "missing": missing_from(request.scope, trace_id),
        "can_dispute": request.scope.allows(DISPUTE),
        "as_of": sheet.report.ran_at,
    }
    return render(request, "tracing/contact.html", context)


@require_GET
@never_cache
@requires(READ)
def places(request: ScopedRequest, trace_id: int) -> HttpResponse:
    found = places_of(request.scope, trace_id)
    one = queries.trace(request.scope, trace_id)
    shown = found[:MOST_PLACES]
    drawn = map_of([place for place in shown if not place.is_sensitive])
    context = {"trace": one, "places": shown, "count": len(found), "map": drawn, "as_of": one.ran_at}
    context["has_sensitive"] = any(place.is_sensitive for place in shown)
    context["incomplete"] = incomplete(queries.completeness_of(request.scope, one))
    return render(request, "tracing/places.html", context)


@require_http_methods(["GET", "POST"])
@never_cache
@requires(READ)
def dispute(request: ScopedRequest, trace_id: int, contact_id: int, meeting_id: int) -> HttpResponse:
    """Notes that a contact says of a meeting that he was not there; somebody else decides about it."""
    request.scope.require(DISPUTE)
    visit = queries.visit_of_meeting(request.scope, trace_id, contact_id, meeting_id)
    form = DisputeForm(request.POST or None)
    back = reverse("tracing:contact", args=[trace_id, contact_id])
    if form.is_valid():
        said = form.cleaned_data
        try:
            dispute_visit(request.scope, visit, Reason(said["reason"]), said["text"])
        except (AlreadyDisputed, VisitGone) as error:
            form.add_error(None, gettext(error.sentence()))
        else:
            messages.success(request, gettext("Noted. Somebody else decides about it; then the trace runs again."))
            return redirect(back)
    context = {
        "form": form,
        "title": gettext("The person says that the visit was not hers or his"),
        "introduction": gettext("Accepted, the visit counts no more in any trace. It stays in the log, marked."),
        "submit_label": gettext("Note the dispute"),
        "cancel_url": back,
    }
    return render(request, "web/desk_form.html", context, status=422 if form.errors else 200)
