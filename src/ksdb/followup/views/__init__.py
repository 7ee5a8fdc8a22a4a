"""The list of the day, as a page, on paper and as a file."""

from functools import partial

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from ksdb.approvals.forms import ReasonForm
from ksdb.approvals.kinds import MOST_ALONE, Kind, SecondPersonNeeded
from ksdb.core.clock import now
from ksdb.core.errors import KsdbError
from ksdb.core.scope import Permission
from ksdb.followup import queries
from ksdb.followup.actions import exporting
from ksdb.followup.forms import WardForm
from ksdb.followup.queries.following import Asked, Part
from ksdb.tracing.actions.exporting import Asked as Wanted
from ksdb.tracing.forms import ExportForm
from ksdb.tracing.views.asking import ask_for
from ksdb.tracing.views.files import as_file
from ksdb.web.asked import number_in
from ksdb.web.requires import ScopedRequest, requires

READ, WRITE, EXPORT = queries.READ, queries.WRITE, Permission.FOLLOWUP_LIST_EXPORT


def asked_in(given: QueryDict) -> Asked:
    """What an address or a form asks for; what it cannot mean narrows nothing."""
    part = given.get("part", "")
    return Asked(
        Part(part) if part in set(Part) else Part.TODAY,
        number_in(given.get("ward")),
        number_in(given.get("case")),
        given.get("mine") in {"1", "on"},
    )


def query_of(asked: Asked, page: int = 1) -> str:
    """The same as the end of an address, with its question mark; empty when it narrows nothing."""
    given = {
        "part": asked.part.value if asked.part is not Part.TODAY else None,
        "ward": asked.ward,
        "case": asked.case,
        "mine": 1 if asked.is_mine else None,
        "page": page if page > 1 else None,
    }
    query = urlencode({name: value for name, value in given.items() if value is not None})
    return f"?{query}" if query else ""


def said(error: KsdbError) -> str:
    """The error's sentence in the reader's language."""
    return gettext(error.sentence())


@require_GET
@never_cache
@requires(READ)
def today_list(request: ScopedRequest) -> HttpResponse:
    asked = asked_in(request.GET)
    listing = queries.lines_asked(request.scope, asked, number_in(request.GET.get("page")) or 1)
    filled = {"ward": asked.ward, "case": asked.case, "part": asked.part.value, "mine": asked.is_mine}
    context = {
        "page": listing.page,
        "lines": listing.lines,
        "asked": asked,
        "query": query_of(asked),
        "parts": _parts(asked),
        "filter_form": WardForm(queries.wards_at_work(request.scope), filled),
        "can_write": request.scope.allows(WRITE),
        "can_export": request.scope.allows(EXPORT),
        "can_see_cases": request.scope.allows(Permission.TRACING_CASE_READ),
        "as_of": now(),
    }
    return render(request, "followup/today.html", context)


def _parts(asked: Asked) -> list[tuple[str, str, bool]]:
    labels = {
        Part.TODAY: gettext("Due today"),
        Part.OPEN: gettext("All open"),
        Part.POSITIVE: gettext("Tested positive"),
        Part.GONE: gettext("No longer contacts"),
        Part.CLOSED: gettext("Closed"),
    }
    others = [(part, Asked(part, asked.ward, asked.case, asked.is_mine)) for part in Part]
    return [(f"{reverse('followup:today')}{query_of(one)}", labels[part], part is asked.part) for part, one in others]


@require_http_methods(["GET", "POST"])
@never_cache
@requires(EXPORT)
def paper(request: ScopedRequest) -> HttpResponse:
    """Asks why, and names by POST alone, since up to 500 people stand on it with their phones: no reload leads here."""
    asked = asked_in(request.GET)
    form = ReasonForm(request.POST or None)
    if form.is_valid() and (done := _paper(request, asked, form.cleaned_data["reason"])):
        return done
    count = queries.asked_for(request.scope, asked, EXPORT).count()
    context = _taking(asked, count) | {
        "form": form,
        "title": gettext("List on paper, with phones"),
        "submit_label": gettext("Show the list to print"),
        "is_paper": True,
    }
    return render(request, "followup/export.html", context, status=422 if form.errors else 200)


def _paper(request: ScopedRequest, asked: Asked, reason: str) -> HttpResponse:
    try:
        sheet = exporting.paper_list(request.scope, asked, reason)
    except SecondPersonNeeded:
        messages.error(request, gettext("More than 500 people. Take the list out as a file; a second person decides."))
        return redirect(f"{reverse('followup:export')}{query_of(asked)}")
    context = {"sheet": sheet, "printed": sheet.printed, "query": query_of(asked), "as_of": now(), "reason": reason}
    return render(request, "followup/paper.html", context)


def _taking(asked: Asked, count: int) -> dict[str, object]:
    introduction = ngettext("The list has %(count)s person.", "The list has %(count)s people.", count)
    return {
        "introduction": introduction % {"count": count},
        "needs_two": count > MOST_ALONE[Kind.FOLLOWUP_EXPORT],
        "most": MOST_ALONE[Kind.FOLLOWUP_EXPORT],
        "cancel_url": f"{reverse('followup:today')}{query_of(asked)}",
    }


@require_http_methods(["GET", "POST"])
@never_cache
@requires(EXPORT)
def export(request: ScopedRequest) -> HttpResponseBase:
    asked = asked_in(request.GET)
    form = ExportForm(request.POST or None)
    if form.is_valid() and (done := _file(request, asked, form)):
        return done
    count = queries.asked_for(request.scope, asked, EXPORT).count()
    context = _taking(asked, count) | {
        "form": form,
        "title": gettext("Take out the list of contacts to follow"),
        "submit_label": gettext("Take out the list"),
    }
    return render(request, "followup/export.html", context, status=422 if form.errors else 200)


def _file(request: ScopedRequest, asked: Asked, form: ExportForm) -> HttpResponseBase | None:
    """The file, or the act that has to be decided first; what stands in the way is said in the form."""
    wanted = Wanted(form.cleaned_data["purpose"], form.cleaned_data["reason"], form.cleaned_data["kind"])
    try:
        return as_file(exporting.export_list(request.scope, asked, wanted).path, "ksdb-follow-up")
    except SecondPersonNeeded:
        return ask_for(request, form, partial(exporting.ask_list, request.scope, asked, wanted))


@require_GET
@never_cache
@requires(EXPORT)
def export_file(request: ScopedRequest, act_id: int) -> HttpResponseBase:
    return as_file(exporting.approved_list(request.scope, act_id), f"ksdb-act-{act_id}")
