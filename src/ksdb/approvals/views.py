"""Pages of acts that need two persons."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Paginator
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from ksdb.approvals import actions, queries
from ksdb.approvals.forms import ApproveForm, RefuseForm
from ksdb.approvals.kinds import CARRIERS, AskerGone, Kind
from ksdb.approvals.words import KIND_LABELS, STATUS_KINDS, STATUS_LABELS
from ksdb.core.errors import KsdbError, NotAllowed, NotFound
from ksdb.core.scope import Permission, Scope
from ksdb.web.requires import ScopedRequest, requires

PAGE_ROWS = 50
MINE_SHOWN = 10


@dataclass(frozen=True)
class ActRow:
    """An act as pages show it."""

    act: object
    kind: str | Promise
    described: str
    status: str | Promise
    colour: str

    @classmethod
    def of(cls, act: object, kind: str, payload: dict[str, int], status: str) -> "ActRow":
        told = CARRIERS[Kind(kind)].described(payload)
        return cls(act, KIND_LABELS[Kind(kind)], told, STATUS_LABELS[status], STATUS_KINDS[status])


def _rows(acts: Iterable[object]) -> list[ActRow]:
    return [ActRow.of(one, one.kind, one.payload, one.status) for one in acts]  # type: ignore[attr-defined]


@never_cache
@require_GET
@requires(Permission.APPROVALS_ACT_READ)
def acts(request: ScopedRequest) -> HttpResponse:
    page = Paginator(queries.settled(request.scope), PAGE_ROWS).get_page(request.GET.get("page"))
    context = {
        "waiting": _rows(queries.waiting_for(request.scope)[:PAGE_ROWS]),
        "mine": _rows(queries.asked_by_me(request.scope)[:MINE_SHOWN]),
        "settled": _rows(page),
        "page": page,
        "can_decide": request.scope.allows(Permission.APPROVALS_ACT_DECIDE),
    }
    return render(request, "approvals/acts.html", context)


@never_cache
@require_GET
@requires(Permission.APPROVALS_ACT_READ)
def act(request: ScopedRequest, act_id: int) -> HttpResponse:
    return _page(request, act_id, ApproveForm(auto_id="approve_%s"), RefuseForm(auto_id="refuse_%s"))


def _page(request: ScopedRequest, act_id: int, approve_form: Form, refuse_form: Form) -> HttpResponse:
    one = queries.act(request.scope, act_id)
    carrier = CARRIERS[Kind(one.kind)]
    is_mine = one.requested_by_id == request.scope.actor_id
    is_waiting = one.status == one.Status.WAITING
    shows_result = is_mine and one.status == one.Status.DONE and carrier.result_page
    context = {
        "row": _rows([one])[0],
        "is_mine": is_mine,
        "is_waiting": is_waiting,
        "page_url": carrier.page(one.payload) if request.scope.allows(carrier.permission) else "",
        "result_url": carrier.result_page(one.pk) if shows_result and carrier.result_page else "",
        "failure": _sentence_of(one.outcome),
        **_decision(request.scope, one, is_waiting=is_waiting),
        "approve_form": approve_form,
        "refuse_form": refuse_form,
    }
    is_faulty = approve_form.errors or refuse_form.errors
    return render(request, "approvals/act.html", context, status=422 if is_faulty else 200)


def _decision(scope: Scope, one: object, *, is_waiting: bool) -> dict[str, object]:
    """Whether this person may approve and refuse, and if not approve, why not."""
    if not is_waiting or not scope.allows(Permission.APPROVALS_ACT_DECIDE):
        return {"can_approve": False, "can_refuse": False, "hindrance": ""}
    found = queries.hindrance(scope, one)  # type: ignore[arg-type]
    told = gettext(found.sentence()) if found else ""
    can_refuse = not found or found.code in {"same_unit", "unit_missing"}
    return {"can_approve": found is None, "can_refuse": can_refuse, "hindrance": told}


def _sentence_of(code: str) -> str:
    """What kept a job from carrying the act out."""
    return gettext(AskerGone.sentence()) if code == AskerGone.code else code


@require_POST
@requires(Permission.APPROVALS_ACT_DECIDE)
def approve(request: ScopedRequest, act_id: int) -> HttpResponse:
    form = ApproveForm(request.POST, auto_id="approve_%s")
    if not form.is_valid():
        return _page(request, act_id, form, RefuseForm(auto_id="refuse_%s"))
    return _act(request, act_id, lambda: actions.approve(request.scope, act_id), gettext("You have approved this."))


@require_POST
@requires(Permission.APPROVALS_ACT_DECIDE)
def refuse(request: ScopedRequest, act_id: int) -> HttpResponse:
    form = RefuseForm(request.POST, auto_id="refuse_%s")
    if not form.is_valid():
        return _page(request, act_id, ApproveForm(auto_id="approve_%s"), form)
    reason = form.cleaned_data["reason"]
    return _act(request, act_id, lambda: actions.refuse(request.scope, act_id, reason), gettext("You have refused."))


@require_POST
@requires(Permission.APPROVALS_ACT_READ)
def withdraw(request: ScopedRequest, act_id: int) -> HttpResponse:
    return _act(request, act_id, lambda: actions.withdraw(request.scope, act_id), gettext("It is withdrawn."))


def _act(request: ScopedRequest, act_id: int, act: Callable[[], object], done: str) -> HttpResponse:
    """Does it and says so; what stands in the way is said on the act's page."""
    try:
        act()
    except (NotAllowed, NotFound):
        raise
    except KsdbError as error:
        messages.error(request, gettext(error.sentence()))
    else:
        messages.success(request, done)
    return redirect("approvals:act", act_id)
