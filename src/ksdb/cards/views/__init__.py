"""Pages of cards: those of a resident, the search by number, and acts on many. Those of printing are in `printing`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.db.models import Model
from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from ksdb.approvals.kinds import MOST_ALONE, AlreadyAsked, Kind, SecondPersonNeeded, UnitMissing
from ksdb.cards import actions, queries
from ksdb.cards.actions import bulk
from ksdb.cards.forms import AskIssueForm, ChangeForm, FindForm, IssueForm, OverrideForm, RevokeForm
from ksdb.cards.forms.printing import LetterForm, SingleForm
from ksdb.cards.life import (
    ALLOWED,
    LIVE,
    PRINTABLE,
    REASONS,
    CardsSpread,
    HasLiveCard,
    NobodyWithoutCard,
    NoIssuerKey,
    NotThisStatus,
    Reason,
    shown_status,
)
from ksdb.cards.queries.life import outdated_cards
from ksdb.cards.views.life import often
from ksdb.cards.words import (
    FORM_LABELS,
    REASON_LABELS,
    STATUS_KINDS,
    STATUS_LABELS,
)
from ksdb.core.clock import now
from ksdb.core.decision import CardStatus
from ksdb.core.errors import NotFound
from ksdb.core.scope import Permission, Scope
from ksdb.core.token import Form
from ksdb.web.requires import ScopedRequest, requires

ASKED = (AlreadyAsked, CardsSpread, NobodyWithoutCard, NotThisStatus, UnitMissing)
TOLD = (HasLiveCard, NoIssuerKey, NotThisStatus)
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
    can_replace: bool
    outdated_since: datetime | None
    changes: list[ChangeForm]
    can_override: bool
    can_print: bool


@never_cache
@require_GET
@requires(Permission.REGISTRY_RESIDENT_READ)
def of_resident(request: ScopedRequest, resident_id: int) -> HttpResponse:
    found = queries.cards_of(request.scope, resident_id)
    outdated = outdated_cards(request.scope, found) if request.scope.allows(Permission.CARDS_CARD_ISSUE) else {}
    context = {
        "holder": found.holder,
        "rows": _card_rows(request.scope, found, outdated),
        "issue_form": IssueForm(initial={"form": Form.PAPER.value}),
        "often": often(request.scope, resident_id),
        "outdated": bool(outdated),
        "often_word": gettext("Look closely"),
        "outdated_word": gettext("Old name or year on it"),
        "can_end": request.scope.allows(Permission.CARDS_CARD_REVOKE) and _has_live(found),
        "can_issue": request.scope.allows(Permission.CARDS_CARD_ISSUE),
        "can_print": request.scope.allows(Permission.CARDS_CARD_PRINT),
        "single_form": SingleForm(),
        "letter_form": LetterForm(),
        "as_of": now(),
    }
    return render(request, "cards/of_resident.html", context)


def _has_live(found: queries.HolderCards) -> bool:
    return any(CardStatus(card.status) in LIVE for card in found.cards)


def _card_rows(scope: Scope, found: queries.HolderCards, outdated: Mapping[int, datetime]) -> list[CardRow]:
    rows = []
    replaced = {card.replaces_id for card in found.cards}
    may_replace = scope.allows(Permission.CARDS_CARD_ISSUE) and scope.allows(Permission.CARDS_CARD_REVOKE)
    for card in found.cards:
        shown = shown_status(CardStatus(card.status), card.expires_at)
        row = CardRow(
            card=card,
            form=FORM_LABELS[Form(card.form)],
            status=STATUS_LABELS[shown],
            kind=STATUS_KINDS.get(shown, "neutral"),
            reason=REASON_LABELS[Reason(card.reason)] if card.reason else "",
            can_activate=shown == CardStatus.ISSUED and scope.allows(Permission.CARDS_CARD_ISSUE),
            can_replace=card.pk not in replaced and may_replace,
            outdated_since=outdated.get(card.pk),
            changes=_changes(scope, CardStatus(card.status), card.pk),
            can_print=shown in PRINTABLE and scope.allows(Permission.CARDS_CARD_PRINT) and card.form != Form.ELECTRONIC,
            can_override=scope.allows(Permission.CARDS_CARD_OVERRIDE) and shown == CardStatus.REVOKED,
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
        done = gettext("The card's status is changed. Scan points hear of it within seconds.")
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
            card = queries.card_by_number(request.scope, form.cleaned_data["number"], form.cleaned_data["purpose"])
        except NotFound:
            sentence = gettext("No card in your jurisdiction has this number. Compare it with the card once more.")
            form.add_error("number", sentence)
        else:
            return redirect("cards:of_resident", card.resident_id)
    context = {"form": form, "can_revoke": request.scope.allows(Permission.CARDS_CARD_REVOKE)}
    return render(request, "cards/find.html", context)


@never_cache
@requires(Permission.CARDS_CARD_ISSUE)
def ask_issue(request: ScopedRequest) -> HttpResponse:
    chosen = {name: request.GET.get(name) for name in ("division", "form")}
    form = AskIssueForm(request.POST or None, initial=chosen)
    if form.is_valid():
        said = form.cleaned_data
        asked = _asked(
            request, lambda: bulk.ask_issue(request.scope, said["division"], said["form"], said["reason"]), form
        )
        if asked:
            return asked
    title = gettext("Ask to issue many cards")
    introduction = gettext(
        "More than %(most)s cards at once need a second person of another unit. Say why they are needed."
    ) % {"most": MOST_ALONE[Kind.BULK_ISSUE]}
    context = {"form": form, "title": title, "introduction": introduction, "submit_label": gettext("Ask")}
    return render(request, "web/desk_form.html", context, status=422 if form.errors else 200)


def _asked(request: ScopedRequest, ask: Callable[[], Model], form: BaseForm) -> HttpResponse | None:
    """Leads to the act that was asked for; what stands in the way is said in the form."""
    try:
        asked = ask()
    except ASKED as error:
        form.add_error(None, gettext(error.sentence()))
        return None
    messages.success(request, gettext("You have asked for this. Somebody of another unit decides within 72 hours."))
    return redirect("approvals:act", asked.pk)


@never_cache
@requires(Permission.CARDS_CARD_OVERRIDE)
def override(request: ScopedRequest, index: int) -> HttpResponse:
    card = queries.card_in_reach(request.scope, Permission.CARDS_CARD_OVERRIDE, index)
    form = OverrideForm(CardStatus(card.status), request.POST or None)
    if form.is_valid():
        said = form.cleaned_data
        asked = _asked(request, lambda: bulk.ask_override(request.scope, index, said["status"], said["reason"]), form)
        if asked:
            return asked
    title = gettext("Ask for a status out of order")
    introduction = gettext(
        "A card's usual life does not lead back from this status. Two persons can set it all the same."
    )
    context = {"form": form, "title": title, "introduction": introduction, "submit_label": gettext("Ask")}
    return render(request, "web/desk_form.html", context, status=422 if form.errors else 200)


@never_cache
@requires(Permission.CARDS_CARD_REVOKE)
def revoke(request: ScopedRequest) -> HttpResponse:
    form = RevokeForm(request.POST or None)
    if form.is_valid():
        done = _revoke(request, form)
        if done:
            return done
    most = MOST_ALONE[Kind.BULK_REVOKE]
    introduction = gettext(
        "Up to %(most)s cards are revoked at once. For more, a second person of another unit has to agree."
    ) % {"most": most}
    title = gettext("Revoke several cards")
    context = {"form": form, "title": title, "introduction": introduction, "submit_label": gettext("Revoke")}
    return render(request, "web/desk_form.html", context, status=422 if form.errors else 200)


def _revoke(request: ScopedRequest, form: RevokeForm) -> HttpResponse | None:
    """Revokes the cards or asks for it; numbers that lead to no card here are said in the form."""
    said, scope = form.cleaned_data, request.scope
    cards = queries.cards_by_numbers(scope, said["numbers"], said["purpose"])
    missing = sorted(set(said["numbers"]) - {card.number for card in cards})
    if missing:
        told = gettext("Not in your jurisdiction: %(numbers)s") % {"numbers": ", ".join(missing[:5])}
        form.add_error("numbers", told)
        return None
    indexes = [card.pk for card in cards]
    if len(indexes) > MOST_ALONE[Kind.BULK_REVOKE]:
        return _asked(request, lambda: bulk.ask_revoke(scope, indexes, said["reason"], said["why"]), form)
    try:
        count = bulk.revoke_cards(scope, indexes, said["reason"])
    except NotThisStatus:
        form.add_error("numbers", gettext("One of these cards is revoked already. Nothing was changed."))
        return None
    except SecondPersonNeeded:
        if said["why"]:
            return _asked(request, lambda: bulk.ask_revoke(scope, indexes, said["reason"], said["why"]), form)
        told = gettext("With those you revoked in the last 24 hours this is more than %(most)s. Say why so many.")
        form.add_error("why", told % {"most": MOST_ALONE[Kind.BULK_REVOKE]})
        return None
    done = ngettext("%(count)s card is revoked.", "%(count)s cards are revoked.", count) % {"count": count}
    messages.success(request, done)
    return redirect("cards:revoke")
