"""Fills `request.scope` for whoever signed in; ends sessions that are idle or old; insists on the second factor."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext

from ksdb.access.actions import SEEN_EVERY, mark_seen
from ksdb.access.queries import scope_of
from ksdb.access.trail import has_shown_second_factor
from ksdb.config import settings
from ksdb.core.clock import now, today
from ksdb.core.scope import NEEDS_SECOND_FACTOR, Scope

BEGAN, SEEN = "began_at", "seen_at"
CLOCKS_DIFFER = 5 * 60
"""By so many seconds the clocks of two machines of the site may differ; no session from later than that is believed."""
BY_ITSELF = "Ksdb-Nobody-Clicked"
"""The header of a page that asks by itself how far some work is: it keeps no session alive."""

Handler = Callable[[HttpRequest], HttpResponse]


class SessionLifeMiddleware:
    """Signs out whoever did nothing for a while, or signed in long ago; stands before whatever asks who is there.

    A clock that was set back lengthens no session: one that began or was used later than now ends.
    """

    def __init__(self, get_response: Handler) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            self._keep_or_end(request)
        return self._get_response(request)

    def _keep_or_end(self, request: HttpRequest) -> None:
        at = int(now().timestamp())
        began, seen = request.session.setdefault(BEGAN, at), request.session.setdefault(SEEN, at)
        idle, age = settings().session_idle_minutes * 60, settings().session_hours * 3600
        if at - seen >= idle or at - began >= age or at < max(seen, began) - CLOCKS_DIFFER:
            logout(request)
            messages.info(request, gettext("You were signed out, because you did nothing for a while or for safety."))
        elif at - seen >= SEEN_EVERY.total_seconds() and BY_ITSELF not in request.headers:
            request.session[SEEN] = at
            mark_seen(Scope(actor_id=request.user.pk), request.session.session_key or "")


class ScopeMiddleware:
    """One query for the grants of a signed-in account; pages read `request.scope`.

    Until the session has shown a second factor, a scope that needs one is cut down to what does not, and every page
    but the person's own leads to where it is set up.
    """

    def __init__(self, get_response: Handler) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        scope = Scope(actor_id=None, address=str(request.META.get("REMOTE_ADDR", "")))
        if request.user.is_authenticated:
            scope = scope_of(request.user, today(), scope.address)
        needs = settings().asks_second_factor and any(scope.allows(p) for p in NEEDS_SECOND_FACTOR)
        request.lacks_second_factor = needs and not has_shown_second_factor(request)  # type: ignore[attr-defined]
        if request.lacks_second_factor:  # type: ignore[attr-defined]
            scope = scope.without(NEEDS_SECOND_FACTOR)
        request.scope = scope  # type: ignore[attr-defined]
        return self._get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: object, _kwargs: object
    ) -> HttpResponse | None:
        is_free = any(hasattr(view, mark) for mark in ("is_open", "is_own", "is_for_phones"))
        if is_free or not request.lacks_second_factor:  # type: ignore[attr-defined]
            return None
        return redirect("access:second_factor")
