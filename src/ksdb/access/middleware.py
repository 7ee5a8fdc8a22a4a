"""Fills `request.scope` for whoever signed in; nobody else has one that allows anything."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from ksdb.access.queries import scope_of
from ksdb.core.clock import today
from ksdb.core.scope import Scope


class ScopeMiddleware:
    """One query for the grants of a signed-in account; pages read `request.scope`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        address = str(request.META.get("REMOTE_ADDR", ""))
        if request.user.is_authenticated:
            scope = scope_of(request.user, today(), address)
        else:
            scope = Scope(actor_id=None, address=address)
        request.scope = scope  # type: ignore[attr-defined]
        return self._get_response(request)
