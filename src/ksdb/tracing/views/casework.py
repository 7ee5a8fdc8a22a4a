"""Pages of corrections and links of a case, of cases of unknown people, and of line lists."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ksdb.approvals.kinds import MOST_ALONE, Kind, SecondPersonNeeded
from ksdb.core.errors import KsdbError
from ksdb.core.scope import Permission
from ksdb.tracing import queries
from ksdb.tracing.actions import correcting, listing, reporting
from ksdb.tracing.actions.exporting import Asked
from ksdb.tracing.actions.running import CaseClosed
from ksdb.tracing.forms import PersonForm
from ksdb.tracing.forms.cases import (
    COLUMN_LABELS,
    CorrectionForm,
    LineExportForm,
    LineListForm,
    LinkForm,
    ReportForm,
    ResultForm,
)
from ksdb.tracing.linelist import MOST_BYTES, ListTooLong, ListUnreadable, ReadList, read_line_list
from ksdb.tracing.period import PeriodEmpty
from ksdb.tracing.queries import reporting as report_queries
from ksdb.tracing.views.asking import ask_for
from ksdb.tracing.views.files import as_file
from ksdb.tracing.views.kept import SeenList, packed, unpacked
from ksdb.tracing.views.opening import candidates, resident_by
from ksdb.web.asked import number_in
from ksdb.web.requires import ScopedRequest, requires, takes_upload

READ, WRITE = Permission.TRACING_CASE_READ, Permission.TRACING_CASE_WRITE
EXPORT = Permission.TRACING_TRACE_EXPORT
SHOWN_PROBLEMS = 20


@require_http_methods(["GET", "POST"])
@never_cache
@requires(WRITE)
def correct(request: ScopedRequest, case_id: int) -> HttpResponse:
    one = queries.case(request.scope, case_id)
    form = CorrectionForm([one.profile], one, request.POST or None)
    version = number_in(request.POST.get("version")) or one.version
    if form.is_valid():
        try:
            correcting.correct_case(request.scope, case_id, version, form.case_fields, form.cleaned_data["why"])
        except (CaseClosed, correcting.CaseChanged, PeriodEmpty) as error:
            form.add_error(None, gettext(error.sentence()))
        else:
            messages.success(request, gettext("Corrected. What stood there before is kept, and the traces run again."))
            if form.is_isolated_before_onset:
                messages.warning(
                    request, gettext("Isolation began before the onset. Check the days, if that is wrong.")
                )
            return redirect("tracing:case", case_id)
    context = {"form": form, "case": one, "is_behind": version != one.version}
    context["corrections"] = report_queries.corrections_of(request.scope, case_id)[:10]
    return render(request, "tracing/correct.html", context, status=422 if form.errors else 200)


@require_POST
@never_cache
@requires(WRITE)
def result(request: ScopedRequest, case_id: int) -> HttpResponse:
    one = queries.case(request.scope, case_id)
    form = ResultForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("Choose the result, and a day that has come."))
        return redirect("tracing:case", case_id)
    version = number_in(request.POST.get("version")) or one.version
    try:
        correcting.enter_result(request.scope, case_id, version, form.case_result, form.cleaned_data["result_on"])
    except (CaseClosed, correcting.CaseChanged) as error:
        messages.error(request, gettext(error.sentence()))
    else:
        messages.success(request, gettext("The result is entered."))
    return redirect("tracing:case", case_id)


@require_POST
@never_cache
@requires(WRITE)
def link(request: ScopedRequest, case_id: int) -> HttpResponse:
    queries.case(request.scope, case_id)
    form = LinkForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("Give the number of the other case."))
        return redirect("tracing:case", case_id)
    try:
        correcting.link_cases(request.scope, case_id, form.cleaned_data["other"], form.link_kind)
    except KsdbError as error:
        messages.error(request, gettext(error.sentence()))
    else:
        messages.success(request, gettext("The cases are linked."))
    return redirect("tracing:case", case_id)


@require_POST
@requires(WRITE)
def unlink(request: ScopedRequest, case_id: int) -> HttpResponse:
    correcting.unlink_cases(request.scope, case_id, number_in(request.POST.get("other")) or 0)
    messages.success(request, gettext("The cases are linked no more."))
    return redirect("tracing:case", case_id)


@require_http_methods(["GET", "POST"])
@never_cache
@requires(WRITE)
def report(request: ScopedRequest) -> HttpResponse:
    divisions = report_queries.communes_to_report_in(request.scope)
    form = ReportForm(queries.profiles(request.scope), divisions, request.POST or None)
    if form.is_valid():
        said = form.cleaned_data
        try:
            made = reporting.report_case(request.scope, said["division"], said["profile"], form.line)
        except reporting.LabelTaken as error:
            form.add_error("label", gettext(error.sentence()))
        else:
            return redirect("tracing:reported", made.pk)
    context = {
        "form": form,
        "title": gettext("A case of an unknown person"),
        "introduction": gettext("It is kept with its days until it is known who it is. Only then can it be traced."),
        "cancel_url": reverse("tracing:reports"),
    }
    return render(request, "web/desk_form.html", context, status=422 if form.errors else 200)


@require_GET
@never_cache
@requires(READ)
def reports(request: ScopedRequest) -> HttpResponse:
    page = report_queries.reported_cases(request.scope, number_in(request.GET.get("page")) or 1)
    return render(request, "tracing/reports.html", {"page": page, "can_write": request.scope.allows(WRITE)})


@require_http_methods(["GET", "POST"])
@never_cache
@requires(WRITE)
def reported(request: ScopedRequest, report_id: int) -> HttpResponse:
    one = report_queries.reported_case(request.scope, report_id)
    form = PersonForm(request.POST or None)
    context: dict[str, Any] = {"form": form, "one": one}
    if form.is_valid():
        if not form.cleaned_data["number"]:
            context |= candidates(request, form)
        elif resident_id := resident_by(request, form):
            try:
                return redirect("tracing:case", reporting.identify_case(request.scope, report_id, resident_id).pk)
            except KsdbError as error:
                form.add_error("number", gettext(error.sentence()))
    return render(request, "tracing/reported.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@never_cache
@takes_upload(MOST_BYTES)
@requires(WRITE)
def line_list(request: ScopedRequest) -> HttpResponse:
    if kept := unpacked(request) if "kept" in request.POST else None:
        _bring(request, kept.read, kept.division_id, kept.profile)
        return redirect("tracing:reports")
    divisions = report_queries.communes_to_report_in(request.scope)
    given = (request.POST, request.FILES) if request.method == "POST" else ()
    form = LineListForm(queries.profiles(request.scope), divisions, *given)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        said = form.cleaned_data
        try:
            read = read_line_list(said["file"].read(), form.columns)
        except (ListUnreadable, ListTooLong) as error:
            form.add_error("file", gettext(error.sentence()))
        else:
            if said["step"] == "write" and (read.lines or read.pairs):
                _bring(request, read, said["division"], said["profile"])
                return redirect("tracing:reports")
            context |= _seen(read)
            context["kept"] = packed(request, SeenList(read, said["division"], said["profile"])) if read.good else ""
    return render(request, "tracing/line_list.html", context, status=422 if form.errors else 200)


def _bring(request: ScopedRequest, read: ReadList, division_id: int, profile: str) -> None:
    if read.is_of_pairs:
        tied = reporting.tie_cases(request.scope, division_id, read.pairs)
        said = gettext("%(found)s pairs found: %(tied)s tie cases, %(unknown)s name a label that is not known here.")
        messages.success(request, said % {"found": read.count, "tied": tied.tied, "unknown": tied.unknown})
        return
    messages.success(request, _brought(read, reporting.report_cases(request.scope, division_id, profile, read.lines)))


def _seen(read: ReadList) -> dict[str, Any]:
    taken = [(COLUMN_LABELS[name], heading) for name, heading in read.columns.items()]
    refused = [(one.number, COLUMN_LABELS[one.wrong]) for one in read.refused[:SHOWN_PROBLEMS]]
    return {"read": read, "taken": taken, "refused": refused, "first_lines": read.lines[:5]}


def _brought(read: ReadList, done: reporting.Brought) -> str:
    said = gettext(
        "%(found)s rows found: %(new)s brought in, of which %(opened)s opened as cases of known people, "
        "%(known)s known already, %(refused)s refused."
    )
    counts = {"new": done.new, "opened": done.opened, "known": done.known, "refused": len(read.refused)}
    return said % {"found": read.count, **counts}


@require_http_methods(["GET", "POST"])
@never_cache
@requires(EXPORT)
def line_export(request: ScopedRequest) -> HttpResponseBase:
    form = LineExportForm(request.POST or None)
    if form.is_valid():
        said = form.cleaned_data
        try:
            asked = Asked(said["purpose"], said["reason"], said["kind"])
            written = listing.export_line_list(request.scope, (said["since"], said["until"]), asked)
        except SecondPersonNeeded:
            days = said["since"], said["until"]
            if page := ask_for(request, form, partial(listing.ask_line_list, request.scope, days, asked)):
                return page
        else:
            return as_file(written.path, "ksdb-cases")
    context = {
        "form": form,
        "title": gettext("Take out the line list of cases"),
        "introduction": "",
        "needs_two": False,
        "most": MOST_ALONE[Kind.TRACE_EXPORT],
        "submit_label": gettext("Take out the list"),
        "cancel_url": reverse("tracing:cases"),
    }
    return render(request, "tracing/export.html", context, status=422 if form.errors else 200)
