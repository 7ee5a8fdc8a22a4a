"""What a phone takes along for a day: the list, a page that works without network, its worker, and the way back."""

import hashlib
import json
from pathlib import Path

import msgspec
from django.contrib.staticfiles import finders
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from ksdb.access.own_views import LEFT_ON_DEVICE
from ksdb.core.clock import today
from ksdb.core.scope import Permission
from ksdb.outreach import actions
from ksdb.outreach.actions import rounds
from ksdb.outreach.day import DayList, day_doors, ends_ms
from ksdb.outreach.faults import OccasionMissing
from ksdb.outreach.forms import TakeForm
from ksdb.outreach.notes import notes_in
from ksdb.outreach.queries import group_in
from ksdb.outreach.reader_views import FILES as READER_FILES
from ksdb.outreach.reader_views import FOLDER, with_camera
from ksdb.outreach.reasons import OUT_OF_COUNT
from ksdb.outreach.words import CARD_KINDS, CARD_LABELS, REASON_LABELS
from ksdb.web.requires import ScopedRequest, requires

FILES = (
    "web/ksdb.css",
    "web/ksdb.svg",
    "outreach/doors.css",
    "outreach/day.js",
    "outreach/camera.js",
    "outreach/card.js",
    "outreach/queue.js",
    "outreach/vault.js",
)
"""What the page needs without network, beside itself and the reader of codes."""
READER = ("reader_camera", "reader_worker", "reader_engine", "reader_wasm")


@require_POST
@requires(Permission.OUTREACH_LIST_TAKE)
def take(request: ScopedRequest, group_id: int) -> HttpResponse:
    group_in(request.scope, Permission.OUTREACH_LIST_TAKE, group_id)
    form = TakeForm(request.POST)
    if not form.is_valid():
        raise OccasionMissing
    along = rounds.take_along(request.scope, group_id, "phone", form.cleaned_data["occasion"])
    group = along.listed.group
    taken = DayList(
        group=group.pk,
        name=group.name,
        commune=group.parent.name if group.parent else "",
        account=request.scope.actor_id or 0,
        until=ends_ms(today()),
        rows=along.rows,
        sha256=along.sha256,
        doors=day_doors(along.listed.doors),
    )
    request.session[LEFT_ON_DEVICE] = reverse("outreach:day")
    return _json(taken)


@require_POST
@requires(Permission.OUTREACH_NOTE_WRITE)
def notes(request: ScopedRequest) -> HttpResponse:
    return _json(actions.take_notes(request.scope, notes_in(request.body)))


@require_GET
@requires(Permission.OUTREACH_NOTE_WRITE)
def state(request: ScopedRequest) -> HttpResponse:
    """Whose session this is, and what a phone has to show with what it sends: its page may be older than both."""
    request.session[LEFT_ON_DEVICE] = reverse("outreach:day")
    return JsonResponse({"account": request.scope.actor_id, "csrf": get_token(request)})


@require_GET
@never_cache
@requires(Permission.OUTREACH_LIST_READ)
@with_camera
def day(request: ScopedRequest) -> HttpResponse:
    return render(request, "outreach/day.html", _words())


def _words() -> dict[str, object]:
    return {
        "reasons": [(reason.value, label) for reason, label in REASON_LABELS.items()],
        "cards": [(state.value, label, CARD_KINDS[state]) for state, label in CARD_LABELS.items()],
        "away": " ".join(sorted(OUT_OF_COUNT)),
    }


@require_GET
@requires(Permission.OUTREACH_LIST_READ)
def worker(request: ScopedRequest) -> HttpResponse:
    """The service worker, with what it keeps. Its text changes with each file, so that phones fetch them anew."""
    pages = [reverse(f"outreach:{name}") for name in ("day", "manifest", *READER)]
    kept = [*pages, *(static(name) for name in FILES)]
    digest = hashlib.sha256(render_to_string("outreach/day.html", _words()).encode())
    for file in (*(Path(str(finders.find(name))) for name in FILES), *(FOLDER / name for name in READER_FILES)):
        digest.update(file.read_bytes())
    context = {"kept": json.dumps(kept), "version": json.dumps(f"{get_language()}-{digest.hexdigest()[:16]}")}
    return render(request, "outreach/worker.js", context, content_type="text/javascript; charset=utf-8")


@require_GET
@requires(Permission.OUTREACH_LIST_READ)
def manifest(_request: ScopedRequest) -> HttpResponse:
    start = reverse("outreach:day")
    said = {
        "name": gettext("Work at the doors – ksdb"),
        "short_name": gettext("Doors"),
        "id": start,
        "start_url": start,
        "scope": start,
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#07363b",
        "icons": [{"src": static("web/ksdb.svg"), "sizes": "any", "type": "image/svg+xml"}],
    }
    return JsonResponse(said, content_type="application/manifest+json")


def _json(said: object) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(said), content_type="application/json")
