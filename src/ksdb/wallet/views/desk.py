"""The ward's side: what residents ask about their data, and the sheet for whoever has no phone."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from ksdb.audit.actions import record_many
from ksdb.core.scope import Permission, Purpose
from ksdb.wallet.actions.mine import answer_request, read_request, sheet_of
from ksdb.wallet.asking import ABOUT_LABELS, About, RequestDecided, RequestState
from ksdb.wallet.mine_forms import AnswerForm
from ksdb.wallet.queries.mine import is_late, requests_answered, requests_waiting
from ksdb.wallet.views.mine import sheet_context
from ksdb.web.asked import number_in
from ksdb.web.requires import ScopedRequest, requires

DECIDE = Permission.WALLET_REQUEST_DECIDE
PAGE_ROWS = 50


@require_GET
@never_cache
@requires(DECIDE)
def requests(request: ScopedRequest) -> HttpResponse:
    is_answered = "answered" in request.GET
    found = requests_answered(request.scope) if is_answered else requests_waiting(request.scope)
    page = Paginator(found, PAGE_ROWS).get_page(number_in(request.GET.get("page")) or 1)
    shown = [("resident", one.resident_id) for one in page]
    record_many(request.scope, "wallet:request:read", shown, Purpose.CORRECTION, {"list": "requests"})
    rows = [(one, ABOUT_LABELS[About(one.about)], is_late(request.scope, one)) for one in page]
    return render(request, "wallet/requests.html", {"page": page, "rows": rows, "is_answered": is_answered})


@require_http_methods(["GET", "POST"])
@never_cache
@requires(DECIDE)
def one_request(request: ScopedRequest, request_id: int) -> HttpResponse:
    form = AnswerForm(request.POST or None)
    if form.is_valid():
        said = form.cleaned_data
        try:
            answer_request(request.scope, request_id, said["note"], accepted=said["decision"] == "yes")
        except RequestDecided as error:
            form.add_error(None, gettext(error.sentence()))
        else:
            messages.success(request, gettext("The resident is told of your answer."))
            return redirect("wallet:requests")
    asked = read_request(request.scope, request_id)
    context = {
        "form": form,
        "asked": asked,
        "about": ABOUT_LABELS[About(asked.request.about)],
        "is_open": asked.request.state == RequestState.OPEN,
        "is_late": is_late(request.scope, asked.request),
    }
    return render(request, "wallet/request.html", context, status=422 if form.errors else 200)


@require_GET
@never_cache
@requires(Permission.WALLET_SHEET_PRINT)
def sheet(request: ScopedRequest, resident_id: int) -> HttpResponse:
    held = sheet_of(request.scope, resident_id)
    return render(request, "wallet/sheet.html", sheet_context(held) | {"is_desk": True})
