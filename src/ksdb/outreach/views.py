"""Pages of the work at the doors: groups, a group's doors, a person, the walking order, helpers, the list on paper."""

from collections.abc import Callable

import msgspec
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ksdb.core.clock import now, today
from ksdb.core.errors import KsdbError
from ksdb.core.scope import Permission
from ksdb.outreach import actions, queries
from ksdb.outreach.actions import rounds
from ksdb.outreach.doors import GroupCounts
from ksdb.outreach.faults import HelperUnknown, NoteDecided, NothingNoted, OccasionMissing
from ksdb.outreach.forms import REASON_CHOICES, AfterForm, HelperForm, MoveForm, NoteForm, TakeForm, new_key
from ksdb.outreach.notes import Answer, Outcome
from ksdb.outreach.reader_views import with_camera
from ksdb.outreach.telling import told, what_of
from ksdb.outreach.words import OCCASION_LABELS, REASON_LABELS, REASON_LETTERS
from ksdb.web.asked import number_in
from ksdb.web.requires import ScopedRequest, requires

READ, WRITE, TAKE = Permission.OUTREACH_LIST_READ, Permission.OUTREACH_NOTE_WRITE, Permission.OUTREACH_LIST_TAKE
ASSIGN = Permission.OUTREACH_HELPER_ASSIGN


@require_GET
@never_cache
@requires(READ)
def groups(request: ScopedRequest) -> HttpResponse:
    communes = queries.communes_at_work(request.scope)
    asked = number_in(request.GET.get("commune"))
    commune_id = asked if asked is not None else communes[0].pk if len(communes) == 1 else None
    context: dict[str, object] = {"communes": communes, "as_of": now(), "today": today()}
    if commune_id is not None:
        rows = queries.groups_of(request.scope, commune_id)
        context |= {
            "commune": rows[0].division.parent,
            "rows": rows,
            "total": sum((row.counts for row in rows), GroupCounts()),
            "progress": queries.progress_in(request.scope, commune_id),
        }
    return render(request, "outreach/groups.html", context)


@require_GET
@never_cache
@requires(READ)
@with_camera
def group(request: ScopedRequest, group_id: int) -> HttpResponse:
    scope, only = request.scope, request.GET.get("only") == "1"
    listed = queries.work_list(scope, group_id)
    page = queries.shown_page(scope, listed, number_in(request.GET.get("page")) or 1, only_lacking=only)
    context = {
        "listed": listed,
        "counts": listed.counts,
        "page": page,
        "only": only,
        "pages": range(1, page.count + 1),
        "helpers": queries.assignments_of(scope, group_id),
        "conflicts": _conflicts(request, group_id),
        "can_note": scope.allows(WRITE),
        "take_form": TakeForm() if scope.allows(TAKE) else None,
        "can_assign": scope.allows(ASSIGN),
        "as_of": now(),
        **_words(),
    }
    return render(request, "outreach/group.html", context)


def _words() -> dict[str, object]:
    return {
        "reasons": REASON_CHOICES,
        "new_key": new_key,
    }


def _conflicts(request: ScopedRequest, group_id: int) -> list[tuple[object, str, object]]:
    """Each note that waits for a decision, what it says, and what stands against it."""
    return [
        (row, what_of(row.kind, row.reason), told(queries.standing_for(request.scope, row)))
        for row in queries.conflicts_of(request.scope, group_id)
        if row.resident_id
    ]


@require_POST
@requires(WRITE)
def note(request: ScopedRequest, group_id: int) -> HttpResponse:
    queries.group_in(request.scope, WRITE, group_id)
    form = NoteForm(request.POST)
    if form.is_valid():
        made = form.note(group_id)
        _tell(request, actions.take_note(request.scope, made))
        return redirect(_back(request, group_id, made.household, made.resident))
    messages.error(request, gettext(NothingNoted.sentence()))
    return redirect(_back(request, group_id, 0, 0))


def _tell(request: HttpRequest, answer: Answer) -> None:
    levels: dict[Outcome, Callable[..., None]] = {
        Outcome.REFUSED: messages.error,
        Outcome.CONFLICT: messages.warning,
    }
    levels.get(answer.outcome, messages.success)(request, answer.message)


def _back(request: HttpRequest, group_id: int, household: int, resident: int) -> str:
    """The page the form stood on: the person's own, or the list at that door."""
    if request.POST.get("from") == "person" and resident:
        return reverse("outreach:person", args=[resident])
    asked = {"page": number_in(request.POST.get("page")), "only": number_in(request.POST.get("only"))}
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{reverse('outreach:group', args=[group_id])}{'?' if query else ''}{query}#door-{household}"


