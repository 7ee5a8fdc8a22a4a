"""The list of the day, as a page, on paper and as a file."""

from django.http import FileResponse, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ksdb.core.clock import now
from ksdb.core.errors import KsdbError
from ksdb.core.scope import Permission
from ksdb.followup import queries
from ksdb.followup.actions import exporting
from ksdb.followup.faults import TooManyToTakeOut
from ksdb.followup.forms import WardForm
from ksdb.followup.queries.following import Asked, Part
from ksdb.tracing.forms import ExportForm
from ksdb.web.asked import number_in
from ksdb.web.exporting import TYPES
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


@require_POST
@never_cache
@requires(EXPORT)
def paper(request: ScopedRequest) -> HttpResponse:
    """By POST, since it names up to 500 people with their phones: no link and no reload leads here."""
    asked = asked_in(request.POST)
    context = {
        "printed": exporting.paper_list(request.scope, asked),
        "asked": asked,
        "query": query_of(asked),
        "as_of": now(),
    }
    return render(request, "followup/paper.html", context)


@require_http_methods(["GET", "POST"])
@never_cache
@requires(EXPORT)
def export(request: ScopedRequest) -> HttpResponseBase:
    asked = asked_in(request.GET)
    form = ExportForm(request.POST or None)
    if form.is_valid() and (done := _file(request, asked, form)):
        return done
    count = queries.asked_for(request.scope, asked, EXPORT).count()
    introduction = ngettext("The list has %(count)s person.", "The list has %(count)s people.", count)
    context = {
        "form": form,
        "title": gettext("Take out the list of contacts to follow"),
        "introduction": introduction % {"count": count},
        "submit_label": gettext("Take out the list"),
        "cancel_url": f"{reverse('followup:today')}{query_of(asked)}",
    }
    return render(request, "followup/export.html", context, status=422 if form.errors else 200)


def _file(request: ScopedRequest, asked: Asked, form: ExportForm) -> HttpResponseBase | None:
    wanted = exporting.Wanted(form.cleaned_data["purpose"], form.cleaned_data["reason"], form.cleaned_data["kind"])
    try:
        path = exporting.export_list(request.scope, asked, wanted).path
    except TooManyToTakeOut as error:
        form.add_error(None, said(error))
        return None
    kind = TYPES[path.suffix[1:]]
    return FileResponse(path.open("rb"), as_attachment=True, filename=f"ksdb-follow-up{path.suffix}", content_type=kind)
