"""Who may open a view: every view is marked `@requires(permission)`, `@for_own_account` or `@open_to_all`."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from ksdb.core.errors import NotAllowed
from ksdb.core.scope import Permission, Scope

MOST_BYTES = 2 * 2**20
"""Of a request's body, where the view does not say `@takes_upload`."""

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class ScopedRequest(HttpRequest):
    """A request that carries the scope of the person who sent it; for the annotations of views."""

    scope: Scope


def requires(permission: Permission) -> Callable[[View], View]:
    """Opens the view to whoever holds `permission` somewhere; where, the room's queries decide."""

    def mark(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            scope: Scope | None = getattr(request, "scope", None)
            if scope is None or not scope.allows(permission):
                raise NotAllowed
            return view(request, *args, **kwargs)

        guarded.required_permission = permission  # type: ignore[attr-defined]
        return cast("View", guarded)

    return mark


def for_own_account(view: View) -> View:
    """Opens the view to everyone who is signed in, whatever the grants: it shows and changes the own account only."""
    view.is_own = True  # type: ignore[attr-defined]
    return view


def open_to_all(view: View) -> View:
    """Opens the view to everyone, signed in or not."""
    opened = login_not_required(view)
    opened.is_open = True  # type: ignore[attr-defined]
    return opened


def takes_upload(most_bytes: int) -> Callable[[View], View]:
    """Lets whoever is signed in send the view a file of that size, with room for the form around it."""

    def mark(view: View) -> View:
        view.most_bytes = most_bytes + MOST_BYTES  # type: ignore[attr-defined]
        return view

    return mark
