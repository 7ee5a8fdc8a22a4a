"""A resident's own pages: visits, notices, how one is today, what is held, who read it, what is wrong in it."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ksdb.config import settings
from ksdb.core.clock import day_of
from ksdb.core.errors import KsdbError, NotFound
from ksdb.notices.actions import mark_read
from ksdb.notices.push import public_key
from ksdb.notices.queries import notices_of
from ksdb.visits.disputing import ANSWER_DAYS, AlreadyDisputed, VisitGone, VisitRef
from ksdb.wallet.actions import keepers
from ksdb.wallet.actions import mine as actions
from ksdb.wallet.asking import ALLOWED_LABELS, SYMPTOMS, Allowed, Answers, NothingToRepeat, TooManyRequests
from ksdb.wallet.exporting import as_json
from ksdb.wallet.mine_forms import CorrectionForm, DeclarationForm, DisputeForm, declared_before
from ksdb.wallet.queries import mine as queries
from ksdb.wallet.queries.everything import held_about
from ksdb.wallet.queries.held import MyVisit
from ksdb.wallet.queries.keepers import is_own_phone
from ksdb.wallet.session import HolderRequest, holder_page
from ksdb.wallet.views.household import number_in


@holder_page
@never_cache
@require_GET
def visits(request: HolderRequest) -> HttpResponse:
    found = queries.my_visits(request.scope, request.resident_id)
    context = {
        "mine": request.mine,
        "days": list(by_day(found)),
        "count": len(found),
        "kept": settings().retention_days,
    }
    return render(request, "wallet/visits.html", context)


def by_day(found: Sequence[MyVisit]) -> Iterator[tuple[date, list[MyVisit]]]:
    """The days on which there were any, each with its visits."""
    for on, ones in groupby(found, key=lambda one: day_of(one.at)):
        yield on, list(ones)


@holder_page
@never_cache
@require_POST
def dispute(request: HolderRequest) -> HttpResponse:
    """The form, and what was filled into it: which visit it is never stands in an address."""
    one = queries.my_visit(request.scope, request.resident_id, visit_in(request.POST.get("visit", "")))
    is_filled = "text" in request.POST
    form = DisputeForm(request.POST if is_filled else None)
    if is_filled and form.is_valid():
        try:
            actions.dispute_own_visit(request.scope, request.resident_id, one.ref, form.said)
        except (AlreadyDisputed, VisitGone) as error:
            form.add_error(None, gettext(error.sentence()))
        else:
            messages.success(request, gettext("Your ward looks at it and answers within %(days)s days.") % _DAYS)
            return redirect("wallet:visits")
    context = {"form": form, "visit": one}
    return render(request, "wallet/dispute.html", context, status=422 if form.errors else 200)


_DAYS = {"days": ANSWER_DAYS}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def visit_in(key: str) -> VisitRef:
    """The visit that a hidden field names. Raises NotFound."""
    parts = key.split("-")
    if len(parts) != 4 or not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
        raise NotFound
    point_id, micro, device_id, sequence = map(int, parts)
    try:
        at = _EPOCH + timedelta(microseconds=micro)
    except OverflowError as error:
        raise NotFound from error
    return VisitRef(point_id, at, device_id, sequence)


@holder_page
@never_cache
@require_GET
def notices(request: HolderRequest) -> HttpResponse:
    records = queries.own_records(request.scope, request.resident_id)
    told = notices_of(request.scope, [request.resident_id, *records])
    takes = queries.allows(request.scope, request.holder, request.resident_id, Allowed.PUSH)
    context = {"mine": request.mine, "notices": told, "takes_pushes": takes, "push_key": public_key()}
    answer = render(request, "wallet/notices.html", context)
    mark_read(request.scope, [request.resident_id, *records])
    return answer


@holder_page
@require_POST
def notice_test(request: HolderRequest) -> HttpResponse:
    try:
        actions.send_test(request.scope, request.resident_id)
    except KsdbError as error:
        messages.error(request, gettext(error.sentence()))
    else:
        messages.success(request, gettext("A test is on its way. By day it comes within two minutes."))
    return redirect("wallet:notices")


@holder_page
@never_cache
@require_http_methods(["GET", "POST"])
def declaration(request: HolderRequest) -> HttpResponse:
    asking, resident = request.scope, request.resident_id
    today = queries.declared_today(asking, resident)
    last = next(iter(queries.my_declarations(asking, resident)), None)
    before = Answers(tuple(last.symptoms), last.met_ill, last.travelled, last.travelled_to) if last else None
    is_allowed = queries.allows(asking, request.holder, resident, Allowed.HEALTH)
    form = DeclarationForm(
        request.POST or None, is_allowed=is_allowed, initial=declared_before(before) if before else None
    )
    if form.is_valid():
        actions.allow(asking, request.holder, resident, Allowed.HEALTH)
        actions.declare(asking, request.holder, resident, form.answers)
        return redirect("wallet:declaration")
    context = {
        "mine": request.mine,
        "form": form,
        "today": today,
        "is_worrying": before is not None and before.is_worrying,
        "last": last,
        "said": [SYMPTOMS.get(one, one) for one in last.symptoms] if last else [],
        "can_repeat": is_allowed and last is not None,
    }
    return render(request, "wallet/declaration.html", context, status=422 if form.errors else 200)


@holder_page
@require_POST
def declaration_same(request: HolderRequest) -> HttpResponse:
    try:
        actions.declare_same(request.scope, request.holder, request.resident_id)
    except NothingToRepeat as error:
        messages.error(request, gettext(error.sentence()))
    return redirect("wallet:declaration")


@holder_page
@never_cache
@require_GET
def data(request: HolderRequest) -> HttpResponse:
    held = held_about(request.scope, request.resident_id, request.holder)
    context = {
        "mine": request.mine,
        "held": held,
        "symptoms": SYMPTOMS,
        "allowed": ALLOWED_LABELS,
        "is_own": is_own_phone(request.scope, request.holder.pk, request.resident_id),
    }
    return render(request, "wallet/data.html", context)


@holder_page
@never_cache
@require_GET
def readers(request: HolderRequest) -> HttpResponse:
    found = queries.my_reads(request.scope, request.resident_id)
    context = {"mine": request.mine, "reads": found, "most": queries.MOST_READS}
    return render(request, "wallet/readers.html", context)


@holder_page
@never_cache
@require_http_methods(["GET", "POST"])
def correct(request: HolderRequest) -> HttpResponse:
    form = CorrectionForm(request.POST or None)
    if form.is_valid():
        asked = (form.topic, form.cleaned_data["text"])
        try:
            actions.ask_correction(request.scope, request.holder, request.resident_id, asked)
        except TooManyRequests as error:
            form.add_error(None, gettext(error.sentence()))
        else:
            messages.success(request, gettext("Your ward looks at it and answers within %(days)s days.") % _DAYS)
            return redirect("wallet:data")
    return render(request, "wallet/correct.html", {"form": form}, status=422 if form.errors else 200)


@holder_page
@require_POST
def take_back(request: HolderRequest) -> HttpResponse:
    what = request.POST.get("what", "")
    if what not in set(Allowed):
        raise NotFound
    actions.take_back(request.scope, request.holder, request.resident_id, Allowed(what))
    messages.success(request, gettext("You have taken it back."))
    return redirect("wallet:data")


@holder_page
@require_POST
def take_off(request: HolderRequest) -> HttpResponse:
    """Another phone keeps the card no more."""
    try:
        keepers.take_off(request.scope, request.mine, request.resident_id, number_in(request, "holding"))
    except keepers.NotYourOwn as error:
        messages.error(request, gettext(error.sentence()))
    else:
        messages.success(request, gettext("That phone keeps your card no more, and its code is refused."))
    return redirect("wallet:data")


@holder_page
@never_cache
@require_GET
def export(request: HolderRequest) -> HttpResponse:
    """Everything as a file; its name names nobody."""
    held = held_about(request.scope, request.resident_id, request.holder)
    answer = JsonResponse(as_json(held), json_dumps_params={"ensure_ascii": False, "indent": 2})
    answer.headers["Content-Disposition"] = f'attachment; filename="ksdb-my-data-{day_of(held.made_at)}.json"'
    return answer


@holder_page
@never_cache
@require_GET
def sheet(request: HolderRequest) -> HttpResponse:
    held = held_about(request.scope, request.resident_id, request.holder)
    return render(request, "wallet/sheet.html", {"held": held, "is_desk": False})
