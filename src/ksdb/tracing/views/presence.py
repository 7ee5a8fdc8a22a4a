"""Who was at a place between two hours, for a case."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from ksdb.approvals.kinds import MOST_ALONE, AlreadyAsked, Kind, UnitMissing
from ksdb.core.errors import KsdbError
from ksdb.core.scope import Permission
from ksdb.tracing.actions import presence as actions
from ksdb.tracing.actions.exporting import Asked
from ksdb.tracing.forms import ExportForm
from ksdb.tracing.forms.presence import HoursForm, PointForm
from ksdb.tracing.period import PeriodEmpty
from ksdb.tracing.queries import case as case_of
from ksdb.tracing.queries import present as queries
from ksdb.tracing.views.files import as_file
from ksdb.web.asked import number_in
from ksdb.web.exporting import Written
from ksdb.web.requires import ScopedRequest, requires

READ, EXPORT = Permission.TRACING_CASE_READ, Permission.TRACING_TRACE_EXPORT


REFUSALS = (queries.CaseNotOpen, queries.SpanOutside, queries.SpanTooLong, queries.ReasonNeeded, PeriodEmpty)


@require_GET
@never_cache
@requires(READ)
def points(request: ScopedRequest, case_id: int) -> HttpResponse:
    """Looks for a place that the case names, though it was not scanned there."""
    one = case_of(request.scope, case_id)
    form = PointForm(request.GET)
    text = form.cleaned_data["name"] if form.is_valid() else ""
    found = queries.points_named(request.scope, case_id, text)
    context = {"form": form, "case_id": one.pk, "points": found, "text": text, "most": queries.MOST_POINTS}
    return render(request, "tracing/points.html", context)


@require_GET
@never_cache
@requires(READ)
def point(request: ScopedRequest, case_id: int, point_id: int) -> HttpResponse:
    found = queries.point_for(request.scope, case_id, point_id)
    form = _hours_form(request, case_id, point_id)
    context: dict[str, Any] = {"form": form, "point": found, "case_id": case_id}
    if form.is_valid():
        hours = queries.Hours(case_id, point_id, form.span, form.reason)
        try:
            shown = queries.present_at(request.scope, hours, number_in(request.GET.get("page")) or 1)
        except REFUSALS as error:
            _refuse(form, error)
        else:
            context |= {"shown": shown, "page": shown.page, "can_export": request.scope.allows(EXPORT)}
            context["asked"] = urlencode({name: request.GET.get(name, "") for name in form.fields})
    return render(request, "tracing/point.html", context, status=422 if form.errors else 200)


def _hours_form(request: ScopedRequest, case_id: int, point_id: int) -> HoursForm:
    is_of_case = queries.is_of_case(request.scope, case_id, point_id)
    return HoursForm(request.GET if "on" in request.GET else None, is_of_case=is_of_case)


def _refuse(form: HoursForm, error: KsdbError) -> None:
    form.add_error("why" if isinstance(error, queries.ReasonNeeded) else "on", gettext(error.sentence()))


@require_http_methods(["GET", "POST"])
@never_cache
@requires(EXPORT)
def point_export(request: ScopedRequest, case_id: int, point_id: int) -> HttpResponseBase:
    found = queries.point_for(request.scope, case_id, point_id)
    hours_form, form = _hours_form(request, case_id, point_id), ExportForm(request.POST or None)
    back = reverse("tracing:point", args=[case_id, point_id])
    asked = f"{back}?{request.GET.urlencode()}"
    if not hours_form.is_valid():
        return redirect(back)
    hours = queries.Hours(case_id, point_id, hours_form.span, hours_form.reason)
    try:
        if form.is_valid() and (done := _export(request, hours, form)):
            return done
        count = len(queries.met_at(request.scope, hours))
    except REFUSALS:
        return redirect(asked)
    context = {
        "form": form,
        "title": gettext("Take out who was at %(place)s") % {"place": found.name},
        "introduction": "",
        "needs_two": count > MOST_ALONE[Kind.POINT_EXPORT],
        "most": MOST_ALONE[Kind.POINT_EXPORT],
        "submit_label": gettext("Take out the list"),
        "cancel_url": asked,
    }
    return render(request, "tracing/export.html", context, status=422 if form.errors else 200)


def _export(request: ScopedRequest, hours: queries.Hours, form: ExportForm) -> HttpResponseBase | None:
    """The file, or the act that has to be decided first; what stands in the way is said in the form."""
    said = form.cleaned_data
    asked = Asked(said["purpose"], said["reason"], said["kind"])
    try:
        done = actions.export_present(request.scope, hours, asked)
    except (AlreadyAsked, UnitMissing) as error:
        form.add_error(None, gettext(error.sentence()))
        return None
    if isinstance(done, Written):
        return as_file(done.path, f"ksdb-point-{hours.point_id}")
    messages.success(request, gettext("You have asked for this. Somebody of another unit decides within 72 hours."))
    return redirect("approvals:act", done.pk)
