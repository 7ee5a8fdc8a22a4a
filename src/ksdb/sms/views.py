"""The outbox in the demo town, what messages cost, what happened with codes, and where a provider sends receipts."""

import hmac

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from ksdb.config import settings
from ksdb.core.errors import NotAllowed
from ksdb.core.scope import Permission, system_scope
from ksdb.sms.actions.carrying import note_receipts
from ksdb.sms.carriers.http import content_of, receipts_in
from ksdb.sms.queries import figures as figures_of_texts
from ksdb.sms.queries import outbox as texts_in_outbox
from ksdb.sms.queries import tallies
from ksdb.web.requires import ScopedRequest, open_to_all, requires


@open_to_all
@never_cache
@require_GET
def outbox(request: ScopedRequest) -> HttpResponse:
    return render(request, "sms/outbox.html", {"texts": texts_in_outbox(request.scope)})


@require_GET
@never_cache
@requires(Permission.SMS_TALLY_READ)
def figures(request: ScopedRequest) -> HttpResponse:
    context = {"figures": figures_of_texts(request.scope), "price": settings().sms_cost}
    return render(request, "sms/figures.html", context)


@csrf_exempt
@open_to_all
@require_POST
def receipts(request: ScopedRequest) -> HttpResponse:
    """The provider knows a secret; it learns nothing from the answer."""
    secret = settings().sms_receipt_secret
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not secret or not hmac.compare_digest(given.encode(), secret.encode()):
        raise NotAllowed
    note_receipts(system_scope(), receipts_in(settings(), content_of(request.body, request.POST.dict())))
    return HttpResponse(status=204)


@never_cache
@require_GET
@requires(Permission.SMS_TALLY_READ)
def codes(request: ScopedRequest) -> HttpResponse:
    context = {"hours": tallies(request.scope), "budget": settings().sms_an_hour}
    return render(request, "sms/codes.html", context)
