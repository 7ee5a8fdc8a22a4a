"""Opening a case: whose it is, its days, and at once the trace, where that is asked for."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from ksdb.access.limits import TooManySearches
from ksdb.core.clock import now
from ksdb.core.errors import KsdbError
from ksdb.core.scope import Permission
from ksdb.tracing import actions, queries
from ksdb.tracing.forms import CaseForm, PersonForm, TraceForm
from ksdb.tracing.queries.opening import open_case_of, people_named
from ksdb.web.requires import ScopedRequest, requires

WRITE = Permission.TRACING_CASE_WRITE
PRESSED_TWICE = timedelta(minutes=10)


@require_http_methods(["GET", "POST"])
@never_cache
@requires(WRITE)
def case_new(request: ScopedRequest) -> HttpResponse:
    form = PersonForm(request.POST or None)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        if not form.cleaned_data["number"]:
            context |= candidates(request, form)
        elif resident_id := resident_by(request, form):
            return redirect("tracing:case_open", resident_id)
    return render(request, "tracing/case_new.html", context, status=422 if form.errors else 200)


def resident_by(request: ScopedRequest, form: PersonForm) -> int | None:
    """Whom the number names; what stands in the way is said in the form."""
    try:
        return queries.resident_by_number(request.scope, form.cleaned_data["number"])
    except KsdbError as error:
        form.add_error("number", gettext(error.sentence()))
        return None


def candidates(request: ScopedRequest, form: PersonForm) -> dict[str, Any]:
    """Who has that name, for the page; what stands in the way is said in the form."""
    try:
        people, found = people_named(request.scope, form.search)
    except TooManySearches as error:
        form.add_error("name", gettext(error.sentence()))
        return {}
    return {"people": people, "found": found}


@require_http_methods(["GET", "POST"])
@never_cache
@requires(WRITE)
def case_open(request: ScopedRequest, resident_id: int) -> HttpResponse:
    person = queries.person_for_case(request.scope, resident_id)
    form = CaseForm(queries.profiles(request.scope), request.POST or None)
    is_traced = request.POST.get("then") == "trace"
    trace_form = TraceForm(queries.rule_sets(request.scope), request.POST if is_traced else None)
    if form.is_valid() and (trace_form.is_valid() or not is_traced):
        try:
            opened = actions.open_case(request.scope, resident_id, form.facts)
        except actions.CaseOpenAlready as error:
            if same := _pressed_twice(request, resident_id, form):
                return _further(same, trace_form, request)
            form.add_error(None, gettext(error.sentence()))
        else:
            if form.is_isolated_before_onset:
                messages.warning(
                    request, gettext("Isolation began before the onset. Check the days, if that is wrong.")
                )
            return _further(opened, trace_form, request)
    context = {"form": form, "trace_form": trace_form, "person": person}
    context["open_case"] = open_case_of(request.scope, resident_id)
    has_errors = form.errors or (is_traced and trace_form.errors)
    return render(request, "tracing/case_open.html", context, status=422 if has_errors else 200)


def _pressed_twice(request: ScopedRequest, resident_id: int, form: CaseForm) -> Any:
    """The case that the same person has just opened with the same facts."""
    one = open_case_of(request.scope, resident_id)
    if one is None or one.opened_by_id != request.scope.actor_id or one.opened_at < now() - PRESSED_TWICE:
        return None
    facts = form.facts
    said = (one.profile.code, one.onset_on, one.sampled_on, one.isolated_at)
    return one if said == (facts.profile, facts.onset_on, facts.sampled_on, facts.isolated_at) else None


def _further(opened: Any, trace_form: TraceForm, request: ScopedRequest) -> HttpResponse:
    """To the ranked contacts where they were asked for, else to the case. What has just run is not run again."""
    if not trace_form.is_bound:
        return redirect("tracing:case", opened.pk)
    said = trace_form.cleaned_data
    made = opened.traces.order_by("-id").first() or actions.run_trace(
        request.scope, opened.pk, said["rules"], int(said["generations"])
    )
    return redirect("tracing:trace", made.pk)
