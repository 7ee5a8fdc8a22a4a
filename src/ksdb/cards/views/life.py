"""Pages of a card's life at the desk: replace it, end all cards of a person, see which expire soon."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from ksdb.audit.actions import record_many
from ksdb.cards import jobs, queries
from ksdb.cards.actions import change_status
from ksdb.cards.actions.printing import How, order_cards
from ksdb.cards.actions.replacing import end_cards, replace_card
from ksdb.cards.forms import EndForm, ReplaceForm
from ksdb.cards.life import (
    OFTEN_REPLACED,
    REPLACING,
    AlreadyReplaced,
    HasLiveCard,
    NoIssuerKey,
    NotThisStatus,
    Reason,
)
from ksdb.cards.queries.life import expiring_cards, replacements_of
from ksdb.cards.words import FORM_LABELS
from ksdb.core.clock import now
from ksdb.core.decision import CardStatus
from ksdb.core.errors import NotFound
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.core.token import Form
from ksdb.web.requires import ScopedRequest, requires

PAGE_ROWS = 50
ONE_CARD = How("single")
TOLD = (AlreadyReplaced, HasLiveCard, NoIssuerKey, NotThisStatus)


@never_cache
@requires(Permission.CARDS_CARD_ISSUE)
def replace(request: ScopedRequest, index: int) -> HttpResponse:
    card = queries.card_in_reach(request.scope, Permission.CARDS_CARD_ISSUE, index)
    asked = request.GET.get("reason", "")
    form = ReplaceForm(request.POST or None, initial={"reason": asked} if asked in REPLACING else None)
    if form.is_valid():
        done = _replaced(request, index, form)
        if done:
            return done
    context = {
        "form": form,
        "card": card,
        "form_label": FORM_LABELS[Form(card.form)],
        "holder": queries.cards_of(request.scope, card.resident_id).holder,
        "title": gettext("Replace a card"),
        "introduction": gettext(
            "The old card stops working at once and the person gets a new one. Visits made so far stay with the person."
        ),
        "warning": often(request.scope, card.resident_id),
        "submit_label": gettext("Replace"),
        "cancel_url": reverse("cards:of_resident", args=[card.resident_id]),
        "can_block": card.status == CardStatus.ACTIVE and request.scope.allows(Permission.CARDS_CARD_REVOKE),
    }
    return render(request, "cards/act_on_card.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Permission.CARDS_CARD_REVOKE)
def block(request: ScopedRequest, index: int) -> HttpResponse:
    """A card reported lost is suspended with one press, before anybody has looked who asks; found, it works again."""
    card = queries.card_in_reach(request.scope, Permission.CARDS_CARD_REVOKE, index)
    try:
        change_status(request.scope, index, CardStatus.SUSPENDED, Reason.LOST)
    except NotThisStatus as error:
        messages.error(request, gettext(error.sentence()))
    else:
        messages.success(request, gettext("The card is blocked. Nobody can use it while you go on here."))
    may_replace = request.scope.allows(Permission.CARDS_CARD_ISSUE)
    return redirect("cards:replace", index) if may_replace else redirect("cards:of_resident", card.resident_id)


def often(scope: Scope, resident_id: int) -> str:
    """Told from the third replacement within a year on; empty before, and to whoever gives out no cards."""
    count = len(replacements_of(scope, resident_id)) if scope.allows(Permission.CARDS_CARD_ISSUE) else 0
    if count < OFTEN_REPLACED:
        return ""
    told = gettext("This person's cards were replaced %(count)s times within a year. Ask why; the auditor sees it too.")
    return told % {"count": count}


def _replaced(request: ScopedRequest, index: int, form: ReplaceForm) -> HttpResponse | None:
    """Leads to the print of the new card, or to the person's cards; what stands in the way is said in the form."""
    try:
        new = replace_card(request.scope, index, form.cleaned_data["reason"])
    except TOLD as error:
        form.add_error(None, gettext(error.sentence()))
        return None
    messages.success(request, gettext("The new card is issued. Activate it when you hand it over."))
    is_printed = form.cleaned_data["prints"] and new.form != Form.ELECTRONIC
    if is_printed and request.scope.allows(Permission.CARDS_CARD_PRINT):
        return redirect("cards:batch", jobs.queued(lambda: order_cards(request.scope, [new.pk], ONE_CARD)))
    return redirect("cards:of_resident", new.resident_id)


@never_cache
@requires(Permission.CARDS_CARD_REVOKE)
def end(request: ScopedRequest, resident_id: int) -> HttpResponse:
    holder = queries.cards_of(request.scope, resident_id).holder
    form = EndForm(request.POST or None)
    if form.is_valid():
        try:
            count = end_cards(request.scope, resident_id, form.cleaned_data["reason"])
        except NotFound:
            form.add_error(None, gettext("This person has no card that still works."))
        else:
            done = ngettext("%(count)s card is revoked.", "%(count)s cards are revoked.", count) % {"count": count}
            messages.success(request, done)
            return redirect("cards:of_resident", resident_id)
    context = {
        "form": form,
        "holder": holder,
        "title": gettext("End all cards of a person"),
        "introduction": gettext("For a person who died or moved out of the province. This cannot be taken back."),
        "submit_label": gettext("End all cards"),
        "cancel_url": reverse("cards:of_resident", args=[holder.pk]),
    }
    return render(request, "cards/act_on_card.html", context, status=422 if form.errors else 200)


@never_cache
@require_GET
@requires(Permission.CARDS_CARD_ISSUE)
def expiring(request: ScopedRequest) -> HttpResponse:
    page = Paginator(expiring_cards(request.scope), PAGE_ROWS).get_page(request.GET.get("page"))
    people = [("resident", card.resident_id) for card in page]
    record_many(request.scope, "cards:expiring:read", people, Purpose.CARD_SERVICE, {"page": page.number})
    rows = [(card, FORM_LABELS[Form(card.form)]) for card in page]
    return render(request, "cards/expiring.html", {"page": page, "rows": rows, "as_of": now()})
