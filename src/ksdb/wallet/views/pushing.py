"""A phone's browser takes pushes, or takes them no more; and the worker that shows them."""

from base64 import urlsafe_b64decode
from binascii import Error as NotBase64

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from ksdb.notices.push import PushServiceUnknown
from ksdb.wallet.actions.mine import leave_pushes, take_pushes
from ksdb.wallet.session import HolderRequest, holder_page
from ksdb.web.requires import ScopedRequest, open_to_all

SECRET_BYTES = 16
MOST_LETTERS = 2_000


class Keys(msgspec.Struct):
    """What `PushSubscription.toJSON()` calls keys."""

    p256dh: str
    auth: str


class Browser(msgspec.Struct):
    """A browser's subscription, and whether it takes pushes or leaves them."""

    endpoint: str
    keys: Keys
    takes: bool


@holder_page
@require_POST
def pushes(request: HolderRequest) -> HttpResponse:
    try:
        said = msgspec.json.decode(request.body, type=Browser)
        keys = _point(said.keys.p256dh), _secret(said.keys.auth)
    except (msgspec.DecodeError, NotBase64, ValueError):
        return JsonResponse({"message": gettext("The browser did not say where it takes notices.")}, status=422)
    if len(said.endpoint) > MOST_LETTERS:
        return JsonResponse({"message": gettext(PushServiceUnknown.sentence())}, status=422)
    try:
        if said.takes:
            take_pushes(request.scope, request.mine, said.endpoint, keys)
        else:
            leave_pushes(request.scope, request.mine, said.endpoint)
    except PushServiceUnknown as error:
        return JsonResponse({"message": gettext(error.sentence())}, status=422)
    return JsonResponse({"takes": said.takes})


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _point(text: str) -> bytes:
    """A point on the curve, or ValueError: one that is none would fail later, for everybody at once."""
    point = _decoded(text)
    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    return point


def _secret(text: str) -> bytes:
    if len(secret := _decoded(text)) != SECRET_BYTES:
        raise ValueError(len(secret))
    return secret


@open_to_all
@never_cache
@require_GET
def worker(request: ScopedRequest) -> HttpResponse:
    """Shows what comes and opens the notices; says nothing of anybody, so it is open."""
    return render(request, "wallet/push_worker.js", content_type="text/javascript")
