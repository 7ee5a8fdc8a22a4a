"""Which methods a view takes, as its outermost decorator has it: no other comes to anything that is the view's own."""

from inspect import getclosurevars
from typing import Any

from django.views.decorators.http import require_http_methods

_GUARD = require_http_methods(["GET"])(lambda _: None).__code__  # type: ignore[arg-type, return-value]


def takes(view: Any, method: str) -> bool:
    """False where `require_POST` or its like stands before all else and answers 405, whoever asks."""
    if getattr(view, "__code__", None) is not _GUARD:
        return True
    return method.upper() in getclosurevars(view).nonlocals["request_method_list"]