@require_GET
@never_cache
@requires(READ)
@with_camera
def person(request: ScopedRequest, resident_id: int) -> HttpResponse:
    sheet = queries.person_sheet(request.scope, resident_id)
    context = {"sheet": sheet, "person": sheet.person, "can_note": request.scope.allows(WRITE), **_words()}
    context["can_issue"] = request.scope.allows(Permission.CARDS_CARD_ISSUE)
    return render(request, "outreach/person.html", context)


@require_POST
@requires(WRITE)
def settle(request: ScopedRequest, note_id: int) -> HttpResponse:
    """Decided on the list, which is shown again, or on a phone, which asks `as=json`."""
    group_id = queries.conflict_in(request.scope, note_id).division_id
    try:
        answer = actions.settle(request.scope, note_id, keeps_it=request.POST.get("keep") == "mine")
    except NoteDecided as fault:
        if request.POST.get("as") == "json":
            raise
        messages.error(request, gettext(fault.sentence()))
    else:
        if request.POST.get("as") == "json":
            return HttpResponse(msgspec.json.encode(answer), content_type="application/json")
        _tell(request, answer)
    return redirect("outreach:group", group_id)


@require_http_methods(["GET", "POST"])
@never_cache
@requires(WRITE)
def order(request: ScopedRequest, group_id: int) -> HttpResponse:
    listed = queries.work_list(request.scope, group_id, WRITE)
    if request.method == "POST":
        form = MoveForm(request.POST)
        place = form.place() if form.is_valid() else None
        if place is None:
            messages.error(request, gettext("Choose a household and where it comes."))
            return redirect("outreach:order", group_id)
        rounds.move_household(request.scope, group_id, form.cleaned_data["household"], place)
        messages.success(request, gettext("The order is changed."))
        return redirect(f"{reverse('outreach:order', args=[group_id])}#door-{form.cleaned_data['household']}")
    doors = [door for door in listed.doors if door.id]
    context = {"listed": listed, "doors": doors, "after_form": AfterForm(doors)}
    return render(request, "outreach/order.html", context)


@require_POST
@requires(WRITE)
def address_order(request: ScopedRequest, group_id: int) -> HttpResponse:
    rounds.order_by_address(request.scope, group_id)
    messages.success(request, gettext("The households stand in the order of their addresses again."))
    return redirect("outreach:order", group_id)


@require_http_methods(["GET", "POST"])
@never_cache
@requires(ASSIGN)
def helpers(request: ScopedRequest, group_id: int) -> HttpResponse:
    accounts = queries.helpers_for(request.scope, group_id)
    form = HelperForm([(account.pk, account.full_name) for account in accounts], request.POST or None)
    if form.is_valid():
        _try(request, lambda: rounds.assign(request.scope, group_id, form.cleaned_data["account"]))
        return redirect("outreach:helpers", group_id)
    context = {
        "form": form,
        "group": queries.group_in(request.scope, ASSIGN, group_id),
        "assignments": queries.assignments_of(request.scope, group_id),
    }
    return render(request, "outreach/helpers.html", context, status=422 if form.errors else 200)


def _try(request: HttpRequest, act: Callable[[], None]) -> None:
    try:
        act()
    except HelperUnknown as fault:
        messages.error(request, gettext(fault.sentence()))
    else:
        messages.success(request, gettext("Saved."))


@require_POST
@requires(ASSIGN)
def end_helper(request: ScopedRequest, group_id: int) -> HttpResponse:
    queries.group_in(request.scope, ASSIGN, group_id)
    account_id = number_in(request.POST.get("account"))
    try:
        rounds.unassign(request.scope, group_id, account_id or 0)
    except KsdbError as fault:
        messages.error(request, gettext(fault.sentence()))
    return redirect("outreach:helpers", group_id)


@require_POST
@never_cache
@requires(TAKE)
def paper(request: ScopedRequest, group_id: int) -> HttpResponse:
    queries.group_in(request.scope, TAKE, group_id)
    form = TakeForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext(OccasionMissing.sentence()))
        return redirect("outreach:group", group_id)
    occasion = form.cleaned_data["occasion"]
    taken = rounds.take_along(request.scope, group_id, "paper", occasion)
    listed = taken.listed
    doors = [door.only_without_card() for door in listed.doors]
    context = {
        "listed": listed,
        "counts": listed.counts,
        "taken": taken,
        "occasion": OCCASION_LABELS[occasion],
        "doors": [(door, whole.active) for door, whole in zip(doors, listed.doors, strict=True) if door.persons],
        "letters": [(letter, REASON_LABELS[reason]) for reason, letter in REASON_LETTERS.items()],
        "as_of": now(),
        **_words(),
    }
    return render(request, "outreach/paper.html", context)
