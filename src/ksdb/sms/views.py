"""The outbox on screen, in the demo town."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from ksdb.sms.queries import outbox as texts_in_outbox
from ksdb.web.requires import ScopedRequest, open_to_all


@open_to_all
@never_cache
@require_GET
def outbox(request: ScopedRequest) -> HttpResponse:
    return render(request, "sms/outbox.html", {"texts": texts_in_outbox(request.scope)})
