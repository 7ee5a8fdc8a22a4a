"""The electronic card on a phone."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from ksdb.wallet.session import HolderRequest, holder_page


@holder_page
@never_cache
@require_GET
def card(request: HolderRequest) -> HttpResponse:
    return render(request, "wallet/card.html", {"mine": request.mine})
