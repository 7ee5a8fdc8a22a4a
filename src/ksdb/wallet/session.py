"""The resident's session: a cookie of its own beside Django's, and the two decorators of pages that need it.

It is never a session of staff: an account that is signed in in the same browser means nothing on these pages.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from ksdb.config import settings
from ksdb.core.scope import Scope
from ksdb.wallet.actions import mark_phone_seen
from ksdb.wallet.queries import Holder, Mine, signed_in_phone
from ksdb.web.requires import ScopedRequest

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class HolderRequest(ScopedRequest):
    """A request of a phone that is signed in; `resident_id` is the member of the household whose pages it shows."""

    mine: Mine
    holder: Holder
    resident_id: int


def cookie_name() -> str:
    """With TLS a name that browsers take only from this very host."""
    return "__Host-my" if settings().has_tls else "my"


def keep_signed_in(response: HttpResponseBase, token: str) -> None:
    """The phone carries its secret from now on, where no script reaches it."""
    response.set_cookie(
        cookie_name(),
        token,
        max_age=settings().holder_days * 86400,
        secure=settings().has_tls,
        httponly=True,
        samesite="Lax",
    )


def forget_signed_in(response: HttpResponseBase) -> None:
    response.delete_cookie(cookie_name(), samesite="Lax")


def phone_of(request: HttpRequest) -> Mine | None:
    """Who is signed in on this phone, read once a request."""
    if not hasattr(request, "mine"):
        token = request.COOKIES.get(cookie_name(), "")
        asking = Scope(None, address=str(request.META.get("REMOTE_ADDR", "")))
        request.mine = signed_in_phone(asking, token) if token else None  # type: ignore[attr-defined]
    return cast("Mine | None", request.mine)  # type: ignore[attr-defined]


def phone_page(view: View) -> View:
    """Opens the view to a phone that is signed in, also when it keeps no card yet; others are led to the beginning."""
    return _for_phones(view, needs_resident=False)


def holder_page(view: View) -> View:
    """Opens the view to a phone that keeps a card: `request.resident_id` is whose; `request.scope` sees just those."""
    return _for_phones(view, needs_resident=True)


def _for_phones(view: View, *, needs_resident: bool) -> View:
    @login_not_required
    @wraps(view)
    def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        mine = phone_of(request)
        if mine is None:
            return redirect("wallet:begin")
        asking = cast("HolderRequest", request)
        asking.scope, asking.holder = mine.scope(str(request.META.get("REMOTE_ADDR", ""))), mine.holder
        if mine.chosen is not None:
            asking.resident_id = mine.chosen.resident_id
        elif needs_resident:
            return redirect("wallet:members")
        mark_phone_seen(asking.scope, mine)
        return view(asking, *args, **kwargs)

    opened.is_for_phones = True  # type: ignore[attr-defined]
    return cast("View", opened)
