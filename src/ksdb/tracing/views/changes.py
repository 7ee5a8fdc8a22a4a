"""What a repeated run of a trace changed."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from ksdb.core.scope import Permission
from ksdb.tracing.actions.rerunning import see_changes
from ksdb.tracing.queries import changes as queries
from ksdb.web.asked import number_in
from ksdb.web.requires import ScopedRequest, requires

READ, WRITE = Permission.TRACING_CASE_READ, Permission.TRACING_CASE_WRITE


@require_GET
@never_cache
@requires(READ)
def changes(request: ScopedRequest, trace_id: int) -> HttpResponse:
    shown = queries.trace_changes(request.scope, trace_id, number_in(request.GET.get("page")) or 1)
    context = {"shown": shown, "trace": shown.trace, "page": shown.page, "as_of": shown.trace.ran_at}
    is_open = shown.trace.is_automatic and not queries.is_seen(request.scope, trace_id)
    context["can_see"] = request.scope.allows(WRITE) and is_open
    return render(request, "tracing/changes.html", context)


@require_POST
@requires(WRITE)
def changes_seen(request: ScopedRequest, trace_id: int) -> HttpResponse:
    see_changes(request.scope, trace_id)
    messages.success(request, gettext("Noted. The change stands on the page of the case."))
    return redirect("tracing:cases")
