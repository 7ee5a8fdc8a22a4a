"""Pages that are the same for everybody: drawn once, and given out with each browser's own token in its place."""

from collections.abc import Callable, Hashable, Mapping
from typing import Any, Final

from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import get_language

from ksdb.config import settings
from ksdb.wallet.looks import look_of

PLACE: Final = "the-token-of-this-browser"
"""Stands in what is kept where the token against forged requests goes: none is ever kept."""

MOST: Final = 200
_drawn: dict[Hashable, str] = {}


def shell(request: HttpRequest, template: str, context: Callable[[], Mapping[str, Any]], *of: Hashable) -> HttpResponse:
    """The page, which may hold nothing of the person who asks. `of`: what it differs by, beside language and look."""
    if len(get_messages(request)):
        return render(request, template, dict(context()))
    is_signed_in = bool(getattr(request, "mine", None))
    key = (template, request.path, get_language(), look_of(request), is_signed_in, settings().hotline, *of)
    if key not in _drawn:
        if len(_drawn) >= MOST:
            _drawn.clear()
        _drawn[key] = render_to_string(template, {**context(), "csrf_token": PLACE}, request)
    return HttpResponse(_drawn[key].replace(PLACE, get_token(request)))
