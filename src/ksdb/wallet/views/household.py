"""Whose cards the phone keeps."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from ksdb.core.errors import NotFound
from ksdb.wallet.actions import choose_member
from ksdb.wallet.session import HolderRequest, phone_page


def number_in(text: str) -> int:
    """A number of a form's hidden field. Raises NotFound for what is none."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise NotFound
    return int(text)


@phone_page
@never_cache
@require_GET
def members(request: HolderRequest) -> HttpResponse:
    return render(request, "wallet/members.html", {"mine": request.mine})


@phone_page
@require_POST
def choose(request: HolderRequest) -> HttpResponse:
    choose_member(request.scope, request.mine, number_in(request.POST.get("resident", "")))
    return redirect("wallet:card")
