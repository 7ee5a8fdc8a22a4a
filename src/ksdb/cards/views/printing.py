"""Pages of printing: what waits, print jobs with their files, what came out badly, and what it cost."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from ksdb.approvals.kinds import SecondPersonNeeded
from ksdb.cards import actions, jobs
from ksdb.cards.actions import drawing, printing
from ksdb.cards.forms.printing import (
    IssueMissingForm,
    LetterForm,
    MisprintForm,
    OrderForm,
    PrintForm,
    SingleForm,
    YearForm,
)
from ksdb.cards.life import HasLiveCard, NoIssuerKey, NothingToPrint, NotThisStatus
from ksdb.cards.queries import card_in_reach, cards_by_numbers
from ksdb.cards.queries import printing as reads
from ksdb.cards.words import BATCH_STATUS_KINDS, BATCH_STATUS_LABELS, FAULT_TEXTS, FORM_LABELS, LAYOUT_LABELS
from ksdb.core.clock import day_bounds, now, today
from ksdb.core.errors import NotFound
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.core.token import Form
from ksdb.web.asked import number_in
from ksdb.web.requires import ScopedRequest, requires

PAGE_ROWS = 50
TOLD = (
    HasLiveCard,
    NoIssuerKey,
    NothingToPrint,
    NotThisStatus,
    printing.NotOnTheSheet,
    printing.NotThisBatch,
    printing.SeveralPayers,
)
"""What a desk can run into in its daily work: said on the page it was on."""


@dataclass(frozen=True)
class BatchRow:
    """A print batch as pages show it."""

    batch: Any
    form: str | Promise
    layout: str | Promise
    status: str | Promise
    kind: str
    is_moving: bool
    fault: str | Promise

    @classmethod
    def of(cls, batch: Any) -> "BatchRow":
        return cls(
            batch,
            FORM_LABELS[Form(batch.form)],
            LAYOUT_LABELS.get(batch.layout, batch.layout),
            BATCH_STATUS_LABELS[batch.status],
            BATCH_STATUS_KINDS[batch.status],
            is_moving=batch.status in {"queued", "running"},
            fault=FAULT_TEXTS.get(batch.fault, ""),
        )


@never_cache
@require_GET
@requires(Permission.CARDS_CARD_PRINT)
def batches(request: ScopedRequest) -> HttpResponse:
    divisions = _divisions(request.scope, request.GET)
    first = {"division": divisions[0].pk, "form": Form.PAPER.value} if divisions else {}
    form = PrintForm(request.GET if "division" in request.GET else first, divisions=divisions)
    counts = order_form = None
    if form.is_valid():
        counts = reads.print_counts(request.scope, form.cleaned_data["division"], form.cleaned_data["form"])
        order_form = OrderForm.of(form, divisions)
    page = Paginator(reads.batches(request.scope), PAGE_ROWS).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "order_form": order_form,
        "issue_form": IssueMissingForm(divisions=divisions),
        "counts": counts,
        "most": printing.MOST_PRINTED,
        "most_issued": actions.MOST_PER_BATCH,
        "divisions": divisions,
        "page": page,
        "rows": [BatchRow.of(batch) for batch in page],
        "as_of": now(),
    }
    return render(request, "cards/batches.html", context)


def _divisions(scope: Scope, given: QueryDict) -> list[Any]:
    """What can be chosen: communes, and the residential groups of the one that is chosen."""
    chosen = given.get("division", "")
    return reads.divisions_to_print(scope, number_in(chosen))


@require_POST
@requires(Permission.CARDS_CARD_PRINT)
def order(request: ScopedRequest) -> HttpResponse:
    form = OrderForm(request.POST, divisions=_divisions(request.scope, request.POST))
    if not form.is_valid():
        raise NotFound
    said = form.cleaned_data
    how = printing.How(said["layout"], is_paid_by_province=said["payer"] == "province")
    return _ordered(
        request,
        lambda: printing.order_batch(request.scope, said["division"], said["form"], how=how),
        _chosen("cards:batches", form),
    )


def _ordered(request: ScopedRequest, order: Callable[[], jobs.Ordered], otherwise: HttpResponse) -> HttpResponse:
    """Leads to the new print job, or back to where it was asked for."""
    try:
        return redirect("cards:batch", jobs.queued(order))
    except TOLD as error:
        messages.error(request, gettext(error.sentence()))
        return otherwise


@require_POST
@requires(Permission.CARDS_CARD_PRINT)
def print_card(request: ScopedRequest, index: int) -> HttpResponse:
    form = SingleForm(request.POST)
    layout = form.cleaned_data["layout"] if form.is_valid() else "single"
    how = printing.How(layout)
    card_in_reach(request.scope, Permission.CARDS_CARD_PRINT, index)  # one that is not there is told like one elsewhere
    return _ordered(request, lambda: printing.order_cards(request.scope, [index], how), redirect("cards:batches"))


@require_POST
@requires(Permission.CARDS_CARD_PRINT)
def print_letter(request: ScopedRequest, resident_id: int) -> HttpResponse:
    form = LetterForm(request.POST)
    chosen = form.cleaned_data["form"] if form.is_valid() else Form.PAPER
    indexes = reads.cards_of_household(request.scope, resident_id, chosen)
    return _ordered(
        request,
        lambda: printing.order_cards(request.scope, indexes, printing.How("letter")),
        redirect("cards:of_resident", resident_id),
    )


@require_POST
@requires(Permission.CARDS_CARD_ISSUE)
def issue_missing(request: ScopedRequest) -> HttpResponse:
    form = IssueMissingForm(request.POST, divisions=_divisions(request.scope, request.POST))
    if not form.is_valid():
        if set(form.errors) - {"confirmed"}:
            raise NotFound
        messages.error(request, gettext("Nothing was issued: tick that you want these cards."))
        return _chosen("cards:batches", form)
    try:
        count = actions.issue_missing(request.scope, form.cleaned_data["division"], form.cleaned_data["form"])
    except SecondPersonNeeded:
        return _chosen("cards:ask_issue", form)
    except TOLD as error:
        messages.error(request, gettext(error.sentence()))
    else:
        done = ngettext("%(count)s card is issued.", "%(count)s cards are issued.", count) % {"count": count}
        messages.success(request, done)
    return _chosen("cards:batches", form)


def _chosen(page: str, form: PrintForm) -> HttpResponse:
    target = redirect(page)
    target["Location"] += f"?division={form.cleaned_data['division']}&form={form.cleaned_data['form'].value}"
    return target


@never_cache
@require_GET
@requires(Permission.CARDS_CARD_PRINT)
def batch(request: ScopedRequest, batch_id: int) -> HttpResponse:
    return _batch_page(request, batch_id, MisprintForm())


def _batch_page(request: ScopedRequest, batch_id: int, form: MisprintForm) -> HttpResponse:
    found = reads.batch(request.scope, batch_id)
    context = {
        "row": BatchRow.of(found),
        "parts": reads.parts_of(request.scope, batch_id),
        "missing": reads.missing_parts(request.scope, batch_id),
        "cost": found.unit_cost * found.done_count,
        "misprint_form": form,
        "misprints": len(reads.misprints_to_print(request.scope, batch_id)),
        "reprints": reads.batches(request.scope).filter(reprint_of=batch_id),
        "as_of": now(),
    }
    return render(request, "cards/batch.html", context, status=422 if form.errors else 200)


@never_cache
@require_GET
@requires(Permission.CARDS_CARD_PRINT)
def batch_file(request: ScopedRequest, batch_id: int, part_number: int) -> HttpResponseBase:
    path = drawing.file_of_part(request.scope, batch_id, part_number)
    return FileResponse(path.open("rb"), as_attachment=True, filename=f"ksdb-{batch_id}-{part_number}.pdf")


@require_POST
@requires(Permission.CARDS_CARD_PRINT)
def batch_printed(request: ScopedRequest, batch_id: int) -> HttpResponse:
    done = gettext("Noted as printed. Its cost counts from now on.")
    return _act(request, batch_id, lambda: printing.report_printed(request.scope, batch_id), done)


@require_POST
@requires(Permission.CARDS_CARD_PRINT)
def batch_cancel(request: ScopedRequest, batch_id: int) -> HttpResponse:
    done = gettext("The batch is cancelled and its files are deleted. Its cards can be ordered again.")
    return _act(request, batch_id, lambda: printing.cancel_batch(request.scope, batch_id), done)


@require_POST
@requires(Permission.CARDS_CARD_PRINT)
def batch_resume(request: ScopedRequest, batch_id: int) -> HttpResponse:
    found = reads.batch(request.scope, batch_id)
    jobs.draw.defer(batch_id=found.pk)
    messages.success(request, gettext("The rest is being drawn. What was drawn already stays."))
    return redirect("cards:batch", batch_id)


@require_POST
@requires(Permission.CARDS_CARD_PRINT)
def batch_redraw(request: ScopedRequest, batch_id: int) -> HttpResponse:
    otherwise = redirect("cards:batch", batch_id)
    return _ordered(request, lambda: printing.order_redraw(request.scope, batch_id), otherwise)


@require_POST
@requires(Permission.CARDS_CARD_PRINT)
def batch_reprint(request: ScopedRequest, batch_id: int) -> HttpResponse:
    otherwise = redirect("cards:batch", batch_id)
    return _ordered(request, lambda: printing.order_reprint(request.scope, batch_id), otherwise)


@require_POST
@requires(Permission.CARDS_CARD_PRINT)
def batch_misprint(request: ScopedRequest, batch_id: int) -> HttpResponse:
    form = MisprintForm(request.POST)
    if not form.is_valid():
        return _batch_page(request, batch_id, form)
    try:
        count = printing.report_misprints(request.scope, batch_id, _bad_cards(request, batch_id, form))
    except (printing.NotOnTheSheet, printing.NotThisBatch) as error:
        form.add_error(None, gettext(error.sentence()))
        return _batch_page(request, batch_id, form)
    done = ngettext(
        "%(count)s misprint is noted. Order it again below.",
        "%(count)s misprints are noted. Order them again below.",
        count,
    ) % {"count": count}
    messages.success(request, done)
    return redirect("cards:batch", batch_id)


def _bad_cards(request: ScopedRequest, batch_id: int, form: MisprintForm) -> list[int]:
    numbers, sheets = form.cleaned_data["numbers"], form.cleaned_data["sheets"]
    cards = cards_by_numbers(request.scope, numbers, Purpose.CARD_SERVICE) if numbers else []
    if len(cards) != len(numbers):
        raise printing.NotOnTheSheet
    on_sheets = reads.cards_on_sheets(request.scope, batch_id, sheets)
    return list(dict.fromkeys([card.pk for card in cards] + on_sheets))


def _act(request: ScopedRequest, batch_id: int, act: Callable[[], object], done: str) -> HttpResponse:
    try:
        act()
    except TOLD as error:
        messages.error(request, gettext(error.sentence()))
    else:
        messages.success(request, done)
    return redirect("cards:batch", batch_id)


@dataclass(frozen=True)
class CostRow:
    """What one form of card cost one budget."""

    cost: reads.Cost
    form: str | Promise


@never_cache
@require_GET
@requires(Permission.CARDS_CARD_PRINT)
def costs(request: ScopedRequest) -> HttpResponse:
    form = YearForm(request.GET if "year" in request.GET else {"year": today().year})
    rows = []
    if form.is_valid():
        year = form.cleaned_data["year"]
        since, until = (day_bounds(date(first, 1, 1))[0] for first in (year, year + 1))
        rows = [CostRow(cost, FORM_LABELS[cost.form]) for cost in reads.print_costs(request.scope, since, until)]
    context = {"form": form, "rows": rows, "total": sum(row.cost.dong for row in rows), "as_of": now()}
    return render(request, "cards/costs.html", context)
