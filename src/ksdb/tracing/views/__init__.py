"""Pages of cases, traces and contacts."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ksdb.approvals.kinds import MOST_ALONE, AlreadyAsked, Kind, SecondPersonNeeded, UnitMissing
from ksdb.core.scope import Permission
from ksdb.tracing import actions, queries
from ksdb.tracing.actions import exporting, keeping
from ksdb.tracing.forms import ExportForm, TraceForm
from ksdb.tracing.forms.cases import FIELD_LABELS, CasesForm, LinkForm, ResultForm
from ksdb.tracing.period import is_isolated_before_onset
from ksdb.tracing.queries.changes import unseen_changes
from ksdb.tracing.queries.reporting import corrections_of, links_of
from ksdb.tracing.timeline import timeline_of
from ksdb.tracing.views.files import as_file
from ksdb.web.asked import number_in
from ksdb.web.requires import ScopedRequest, requires

READ, WRITE = Permission.TRACING_CASE_READ, Permission.TRACING_CASE_WRITE
EXPORT = Permission.TRACING_TRACE_EXPORT


@require_http_methods(["GET", "POST"])
@never_cache
@requires(READ)
def cases(request: ScopedRequest) -> HttpResponse:
    """A name is looked for by POST; its first 50 cases are shown, all else is asked for in the address."""
    form = CasesForm(queries.profiles(request.scope), request.POST or request.GET)
    wanted = form.wanted if form.is_valid() else None
    if request.method == "POST" and wanted and not wanted.name:
        said = {name: request.POST[name] for name in form.fields if request.POST.get(name)}
        return redirect(f"{reverse('tracing:cases')}?{urlencode(said)}")
    page = queries.cases_in(request.scope, number_in(request.GET.get("page")) or 1, wanted)
    changed, changed_count = unseen_changes(request.scope)
    is_filtered = wanted is not None and wanted != queries.CasesWanted()
    context = {"page": page, "changed": changed, "changed_count": changed_count, "form": form}
    context |= {"is_filtered": is_filtered, "has_name": bool(wanted and wanted.name)}
    return render(request, "tracing/cases.html", context, status=422 if form.errors else 200)


@require_GET
@never_cache
@requires(READ)
def case(request: ScopedRequest, case_id: int) -> HttpResponse:
    sheet = queries.case_sheet(request.scope, case_id)
    one = sheet.case
    period = actions.period_of(one)
    context = {
        "sheet": sheet,
        "period": period,
        "timeline": timeline_of(period, one.onset_on, one.sampled_on, one.isolated_at, sheet.stays),
        "trace_form": TraceForm(queries.rule_sets(request.scope)),
        "can_write": request.scope.allows(WRITE),
        "corrections": [(row, FIELD_LABELS[row.change.field]) for row in corrections_of(request.scope, case_id)],
        "links": links_of(request.scope, case_id),
        "link_form": LinkForm(),
        "result_form": ResultForm(),
        "is_isolated_early": is_isolated_before_onset(one.onset_on, one.isolated_at),
    }
    return render(request, "tracing/case.html", context)


@require_POST
@requires(WRITE)
def trace_run(request: ScopedRequest, case_id: int) -> HttpResponse:
    queries.case(request.scope, case_id)
    form = TraceForm(queries.rule_sets(request.scope), request.POST)
    if not form.is_valid():
        return redirect("tracing:case", case_id)
    said = form.cleaned_data
    made = actions.run_trace(request.scope, case_id, said["rules"], int(said["generations"]))
    return redirect("tracing:trace", made.pk)


@require_POST
@requires(WRITE)
def case_close(request: ScopedRequest, case_id: int) -> HttpResponse:
    keeping.close_case(request.scope, case_id)
    messages.success(request, gettext("The case is closed. It is deleted when the days of its profile are over."))
    return redirect("tracing:case", case_id)


@require_POST
@requires(WRITE)
def case_reopen(request: ScopedRequest, case_id: int) -> HttpResponse:
    try:
        keeping.reopen_case(request.scope, case_id)
    except actions.CaseOpenAlready as error:
        messages.error(request, gettext(error.sentence()))
    else:
        messages.success(request, gettext("The case is open again, and nothing of it is deleted."))
    return redirect("tracing:case", case_id)


@require_http_methods(["GET", "POST"])
@never_cache
@requires(EXPORT)
def export(request: ScopedRequest, trace_id: int) -> HttpResponseBase:
    found = queries.trace(request.scope, trace_id)
    form = ExportForm(request.POST or None)
    if form.is_valid() and (done := _export(request, trace_id, form)):
        return done
    needs_two = found.contact_count > MOST_ALONE[Kind.TRACE_EXPORT]
    introduction = ngettext(
        "The trace has %(count)s contact.", "The trace has %(count)s contacts.", found.contact_count
    )
    context = {
        "form": form,
        "title": gettext("Take out the contacts of trace %(number)s") % {"number": trace_id},
        "introduction": introduction % {"count": found.contact_count},
        "needs_two": needs_two,
        "most": MOST_ALONE[Kind.TRACE_EXPORT],
        "submit_label": gettext("Ask") if needs_two else gettext("Take out the list"),
        "cancel_url": reverse("tracing:trace", args=[trace_id]),
    }
    return render(request, "tracing/export.html", context, status=422 if form.errors else 200)


def _export(request: ScopedRequest, trace_id: int, form: ExportForm) -> HttpResponseBase | None:
    """The file, or the act that has to be decided first; what stands in the way is said in the form."""
    said = form.cleaned_data
    asked = exporting.Asked(said["purpose"], said["reason"], said["kind"])
    try:
        return as_file(exporting.export_trace(request.scope, trace_id, asked).path, f"ksdb-trace-{trace_id}")
    except SecondPersonNeeded:
        pass
    try:
        act = exporting.ask_export(request.scope, trace_id, asked)
    except (AlreadyAsked, UnitMissing) as error:
        form.add_error(None, gettext(error.sentence()))
        return None
    messages.success(request, gettext("You have asked for this. Somebody of another unit decides within 72 hours."))
    return redirect("approvals:act", act.pk)


@require_GET
@never_cache
@requires(EXPORT)
def export_file(request: ScopedRequest, act_id: int) -> HttpResponseBase:
    return as_file(exporting.approved_file(request.scope, act_id), f"ksdb-act-{act_id}")
