"""Pages for administrators: the accounts they govern, invitations, grants; and the page an invitation opens."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from ksdb.access import actions, queries
from ksdb.access.forms import FirstPasswordForm, GrantForm, InviteForm, SearchForm, UnitForm
from ksdb.access.words import FACTOR_LABELS, ROLE_LABELS
from ksdb.core.clock import today
from ksdb.core.scope import Permission, Role, Scope
from ksdb.web.requires import ScopedRequest, open_to_all, requires

PAGE_ROWS = 50
GOVERNS = Permission.ACCESS_GRANT_WRITE


@dataclass(frozen=True)
class GrantRow:
    """A grant as a table shows it."""

    grant: Any
    role: str | Promise
    is_ended: bool
    is_current: bool


def _rows(grants: list[Any], on: date) -> list[GrantRow]:
    rows = []
    for one in grants:
        is_ended = one.valid_to is not None and one.valid_to <= on
        rows.append(GrantRow(one, ROLE_LABELS[Role(one.role)], is_ended, one.valid_from <= on and not is_ended))
    return rows


@requires(GOVERNS)
def accounts(request: ScopedRequest) -> HttpResponse:
    """All by name, page after page; or the first fifty that have the words."""
    form = SearchForm(request.POST or None)
    words = form.cleaned_data["words"] if form.is_valid() else ""
    page = Paginator(queries.accounts_with_grants(request.scope, words), PAGE_ROWS).get_page(request.GET.get("page"))
    rows = [{"account": one, "grants": _rows(list(one.grants.all()), today())} for one in page]
    context = {"page": page, "rows": rows, "form": form, "is_search": bool(words)}
    return render(request, "access/accounts.html", context)


@requires(GOVERNS)
@never_cache
def invite(request: ScopedRequest) -> HttpResponse:
    """The link is shown in the answer itself and nowhere else: it is kept only as a hash."""
    form = InviteForm(request.scope, request.POST or None)
    if form.is_valid():
        try:
            account, token = actions.invite(request.scope, form.newcomer, form.terms)
        except actions.NameTaken as error:
            form.add_error("username", gettext(error.sentence()))
        else:
            return _invited(request, account, token)
    context = {"form": form, "title": _("Invite a person"), "submit_label": _("Make the link")}
    context["units"] = queries.units_in(request.scope)
    return render(request, "access/invite.html", context | {"cancel_url": reverse("access:accounts")})


def _invited(request: HttpRequest, account: Any, token: str) -> HttpResponse:
    link = request.build_absolute_uri(reverse("access:welcome", args=[token]))
    hours = int(actions.INVITATION_LASTS.total_seconds()) // 3600
    return render(request, "access/invited.html", {"account": account, "link": link, "hours": hours})


@requires(GOVERNS)
def account(request: ScopedRequest, account_id: int) -> HttpResponse:
    return _account_page(request, account_id, GrantForm(request.scope))


def _account_page(
    request: ScopedRequest, account_id: int, form: GrantForm, unit_form: UnitForm | None = None
) -> HttpResponse:
    sheet = queries.account_sheet(request.scope, account_id)
    context = {
        "unit_form": unit_form or UnitForm(initial={"unit": sheet.account.unit}),
        "units": queries.units_in(request.scope),
        "sheet": sheet,
        "grants": _rows(sheet.grants, today()),
        "factors": [FACTOR_LABELS[factor] for factor in sheet.factors],
        "form": form,
        "is_own": sheet.account.pk == request.scope.actor_id,
    }
    return render(request, "access/account.html", context)


@requires(GOVERNS)
@require_POST
def grant(request: ScopedRequest, account_id: int) -> HttpResponse:
    form = GrantForm(request.scope, request.POST)
    if not form.is_valid():
        return _account_page(request, account_id, form)
    actions.grant(request.scope, account_id, form.terms)
    messages.success(request, gettext("The right was given."))
    return redirect("access:account", account_id)


@requires(GOVERNS)
@require_POST
def unit(request: ScopedRequest, account_id: int) -> HttpResponse:
    form = UnitForm(request.POST)
    if not form.is_valid():
        return _account_page(request, account_id, GrantForm(request.scope), form)
    actions.set_unit(request.scope, account_id, form.cleaned_data["unit"])
    messages.success(request, gettext("The unit is written."))
    return redirect("access:account", account_id)


@requires(GOVERNS)
@require_POST
def end_grant(request: ScopedRequest, account_id: int, grant_id: int) -> HttpResponse:
    actions.end_grant(request.scope, account_id, grant_id)
    messages.success(request, gettext("The right has ended."))
    return redirect("access:account", account_id)


@requires(GOVERNS)
@require_POST
@never_cache
def invite_again(request: ScopedRequest, account_id: int) -> HttpResponse:
    return _invited(request, *actions.invite_again(request.scope, account_id))


def _act(act: Callable[[Scope, int], None], done: str | Promise) -> Callable[..., HttpResponse]:
    """A view that does one thing to an account and goes back to its page."""

    @requires(GOVERNS)
    @require_POST
    def view(request: ScopedRequest, account_id: int) -> HttpResponse:
        act(request.scope, account_id)
        messages.success(request, str(done))
        return redirect("access:account", account_id)

    return view


@dataclass(frozen=True)
class Question:
    """What is asked before something that a slip of the hand must not do."""

    title: str | Promise
    consequence: str | Promise
    answer: str | Promise


def _asked_first(act: Callable[..., HttpResponse], question: Question) -> Callable[..., HttpResponse]:
    """The act, on a page of its own that says what it does."""

    @requires(GOVERNS)
    def view(request: ScopedRequest, account_id: int) -> HttpResponse:
        if request.method == "POST":
            return act(request, account_id)
        one = queries.account(request.scope, account_id)
        return render(request, "access/question.html", {"account": one, "question": question})

    return view


deactivate = _asked_first(
    _act(actions.deactivate_account, _("The account is closed; nobody can sign in with it.")),
    Question(
        _("Close this account?"),
        _("Nobody can sign in with it any more, and whoever is signed in is signed out now. It can be opened again."),
        _("Close the account"),
    ),
)
reactivate = _act(actions.reactivate_account, _("The account is open again."))
end_sessions = _act(actions.end_sessions, _("The account was signed out everywhere."))
reset_second_factor = _asked_first(
    _act(actions.reset_second_factor, _("The second factor was reset. It is set up anew at the next sign-in.")),
    Question(
        _("Reset the second factor of this account?"),
        _(
            "App, passkeys and recovery codes are forgotten, and the account is signed out everywhere. Until a new one"
            " is set up the password alone protects it: make sure first that it is the person who asks."
        ),
        _("Reset the second factor"),
    ),
)


@open_to_all
@never_cache
@sensitive_post_parameters()
def welcome(request: ScopedRequest, token: str) -> HttpResponse:
    """Opened by whoever holds the link: sets the password; then one signs in with it like everybody."""
    account = actions.invited(request.scope, token)
    form = FirstPasswordForm(data=request.POST or None, user=account)
    if form.is_valid():
        actions.accept_invitation(request.scope, token, form.cleaned_data["password1"])
        messages.success(request, gettext("Your password is set. Sign in with it now."))
        return redirect("access:sign_in")
    context = {"form": form, "account": account, "title": _("Welcome to ksdb"), "submit_label": _("Set the password")}
    return render(request, "access/welcome.html", context)
