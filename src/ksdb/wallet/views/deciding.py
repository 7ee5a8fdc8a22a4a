"""Pages of the ward: requests of residents whose phones are to keep a card."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from ksdb.core.clock import now
from ksdb.core.scope import Permission
from ksdb.wallet.actions.claims import ClaimDecided, confirm_claim, refuse_claim
from ksdb.wallet.forms import RefusalForm
from ksdb.wallet.queries import claims as queries
from ksdb.wallet.views.household import number_in
from ksdb.wallet.words import EVIDENCE_LABELS, RELATION_LABELS
from ksdb.web.requires import ScopedRequest, requires

PAGE_ROWS = 50
DECIDES = Permission.WALLET_CLAIM_DECIDE


@never_cache
@require_GET
@requires(DECIDES)
def claims(request: ScopedRequest) -> HttpResponse:
    """Without names: whoever opens one is written down, whoever sees how many wait is not."""
    page = Paginator(queries.claims_waiting(request.scope), PAGE_ROWS).get_page(request.GET.get("page"))
    return render(request, "wallet/claims.html", {"page": page, "as_of": now(), "relations": RELATION_LABELS})


@never_cache
@require_GET
@requires(DECIDES)
def claim(request: ScopedRequest, claim_id: int) -> HttpResponse:
    return _page(request, claim_id, RefusalForm())


def _page(request: ScopedRequest, claim_id: int, form: RefusalForm) -> HttpResponse:
    found = queries.candidates_for(request.scope, claim_id)
    context = {
        "claim": queries.claim(request.scope, claim_id),
        "id_number": queries.id_number_of(request.scope, claim_id),
        "phone": queries.phone_of_claim(request.scope, claim_id),
        "candidates": [(one, [(label, kind in one.found) for kind, label in EVIDENCE_LABELS.items()]) for one in found],
        "relations": RELATION_LABELS,
        "form": form,
    }
    return render(request, "wallet/claim.html", context, status=422 if form.errors else 200)


@require_POST
@requires(DECIDES)
def confirm(request: ScopedRequest, claim_id: int) -> HttpResponse:
    chosen = number_in(request, "resident")
    try:
        confirm_claim(request.scope, claim_id, chosen)
    except ClaimDecided as error:
        messages.error(request, gettext(error.sentence()))
    else:
        messages.success(request, gettext("Confirmed. The card is on the resident's phone, who gets a message."))
    return redirect("wallet:claims")


@never_cache
@require_POST
@requires(DECIDES)
def refuse(request: ScopedRequest, claim_id: int) -> HttpResponse:
    form = RefusalForm(request.POST)
    if not form.is_valid():
        return _page(request, claim_id, form)
    try:
        refuse_claim(request.scope, claim_id, form.cleaned_data["reason"])
    except ClaimDecided as error:
        messages.error(request, gettext(error.sentence()))
    else:
        messages.success(request, gettext("Not confirmed. The resident reads your reason."))
    return redirect("wallet:claims")
