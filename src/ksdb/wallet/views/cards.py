"""The cards of a member of the household: what there is, lost and found, ordering, activating."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from ksdb.cards.words import FORM_LABELS, STATUS_KINDS, STATUS_LABELS
from ksdb.core.decision import CardStatus
from ksdb.core.errors import KsdbError
from ksdb.core.token import Form
from ksdb.wallet.actions.cards import activate_shown, activate_typed, have_back, order_card, report_lost
from ksdb.wallet.queries.cards import own_cards
from ksdb.wallet.session import HolderRequest, holder_page
from ksdb.wallet.views.household import number_in

ORDERED = {"paper": Form.PAPER, "plastic": Form.PLASTIC}


@holder_page
@never_cache
@require_GET
def cards(request: HolderRequest) -> HttpResponse:
    found = own_cards(request.scope, request.resident_id)
    shown = [(one, FORM_LABELS[Form(one.form)], *_status(CardStatus(one.status))) for one in found]
    lacking = [name for name, form in ORDERED.items() if form not in {one.form for one in found}]
    return render(request, "wallet/cards.html", {"mine": request.mine, "cards": shown, "lacking": lacking})


def _status(status: CardStatus) -> tuple[object, str]:
    return STATUS_LABELS[status], STATUS_KINDS.get(status, "neutral")


def _done(request: HolderRequest, act: Callable[[], object], sentence: str) -> HttpResponse:
    """Back to the cards, with what came of it."""
    try:
        act()
    except KsdbError as error:
        messages.error(request, gettext(error.sentence()))
    else:
        messages.success(request, sentence)
    return redirect("wallet:cards")


@holder_page
@require_POST
def lost(request: HolderRequest) -> HttpResponse:
    index = number_in(request, "card")
    sentence = gettext("The card is blocked. Nobody can use it now.")
    return _done(request, lambda: report_lost(request.scope, request.resident_id, index), sentence)


@holder_page
@require_POST
def found(request: HolderRequest) -> HttpResponse:
    index = number_in(request, "card")
    sentence = gettext("The card is good again.")
    return _done(request, lambda: have_back(request.scope, request.resident_id, index), sentence)


@holder_page
@require_POST
def order(request: HolderRequest) -> HttpResponse:
    form = ORDERED.get(request.POST.get("form", ""), Form.ELECTRONIC)
    sentence = gettext("Ordered. Fetch it at your ward in some days, then activate it here.")
    return _done(request, lambda: order_card(request.scope, request.resident_id, form), sentence)


@holder_page
@never_cache
@require_GET
def activate(request: HolderRequest) -> HttpResponse:
    return render(request, "wallet/activate.html", {"mine": request.mine})


@holder_page
@require_POST
def activate_number(request: HolderRequest) -> HttpResponse:
    try:
        activate_typed(request.scope, request.resident_id, request.POST.get("number", ""))
    except KsdbError as error:
        messages.error(request, gettext(error.sentence()))
        return redirect("wallet:activate")
    messages.success(request, gettext("The card is active. It can be scanned from now on."))
    return redirect("wallet:cards")


@holder_page
@require_POST
def activate_picture(request: HolderRequest) -> HttpResponse:
    """A picture as the page made it: a byte of brightness a point, its width beside it. It is kept nowhere."""
    width = request.headers.get("X-Width", "")
    try:
        is_number = width.isascii() and width.isdigit() and len(width) < 6
        activate_shown(request.scope, request.resident_id, request.body, int(width) if is_number else 0)
    except KsdbError as error:
        said = {"code": error.code, "message": gettext(error.sentence())}
        return JsonResponse(said, status=error.status)
    messages.success(request, gettext("The card is active. It can be scanned from now on."))
    return JsonResponse({"next": reverse("wallet:cards")})
