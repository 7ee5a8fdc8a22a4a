"""Pages of duplicates: the queue, and two records side by side."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from ksdb.cards.words import FORM_LABELS, STATUS_KINDS, STATUS_LABELS
from ksdb.core.decision import CardStatus
from ksdb.core.scope import Permission
from ksdb.core.token import Form
from ksdb.duplicates import actions, queries
from ksdb.duplicates.forms import MergeForm
from ksdb.duplicates.words import reasons_against, reasons_for
from ksdb.web.requires import ScopedRequest, requires

STATUSES = ("waiting", "merged", "different")


@never_cache
@require_GET
@requires(Permission.DUPLICATES_PAIR_DECIDE)
def queue(request: ScopedRequest) -> HttpResponse:
    asked = request.GET.get("status", "")
    status = asked if asked in STATUSES else "waiting"
    page = queries.queue(request.scope, status, request.GET.get("page"))  # type: ignore[arg-type]
    context = {
        "page": page,
        "rows": [(pair, reasons_for(pair.reasons), reasons_against(pair.reasons)) for pair in page],
        "status": status,
        "counts": queries.counts(request.scope),
        "search": queries.latest_search(request.scope),
    }
    return render(request, "duplicates/queue.html", context)


@never_cache
@require_GET
@requires(Permission.DUPLICATES_PAIR_DECIDE)
def pair(request: ScopedRequest, pair_id: int) -> HttpResponse:
    return _page(request, pair_id)


def _page(request: ScopedRequest, pair_id: int, form: MergeForm | None = None) -> HttpResponse:
    sheet = queries.pair_sheet(request.scope, pair_id)
    context = {
        "sheet": sheet,
        "sides": [(side, [_card(card) for card in side.cards]) for side in sheet.sides],
        "reasons_for": reasons_for(sheet.pair.reasons),
        "reasons_against": reasons_against(sheet.pair.reasons),
        "form": form or MergeForm(_choices(sheet)),
    }
    return render(request, "duplicates/pair.html", context, status=422 if form else 200)


def _choices(sheet: queries.PairSheet) -> list[tuple[int, str]]:
    numbers = (sheet.pair.first_id, sheet.pair.second_id)
    labels = (gettext("Record no. %(number)s, the older one"), gettext("Record no. %(number)s, the newer one"))
    return [(number, label % {"number": number}) for number, label in zip(numbers, labels, strict=True)]


def _card(card: object) -> tuple[object, object, object, str]:
    """A card with the words for its form and its status, and the colour of its tag."""
    status = CardStatus(card.status)  # type: ignore[attr-defined]
    form = FORM_LABELS[Form(card.form)]  # type: ignore[attr-defined]
    return card, form, STATUS_LABELS[status], STATUS_KINDS.get(status, "neutral")


@require_POST
@requires(Permission.DUPLICATES_PAIR_DECIDE)
def merge(request: ScopedRequest, pair_id: int) -> HttpResponse:
    shown = queries.pair_of(request.scope, pair_id)
    form = MergeForm([(one, str(one)) for one in (shown.first_id, shown.second_id)], request.POST)
    if not form.is_valid():
        sheet = queries.pair_sheet(request.scope, pair_id)
        form = MergeForm(_choices(sheet), request.POST)
        form.is_valid()
        return _page(request, pair_id, form)
    survivor = form.cleaned_data["survivor"]
    done = gettext("The records are merged. Both cards stay as they are; you can undo this on this page.")
    return _decide(request, pair_id, lambda: actions.merge(request.scope, pair_id, survivor), done)


@require_POST
@requires(Permission.DUPLICATES_PAIR_DECIDE)
def differ(request: ScopedRequest, pair_id: int) -> HttpResponse:
    done = gettext("They are two persons. This pair is not shown again.")
    return _decide(request, pair_id, lambda: actions.tell_apart(request.scope, pair_id), done)


@require_POST
@requires(Permission.DUPLICATES_PAIR_DECIDE)
def undo(request: ScopedRequest, pair_id: int) -> HttpResponse:
    done = gettext("The decision is undone. Both records are as they were.")
    return _decide(request, pair_id, lambda: actions.undo(request.scope, pair_id), done)


def _decide(request: ScopedRequest, pair_id: int, act: Callable[[], object], done: str) -> HttpResponse:
    """Does it and says so, on the page of the pair, from where one goes on to the next."""
    try:
        act()
    except (actions.PairDecided, actions.NotOfThisPair) as error:
        messages.error(request, gettext(error.sentence()))
    else:
        messages.success(request, done)
    return redirect("duplicates:pair", pair_id)
