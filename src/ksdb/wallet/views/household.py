"""Whose cards the phone keeps, and asking for another."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from ksdb.access.limits import TooManyAttempts
from ksdb.core.clock import now_ms
from ksdb.core.errors import NotFound
from ksdb.wallet.actions import choose_member, let_go
from ksdb.wallet.actions.claims import TooManyHeld, claim_card, withdraw_claim
from ksdb.wallet.forms import ClaimForm
from ksdb.wallet.queries.claims import claims_of
from ksdb.wallet.session import HolderRequest, phone_page
from ksdb.wallet.shells import shell
from ksdb.web import asked


def number_in(request: HttpRequest, name: str) -> int:
    """A number of a form's hidden field. Raises NotFound for what is none."""
    number = asked.number_in(request.POST.get(name))
    if number is None:
        raise NotFound
    return number


@phone_page
@never_cache
@require_GET
def members(request: HolderRequest) -> HttpResponse:
    claims = claims_of(request.scope, request.mine)
    if not request.mine.holdings and not claims:
        return redirect("wallet:add")
    return render(request, "wallet/members.html", {"mine": request.mine, "claims": claims})


@phone_page
@never_cache
@sensitive_post_parameters()
def add(request: HolderRequest) -> HttpResponse:
    """The answer is the same for whoever is not sure, whether there is such a person or not."""
    has_own = request.mine.own is not None
    if not request.POST:
        minute = now_ms() // 60_000  # so soon a commune that is new can be chosen
        return shell(
            request, "wallet/add.html", lambda: {"form": ClaimForm(request.scope, has_own=has_own)}, has_own, minute
        )
    form = ClaimForm(request.scope, request.POST, has_own=has_own)
    if form.is_valid():
        try:
            is_kept = claim_card(request.scope, request.mine, form.facts)
        except (TooManyAttempts, TooManyHeld) as error:
            form.add_error(None, gettext(error.sentence()))
        else:
            if is_kept:
                return redirect(reverse("wallet:card") + "#chosen")
            messages.info(
                request, gettext("Your ward looks at it, usually within two working days. You get a message.")
            )
            return redirect("wallet:members")
    return render(request, "wallet/add.html", {"form": form}, status=422)


@phone_page
@require_POST
def choose(request: HolderRequest) -> HttpResponse:
    choose_member(request.scope, request.mine, number_in(request, "resident"))
    return redirect(reverse("wallet:card") + "#chosen")


@phone_page
@require_POST
def withdraw(request: HolderRequest) -> HttpResponse:
    withdraw_claim(request.scope, request.mine, number_in(request, "claim"))
    return redirect("wallet:members")


@phone_page
@require_POST
def remove(request: HolderRequest) -> HttpResponse:
    let_go(request.scope, request.mine, number_in(request, "resident"))
    messages.success(request, gettext("The card is no longer on this phone."))
    return redirect("wallet:members")
