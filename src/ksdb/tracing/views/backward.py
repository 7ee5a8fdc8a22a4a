"""What several cases share, looked for backwards from their onsets."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from ksdb.core.clock import now
from ksdb.core.scope import Permission
from ksdb.tracing.forms.backward import BackwardForm
from ksdb.tracing.queries import backward as queries
from ksdb.web.asked import number_in
from ksdb.web.requires import ScopedRequest, requires


@require_GET
@never_cache
@requires(Permission.TRACING_CASE_READ)
def backward(request: ScopedRequest) -> HttpResponse:
    chosen = [number for text in request.GET.getlist("case") if (number := number_in(text))]
    form = BackwardForm(request.GET)
    context: dict[str, Any] = {"form": form, "chosen": chosen, "as_of": now(), "most": queries.MOST_CASES}
    if chosen and form.is_valid():
        try:
            asked = queries.Asked(chosen, form.cleaned_data["days"], form.cleaned_data["hours"])
            context["shared"] = queries.shared_by(request.scope, asked)
        except queries.TooFewCases as error:
            context["refusal"] = gettext(error.sentence())
    page = queries.cases_to_choose(request.scope, number_in(request.GET.get("page")) or 1)
    shown = {one.pk for one in page}
    context |= {"page": page, "kept": [one for one in chosen if one not in shown]}
    return render(request, "tracing/backward.html", context, status=422 if "refusal" in context else 200)
