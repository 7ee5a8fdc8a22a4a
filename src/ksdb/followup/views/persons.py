"""Pages of one contact: who it is, what to do next, what was done."""

from collections.abc import Callable

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ksdb.core.clock import now
from ksdb.core.errors import KsdbError
from ksdb.core.scope import Permission
from ksdb.followup import queries
from ksdb.followup.actions import calls
from ksdb.followup.forms import AssignForm, CallForm, CloseForm, DayForm
from ksdb.followup.queries.following import Sheet
from ksdb.followup.states import FAILED, Reason, Status
from ksdb.followup.views import READ, WRITE, asked_in, query_of, said
from ksdb.tracing.forms import CaseForm
from ksdb.tracing.queries import profiles
from ksdb.web.asked import number_in
from ksdb.web.requires import ScopedRequest, requires

CASE = Permission.TRACING_CASE_WRITE


@require_GET
@never_cache
@requires(READ)
def person(request: ScopedRequest, follow_up_id: int) -> HttpResponse:
    return _page(request, follow_up_id, {})


def _page(request: ScopedRequest, follow_up_id: int, bound: dict[str, Form]) -> HttpResponse:
    """The page with its forms; one that was filled in wrongly stands with its errors."""
    sheet = queries.sheet_of(request.scope, follow_up_id)
    asked = asked_in(request.GET)
    can_write = request.scope.allows(WRITE)
    failed = next(iter(bound.values()), None)
    context = {
        "sheet": sheet,
        "line": sheet.line,
        "call_form": bound.get("call") or CallForm(initial=_usual(sheet)),
        "day_form": bound.get("day") or DayForm(),
        "close_form": bound.get("close") or CloseForm(),
        "assign_form": bound.get("assign") or (_assign_form(request, sheet) if can_write else None),
        "form": failed,
        "can_write": can_write,
        "can_open_case": request.scope.allows(CASE),
        "query": query_of(asked),
        "as_of": now(),
    }
    return render(request, "followup/person.html", context, status=422 if failed else 200)


def _usual(sheet: Sheet) -> dict[str, str]:
    """What is most often chosen next."""
    status = sheet.line.follow_up.status
    return {"status": Status.REACHED.value if status in {Status.TO_CALL, Status.NOT_FOUND} else status}


def _assign_form(request: ScopedRequest, sheet: Sheet, data: object = None) -> AssignForm:
    one = sheet.line.follow_up
    wards = queries.wards_to_assign(request.scope)
    form = AssignForm(wards, queries.officers_for(request.scope, one.division_id), data)
    form.initial = {"officer": one.officer_id or "", "ward": ""}
    return form


@require_POST
@requires(WRITE)
def call(request: ScopedRequest, follow_up_id: int) -> HttpResponse:
    queries.follow_up(request.scope, follow_up_id, WRITE)
    form = CallForm(request.POST)
    if not form.is_valid():
        return _page(request, follow_up_id, {"call": form})
    told = gettext("Noted: nobody was reached. The person stays on today's list.")
    if form.call.reason not in FAILED:
        told = gettext("Noted.")
    return _done(request, follow_up_id, lambda: calls.note_call(request.scope, follow_up_id, form.call), told)


@require_POST
@requires(WRITE)
def day(request: ScopedRequest, follow_up_id: int) -> HttpResponse:
    queries.follow_up(request.scope, follow_up_id, WRITE)
    form = DayForm(request.POST)
    if not form.is_valid():
        return _page(request, follow_up_id, {"day": form})
    told = gettext("The entry for %(day)s is noted.") % {"day": f"{form.told.on:%-d/%-m}"}
    return _done(request, follow_up_id, lambda: calls.note_day(request.scope, follow_up_id, form.told), told)


@require_POST
@requires(WRITE)
def assign(request: ScopedRequest, follow_up_id: int) -> HttpResponse:
    sheet = queries.sheet_of(request.scope, follow_up_id)
    form = _assign_form(request, sheet, request.POST)
    if not form.is_valid():
        return _page(request, follow_up_id, {"assign": form})
    ward, officer = form.cleaned_data["ward"], form.cleaned_data["officer"]
    if ward not in {None, sheet.line.follow_up.ward_id}:
        officer = None
    told = gettext("Assigned.")
    return _done(request, follow_up_id, lambda: calls.assign(request.scope, follow_up_id, ward, officer), told)


@require_POST
@requires(WRITE)
def close(request: ScopedRequest, follow_up_id: int) -> HttpResponse:
    queries.follow_up(request.scope, follow_up_id, WRITE)
    form = CloseForm(request.POST)
    if not form.is_valid():
        return _page(request, follow_up_id, {"close": form})
    reason, note = Reason(form.cleaned_data["reason"]), form.cleaned_data["note"]
    told = gettext("The follow-up is closed. It can be opened again.")
    return _done(request, follow_up_id, lambda: calls.close(request.scope, follow_up_id, reason, note), told)


@require_POST
@requires(WRITE)
def reopen(request: ScopedRequest, follow_up_id: int) -> HttpResponse:
    told = gettext("The follow-up is open again.")
    return _done(request, follow_up_id, lambda: calls.reopen(request.scope, follow_up_id), told)


def _done(request: ScopedRequest, follow_up_id: int, act: Callable[[], object], told: str) -> HttpResponse:
    """Does it, says so, and goes on: to the list, to the next person of it, or stays."""
    queries.follow_up(request.scope, follow_up_id, WRITE)
    try:
        act()
    except KsdbError as error:
        messages.error(request, said(error))
    else:
        messages.success(request, told)
    asked = asked_in(request.GET)
    page = number_in(request.GET.get("page")) or 1
    if request.POST.get("then") == "list":
        return redirect(f"{reverse('followup:today')}{query_of(asked, page)}#contact-{follow_up_id}")
    if request.POST.get("then") == "next":
        following = queries.next_of(request.scope, asked, follow_up_id)
        if following is None:
            return redirect(f"{reverse('followup:today')}{query_of(asked)}")
        return redirect(f"{reverse('followup:person', args=[following])}{query_of(asked)}")
    return redirect(f"{reverse('followup:person', args=[follow_up_id])}{query_of(asked)}")


@require_http_methods(["GET", "POST"])
@never_cache
@requires(CASE)
def became_case(request: ScopedRequest, follow_up_id: int) -> HttpResponse:
    queries.follow_up(request.scope, follow_up_id, WRITE)
    form = CaseForm(profiles(request.scope), request.POST or None)
    if form.is_valid():
        try:
            opened = calls.became_case(request.scope, follow_up_id, form.facts)
        except KsdbError as error:
            form.add_error(None, said(error))
        else:
            told = gettext("Case %(number)s is open and linked with the cases this person met. Trace it now.")
            messages.success(request, told % {"number": opened.pk})
            return redirect("tracing:case", opened.pk)
    sheet = queries.sheet_of(request.scope, follow_up_id)
    context = {"form": form, "sheet": sheet, "line": sheet.line, "title": gettext("This contact became a case")}
    context["submit_label"] = gettext("Open the case")
    context["cancel_url"] = reverse("followup:person", args=[follow_up_id])
    return render(request, "followup/became_case.html", context, status=422 if form.errors else 200)
