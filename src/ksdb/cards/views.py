"""Pages of cards: those of a resident, the search by number, and print batches."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from ksdb.cards import actions, jobs, queries
from ksdb.cards.forms import ChangeForm, FindForm, IssueForm, PrintForm
from ksdb.cards.life import (
    ALLOWED,
    REASONS,
    HasLiveCard,
    NoIssuerKey,
    NothingToPrint,
    NotThisStatus,
    Reason,
    shown_status,
)
from ksdb.cards.words import (
    BATCH_STATUS_KINDS,
    BATCH_STATUS_LABELS,
    FORM_LABELS,
    REASON_LABELS,
    STATUS_KINDS,
    STATUS_LABELS,
)
from ksdb.core.clock import now
from ksdb.core.decision import CardStatus
from ksdb.core.errors import NotFound
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.core.token import Form
from ksdb.web.requires import ScopedRequest, requires

PAGE_ROWS = 50
TOLD = (HasLiveCard, NoIssuerKey, NothingToPrint, NotThisStatus)
"""What a desk can run into in its daily work: said on the page it was on."""


@dataclass(frozen=True)
class CardRow:
    """A card as the page of its resident shows it."""

    card: object
    form: str | Promise
    status: str | Promise
    kind: str
    reason: str | Promise
    can_activate: bool
    changes: list[ChangeForm]


@never_cache
@require_GET
@requires(Permission.REGISTRY_RESIDENT_READ)
def of_resident(request: ScopedRequest, resident_id: int) -> HttpResponse:
    found = queries.cards_of(request.scope, resident_id)
    context = {
        "holder": found.holder,
        "rows": _card_rows(request.scope, found),
        "issue_form": IssueForm(initial={"form": Form.PAPER.value}),
        "can_issue": request.scope.allows(Permission.CARDS_CARD_ISSUE),
        "as_of": now(),
    }
    return render(request, "cards/of_resident.html", context)


def _card_rows(scope: Scope, found: queries.HolderCards) -> list[CardRow]:
    rows = []
    for card in found.cards:
        shown = shown_status(CardStatus(card.status), card.expires_at)
        row = CardRow(
            card=card,
            form=FORM_LABELS[Form(card.form)],
            status=STATUS_LABELS[shown],
            kind=STATUS_KINDS.get(shown, "neutral"),
            reason=REASON_LABELS[Reason(card.reason)] if card.reason else "",
            can_activate=shown == CardStatus.ISSUED and scope.allows(Permission.CARDS_CARD_ISSUE),
            changes=_changes(scope, CardStatus(card.status), card.pk),
        )
        rows.append(row)
    return rows


def _changes(scope: Scope, status: CardStatus, index: int) -> list[ChangeForm]:
    """A form for each status that a person may set by hand; activation has its own."""
    if not scope.allows(Permission.CARDS_CARD_REVOKE):
        return []
    goals = ALLOWED.get(status, frozenset()) & frozenset(REASONS)
    if status == CardStatus.ISSUED:
        goals -= {CardStatus.ACTIVE}
    return [ChangeForm.towards(goal, index) for goal in sorted(goals)]


@require_POST
@requires(Permission.CARDS_CARD_ISSUE)
def issue(request: ScopedRequest, resident_id: int) -> HttpResponse:
    form = IssueForm(request.POST)
    if form.is_valid():
        issued = form.cleaned_data["form"]
        _act(
            request,
            lambda: actions.issue_cards(request.scope, [resident_id], issued),
            gettext("The card is issued. It works once you activate it."),
        )
    else:
        messages.error(request, gettext("Choose a form of card."))
    return redirect("cards:of_resident", resident_id)


@require_POST
@requires(Permission.CARDS_CARD_ISSUE)
def activate(request: ScopedRequest, index: int) -> HttpResponse:
    card = queries.card_in_reach(request.scope, Permission.CARDS_CARD_ISSUE, index)
    _act(request, lambda: actions.activate_cards(request.scope, [index]), gettext("The card is activated."))
    return redirect("cards:of_resident", card.resident_id)


@require_POST
@requires(Permission.CARDS_CARD_REVOKE)
def change(request: ScopedRequest, index: int) -> HttpResponse:
    card = queries.card_in_reach(request.scope, Permission.CARDS_CARD_REVOKE, index)
    form = ChangeForm(request.POST)
    if form.is_valid():
        status, reason = form.cleaned_data["status"], form.cleaned_data["reason"]
        done = gettext("The card's status is changed. Scan points hear of it within a minute.")
        _act(request, lambda: actions.change_status(request.scope, index, status, reason), done)
    else:
        messages.error(request, gettext("Choose a reason, and confirm that you checked the card."))
    return redirect("cards:of_resident", card.resident_id)


def _act(request: ScopedRequest, act: Callable[[], object], done: str) -> None:
    try:
        act()
    except TOLD as error:
        messages.error(request, gettext(error.sentence()))
    else:
        messages.success(request, done)


@never_cache
@requires(Permission.REGISTRY_RESIDENT_READ)
def find(request: ScopedRequest) -> HttpResponse:
    form = FindForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            card = queries.card_by_number(request.scope, form.cleaned_data["number"], Purpose.CARD_SERVICE)
        except NotFound:
            sentence = gettext("No card in your jurisdiction has this number. Compare it with the card once more.")
            form.add_error("number", sentence)
        else:
            return redirect("cards:of_resident", card.resident_id)
    return render(request, "cards/find.html", {"form": form})


@never_cache
@require_GET
@requires(Permission.CARDS_CARD_PRINT)
def batches(request: ScopedRequest) -> HttpResponse:
    divisions = queries.divisions_to_print(request.scope)
    first = {"division": divisions[0].pk, "form": Form.PAPER.value} if divisions else {}
    form = PrintForm(request.GET if "division" in request.GET else first, divisions=divisions)
    counts = None
    if form.is_valid():
        counts = queries.print_counts(request.scope, form.cleaned_data["division"], form.cleaned_data["form"])
    page = Paginator(queries.batches(request.scope), PAGE_ROWS).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "counts": counts,
        "most": actions.MOST_PER_BATCH,
        "divisions": divisions,
        "page": page,
        "rows": [BatchRow.of(batch, batch.form, batch.status) for batch in page],
        "as_of": now(),
    }
    return render(request, "cards/batches.html", context)


@require_POST
@requires(Permission.CARDS_CARD_PRINT)
def order(request: ScopedRequest) -> HttpResponse:
    form = _print_form(request)
    try:
        batch_id = jobs.order_and_queue(request.scope, form.cleaned_data["division"], form.cleaned_data["form"])
    except TOLD as error:
        messages.error(request, gettext(error.sentence()))
        return redirect("cards:batches")
    return redirect("cards:batch", batch_id)


@require_POST
@requires(Permission.CARDS_CARD_ISSUE)
def issue_missing(request: ScopedRequest) -> HttpResponse:
    form = _print_form(request)
    try:
        count = actions.issue_missing(request.scope, form.cleaned_data["division"], form.cleaned_data["form"])
    except TOLD as error:
        messages.error(request, gettext(error.sentence()))
    else:
        done = ngettext("%(count)s card is issued.", "%(count)s cards are issued.", count) % {"count": count}
        messages.success(request, done)
    target = redirect("cards:batches")
    target["Location"] += f"?division={form.cleaned_data['division']}&form={form.cleaned_data['form'].value}"
    return target


def _print_form(request: ScopedRequest) -> PrintForm:
    form = PrintForm(request.POST, divisions=queries.divisions_to_print(request.scope))
    if not form.is_valid():
        raise NotFound
    return form


@never_cache
@require_GET
@requires(Permission.CARDS_CARD_PRINT)
def batch(request: ScopedRequest, batch_id: int) -> HttpResponse:
    batch = queries.batch(request.scope, batch_id)
    row = BatchRow.of(batch, batch.form, batch.status)
    return render(request, "cards/batch.html", {"row": row, "as_of": now()})


@dataclass(frozen=True)
class BatchRow:
    """A print batch as pages show it."""

    batch: object
    form: str | Promise
    status: str | Promise
    kind: str

    is_moving: bool

    @classmethod
    def of(cls, batch: object, form: int, status: str) -> "BatchRow":
        label, kind = BATCH_STATUS_LABELS[status], BATCH_STATUS_KINDS[status]
        return cls(batch, FORM_LABELS[Form(form)], label, kind, is_moving=status in {"queued", "running"})


@never_cache
@require_GET
@requires(Permission.CARDS_CARD_PRINT)
def batch_file(request: ScopedRequest, batch_id: int) -> HttpResponseBase:
    path = actions.file_of_batch(request.scope, batch_id)
    return FileResponse(path.open("rb"), as_attachment=True, filename=f"ksdb-{batch_id}.pdf")
