"""The electronic card on a phone: a page that names nobody, what it asks the server, and what keeps it offline."""

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
from django.contrib.staticfiles import finders
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from ksdb.core.clock import now, now_ms
from ksdb.core.errors import KsdbError
from ksdb.wallet.actions.binding import Proof, bring_card
from ksdb.wallet.looks import look_of
from ksdb.wallet.queries.cards import Electronic, electronic_cards
from ksdb.wallet.session import HolderRequest, phone_page
from ksdb.wallet.shells import shell
from ksdb.web.requires import ScopedRequest, open_to_all

FILES = (
    "web/ksdb.css",
    "web/ksdb.svg",
    "wallet/my.css",
    "wallet/icons.svg",
    "wallet/card.js",
    "wallet/old.js",
    "wallet/code.js",
    "wallet/drawing.js",
    "wallet/server.js",
    "wallet/store.js",
    "wallet/vendor/lean-qr-2.7.4.js",
)
"""What the card needs without network, beside its page."""
WORKER_SECONDS = 24 * 60 * 60
"""So long a phone does not ask whether the worker changed: an opening of the card costs no request at all."""


class Unreadable(KsdbError):
    """The phone sent something that cannot be read. Close this page and open it again."""

    code = "binding_unreadable"
    status = 422


class Binding(msgspec.Struct, frozen=True):
    """What a phone sends to have a card bound to its key; bytes in hexadecimal."""

    resident: int
    point: str
    at: int
    signature: str
    takes_over: bool = False


@open_to_all
@require_GET
def card(request: ScopedRequest) -> HttpResponse:
    """The same for everybody: what it shows, the phone knows, and nothing of it stands in here."""
    return shell(request, "wallet/card.html", lambda: {"is_shell": True})


@phone_page
@never_cache
@require_GET
def state(request: HolderRequest) -> HttpResponse:
    """Whose cards this phone keeps and where they are; the time; and what to show with what it sends."""
    found = electronic_cards(request.scope, request.mine)
    chosen = request.mine.chosen.resident_id if request.mine.chosen else None
    members = [_member(one) for one in found]
    said = {"now": now_ms(), "csrf": get_token(request), "chosen": chosen, "members": members}
    return JsonResponse(said)


def _member(one: Electronic) -> dict[str, Any]:
    return {
        "resident": one.holding.resident_id,
        "name": one.holding.resident.full_name,
        "birth_year": one.holding.resident.birth_year,
        "number": one.card.number if one.card else "",
        "place": "here" if one.is_here else "elsewhere" if one.is_elsewhere else "nowhere",
        "is_blocked": one.is_blocked,
    }


@phone_page
@never_cache
@require_POST
def bind(request: HolderRequest) -> HttpResponse:
    """A token for 14 days, or a sentence that says why not."""
    try:
        sent = msgspec.json.decode(request.body, type=Binding)
        proof = Proof(bytes.fromhex(sent.point), sent.at, bytes.fromhex(sent.signature))
    except (msgspec.DecodeError, ValueError):
        return _refused(Unreadable())
    try:
        bound = bring_card(request.scope, request.mine, sent.resident, proof, takes_over=sent.takes_over)
    except KsdbError as error:
        return _refused(error)
    return JsonResponse(
        {
            "now": now_ms(),
            "number": bound.card.number,
            "token": bound.token.hex(),
            "expires_at": int(bound.expires_at.timestamp()),
        }
    )


def _refused(error: KsdbError) -> HttpResponse:
    said = {"code": error.code, "message": gettext(error.sentence()), "now": int(now().timestamp() * 1000)}
    return JsonResponse(said, status=error.status)


@open_to_all
@require_GET
def worker(request: ScopedRequest) -> HttpResponse:
    """The service worker, with what it keeps. Its text changes with each file, so that phones fetch them anew."""
    kept = [reverse("wallet:card"), reverse("wallet:manifest"), *(static(name) for name in FILES)]
    digest = hashlib.sha256()
    for name in FILES:
        digest.update(Path(str(finders.find(name))).read_bytes())
    version = f"{get_language()}{look_of(request).classes}-{digest.hexdigest()[:16]}"
    context = {"kept": json.dumps(kept), "version": json.dumps(version), "shell": json.dumps(reverse("wallet:card"))}
    answer = render(request, "wallet/worker.js", context, content_type="text/javascript; charset=utf-8")
    answer.headers["Service-Worker-Allowed"] = "/my/"
    answer.headers["Cache-Control"] = f"max-age={WORKER_SECONDS}"
    return answer


@open_to_all
@require_GET
def manifest(_request: ScopedRequest) -> HttpResponse:
    start = reverse("wallet:card")
    icons = [
        {"src": static(f"wallet/icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for size in (192, 512)
        for purpose in ("any", "maskable")
    ]
    said = {
        "name": gettext("My card – ksdb"),
        "short_name": gettext("My card"),
        "id": start,
        "start_url": start,
        "scope": "/my/",
        "display": "standalone",
        "orientation": "portrait",
        "background_color": "#ffffff",
        "theme_color": "#07363b",
        "icons": icons,
    }
    return JsonResponse(said, content_type="application/manifest+json")
