"""Pages that move the scans of a device whose clock was wrong: looked at first, then confirmed."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from ksdb.core.errors import KsdbError
from ksdb.core.scope import Permission
from ksdb.visits.actions.retiming import require_fit, retime
from ksdb.visits.forms import RetimingForm
from ksdb.visits.queries.retiming import device_to_retime, effect_of, retimings_of
from ksdb.visits.retiming import Wrong
from ksdb.web.asked import number_in
from ksdb.web.requires import ScopedRequest, requires


@never_cache
@require_http_methods(["GET", "POST"])
@requires(Permission.VISITS_POINT_WRITE)
def retime_device(request: ScopedRequest, point_id: int, device_id: int) -> HttpResponse:
    device = device_to_retime(request.scope, point_id, device_id)
    form = RetimingForm(request.POST or None)
    context: dict[str, Any] = {"form": form, "device": device}
    context["before"] = retimings_of(request.scope, point_id, device_id)
    if form.is_valid():
        wrong = Wrong(point_id, device_id, form.cleaned_data["since"], form.cleaned_data["until"], form.offset)
        try:
            if request.POST.get("step") == "write":
                seen = number_in(request.POST.get("seen")) or 0
                return _done(request, wrong, seen, form.cleaned_data["why"])
            context["effect"] = effect_of(request.scope, wrong)
            require_fit(context["effect"])
        except KsdbError as error:
            form.add_error(None, gettext(error.sentence()))
            context.pop("effect", None)
    return render(request, "visits/retime.html", context, status=422 if form.errors else 200)


def _done(request: ScopedRequest, wrong: Wrong, seen: int, why: str) -> HttpResponse:
    made = retime(request.scope, wrong, seen, why)
    count = made.visit_count + made.accepted_count
    said = ngettext(
        "%(count)s scan has its true time. Traces that it touches run again by themselves.",
        "%(count)s scans have their true times. Traces that they touch run again by themselves.",
        count,
    )
    messages.success(request, said % {"count": count})
    return redirect("visits:retime_device", wrong.point_id, wrong.device_id)
