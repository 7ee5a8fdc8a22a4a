"""Pages of the disputes of visits: the list of what waits, and the answer to one."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from ksdb.core.clock import now
from ksdb.core.decision import Mark
from ksdb.core.scope import Permission
from ksdb.visits import actions
from ksdb.visits.disputing import DisputeDecided, OwnDispute, Raiser, Reason, State
from ksdb.visits.forms import DecisionForm
from ksdb.visits.queries import disputes as queries
from ksdb.visits.words import FLAG_LABELS, MARK_LABELS, RAISER_LABELS, REASON_LABELS
from ksdb.web.asked import number_in
from ksdb.web.requires import ScopedRequest, requires

DECIDE = Permission.VISITS_DISPUTE_DECIDE


@require_GET
@never_cache
@requires(DECIDE)
def disputes(request: ScopedRequest) -> HttpResponse:
    asked = request.GET.get("state", "")
    state = State(asked) if asked in set(State) else State.OPEN
    page = queries.disputes_in(request.scope, state, number_in(request.GET.get("page")) or 1)
    rows = [(row, REASON_LABELS[Reason(row.dispute.reason)]) for row in page]
    tabs = [
        (State.OPEN, gettext("Waiting")),
        (State.ACCEPTED, gettext("Accepted")),
        (State.DECLINED, gettext("Declined")),
    ]
    context = {"page": page, "rows": rows, "state": state, "tabs": tabs, "as_of": now()}
    return render(request, "visits/disputes.html", context)


@require_http_methods(["GET", "POST"])
@never_cache
@requires(DECIDE)
def dispute(request: ScopedRequest, dispute_id: int) -> HttpResponse:
    form = DecisionForm(request.POST or None)
    if form.is_valid():
        try:
            actions.decide_dispute(request.scope, dispute_id, form.is_accepted, form.cleaned_data["note"])
        except (DisputeDecided, OwnDispute) as error:
            form.add_error(None, gettext(error.sentence()))
        else:
            messages.success(request, _done(is_accepted=form.is_accepted))
            return redirect("visits:disputes")
    sheet = queries.dispute_sheet(request.scope, dispute_id)
    context = {"form": form, "sheet": sheet, "as_of": now(), **_words_of(sheet)}
    return render(request, "visits/dispute.html", context, status=422 if form.errors else 200)


def _words_of(sheet: queries.DisputeSheet) -> dict[str, Any]:
    one, facts = sheet.dispute, sheet.facts
    return {
        "reason": REASON_LABELS[Reason(one.reason)],
        "raiser": RAISER_LABELS[Raiser(one.raised_as)],
        "flags": [FLAG_LABELS[flag] for flag in facts.flags] if facts else [],
        "marks": [MARK_LABELS[mark] for mark in Mark if mark in facts.marks] if facts else [],
        "is_open": one.state == State.OPEN,
    }


def _done(*, is_accepted: bool) -> str:
    if is_accepted:
        return gettext("The visit counts no more. Traces that used it run again.")
    return gettext("The dispute is declined. The visit counts as before.")
