"""The outbox on screen, in the demo town; and what happened with codes, for whoever watches over it."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from ksdb.config import settings
from ksdb.core.scope import Permission
from ksdb.sms.queries import outbox as texts_in_outbox
from ksdb.sms.queries import tallies
from ksdb.web.requires import ScopedRequest, open_to_all, requires


@open_to_all
@never_cache
@require_GET
def outbox(request: ScopedRequest) -> HttpResponse:
    return render(request, "sms/outbox.html", {"texts": texts_in_outbox(request.scope)})


@never_cache
@require_GET
@requires(Permission.SMS_TALLY_READ)
def codes(request: ScopedRequest) -> HttpResponse:
    context = {"hours": tallies(request.scope), "budget": settings().sms_an_hour}
    return render(request, "sms/codes.html", context)
