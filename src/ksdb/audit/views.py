"""The auditor's pages: the trail with filters, and the counts of a month."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from ksdb.audit import queries
from ksdb.audit.actions import look
from ksdb.audit.forms import EntriesForm, MonthForm
from ksdb.audit.words import detail_lines, purpose_label
from ksdb.core.clock import today
from ksdb.core.scope import Permission
from ksdb.web.requires import ScopedRequest, requires


@require_safe
@never_cache
@requires(Permission.AUDIT_ENTRY_READ)
def entries(request: ScopedRequest) -> HttpResponse:
    form = EntriesForm(request.scope, request.GET)
    context: dict[str, object] = {"form": form}
    if form.is_valid():
        page = look(request.scope, form.asked, request.GET.get("page"))
        positions = queries.positions_of(request.scope, [entry.pk for entry in page])
        context["page"] = page
        context["rows"] = [
            (entry, positions.get(entry.pk), purpose_label(entry.purpose), detail_lines(entry.detail)) for entry in page
        ]
    return render(request, "audit/entries.html", context)


@require_safe
@requires(Permission.AUDIT_ENTRY_READ)
def counts(request: ScopedRequest) -> HttpResponse:
    form = MonthForm(request.GET if "month" in request.GET else {"month": f"{today():%Y-%m}"})
    context: dict[str, object] = {"form": form}
    if form.is_valid():
        month = form.cleaned_data["month"]
        rows = queries.counts_of_month(request.scope, month)
        context |= {"month": month, "rows": [(purpose_label(row.purpose), row) for row in rows]}
    return render(request, "audit/counts.html", context)
