"""The ward's side: what residents ask about their data, and the sheet for whoever has no phone."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from ksdb.access.limits import TooManyAttempts
from ksdb.audit.actions import record_many
from ksdb.core.scope import Permission, Purpose
from ksdb.wallet.actions.keepers import take_off_by_ward
from ksdb.wallet.actions.mine import answer_request, read_request
from ksdb.wallet.actions.sheets import at_desk, print_sheet
from ksdb.wallet.asking import ABOUT_LABELS, About, RequestDecided, RequestState
from ksdb.wallet.mine_forms import AnswerForm, SheetForm
from ksdb.wallet.queries.keepers import keepers_in_ward, kept_resident
from ksdb.wallet.queries.mine import is_late, requests_answered, requests_waiting
from ksdb.wallet.words import RELATION_LABELS
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


@require_http_methods(["GET", "POST"])
@never_cache
@requires(Permission.WALLET_SHEET_PRINT)
def sheet(request: ScopedRequest, resident_id: int) -> HttpResponse:
    """First who came and why, then the sheet; opening the page prints nothing."""
    resident = at_desk(request.scope, resident_id)
    form = SheetForm(request.POST or None)
    if form.is_valid():
        try:
            held = print_sheet(request.scope, resident_id, form.asked)
        except TooManyAttempts as error:
            form.add_error(None, gettext(error.sentence()))
        else:
            return render(request, "wallet/sheet.html", {"held": held, "is_desk": True})
    context = {"form": form, "resident": resident}
    return render(request, "wallet/sheet_asked.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@never_cache
@requires(Permission.WALLET_CLAIM_DECIDE)
def phones(request: ScopedRequest, resident_id: int) -> HttpResponse:
    """Which phones keep a resident's card, and taking it off one."""
    if request.method == "POST":
        take_off_by_ward(request.scope, resident_id, number_in(request.POST.get("holding")) or 0)
        messages.success(request, gettext("That phone keeps the card no more, and its code is refused."))
        return redirect("wallet:phones", resident_id)
    context = {
        "resident": kept_resident(request.scope, resident_id),
        "keepers": keepers_in_ward(request.scope, resident_id),
        "relations": RELATION_LABELS,
    }
    return render(request, "wallet/phones.html", context)
