"""Pages of the epidemiologist: how far each case is, and which run of it is followed."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ksdb.core.clock import now
from ksdb.core.errors import KsdbError
from ksdb.core.scope import Permission
from ksdb.followup import actions
from ksdb.followup.faults import NotFollowed, TooManyChosen
from ksdb.followup.forms import FollowForm
from ksdb.followup.quarantine import quarantine_of
from ksdb.followup.queries import progress as reads
from ksdb.followup.views import said
from ksdb.tracing import queries as tracing
from ksdb.web.asked import number_in
from ksdb.web.requires import ScopedRequest, requires

READ, WRITE = Permission.TRACING_CASE_READ, Permission.TRACING_CASE_WRITE


@require_GET
@never_cache
@requires(READ)
def progress(request: ScopedRequest) -> HttpResponse:
    page, rows = reads.followed_cases(request.scope, number_in(request.GET.get("page")) or 1)
    can_see_wards = request.scope.allows(Permission.FOLLOWUP_LIST_READ)
    wards = reads.ward_counts(request.scope) if can_see_wards else []
    can_see_drills = request.scope.allows(Permission.FOLLOWUP_DRILL_READ)
    context = {"page": page, "rows": rows, "wards": wards, "can_see_drills": can_see_drills, "as_of": now()}
    return render(request, "followup/progress.html", context)


@require_GET
@never_cache
@requires(READ)
def case(request: ScopedRequest, case_id: int) -> HttpResponse:
    """Not followed yet, it shows how to begin."""
    scope = request.scope
    tracing.case(scope, case_id)
    latest = reads.latest_trace(scope, case_id)
    context: dict[str, object] = {
        "case_id": case_id,
        "latest": latest,
        "can_write": scope.allows(WRITE),
        "as_of": now(),
    }
    if reads.is_followed(scope, case_id):
        can_see_wards = scope.allows(Permission.FOLLOWUP_LIST_READ)
        context["progress"] = reads.progress_of(scope, case_id)
        context["wards"] = reads.ward_counts(scope, case_id) if can_see_wards else []
    return render(request, "followup/case.html", context)


@require_http_methods(["GET", "POST"])
@never_cache
@requires(WRITE)
def follow(request: ScopedRequest, trace_id: int) -> HttpResponse:
    found = tracing.trace(request.scope, trace_id)
    traced = tracing.case(request.scope, found.case_id)
    usual = quarantine_of(traced.profile.code)
    form = FollowForm(request.POST or None, initial={"days": usual.days})
    if form.is_valid():
        try:
            taken = actions.follow(request.scope, trace_id, form.cleaned_data["days"])
        except KsdbError as error:
            form.add_error(None, said(error))
        else:
            _tell(request, taken)
            return redirect("followup:case", found.case_id)
    context = {
        "form": form,
        "trace": found,
        "usual": usual,
        "change": reads.change_by(request.scope, trace_id),
        "title": gettext("Follow the contacts of case %(number)s") % {"number": found.case_id},
        "submit_label": gettext("Follow these contacts"),
        "cancel_url": reverse("tracing:trace", args=[trace_id]),
        "is_followed": reads.is_followed(request.scope, found.case_id),
    }
    return render(request, "followup/follow.html", context, status=422 if form.errors else 200)


@require_POST
@requires(WRITE)
def choose(request: ScopedRequest, trace_id: int) -> HttpResponse:
    """Follows the people of the second generation that the form names: one, or those of a commune or place."""
    asked = {name: number_in(request.POST.get(name)) for name in ("commune", "place", "contact")}
    try:
        taken = actions.follow_chosen(request.scope, trace_id, tracing.Chosen(**asked))
    except (NotFollowed, TooManyChosen) as error:
        messages.error(request, said(error))
        return redirect("tracing:trace", trace_id)
    _tell(request, taken)
    return redirect("followup:case", tracing.trace(request.scope, trace_id).case_id)


def _tell(request: ScopedRequest, taken: actions.Taken) -> None:
    told = gettext("%(opened)s people are new on the lists of their communes, %(gone)s are no longer contacts.")
    messages.success(request, told % {"opened": taken.opened, "gone": taken.gone})
    if taken.are_cases:
        told = gettext("%(count)s contacts are not followed: they are open cases themselves.")
        messages.info(request, told % {"count": taken.are_cases})
