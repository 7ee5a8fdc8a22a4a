"""Template tags of a resident's pages: the tabs, and how the page is to look. `{% load wallet %}`"""

from typing import Any

from django import template
from django.http import HttpRequest
from django.urls import reverse

from ksdb.wallet.looks import Look, look_of
from ksdb.wallet.tabs import TABS

register = template.Library()


@register.inclusion_tag("wallet/tabs.html")
def my_tabs(current: str = "") -> dict[str, Any]:
    """The tabs; `current` is the name of the page's own."""
    shown = [
        {"url": reverse(one.url_name), "tab": one, "is_current": current in (one.name, *one.inner)} for one in TABS
    ]
    return {"tabs": shown}


@register.simple_tag
def my_look(request: HttpRequest) -> Look:
    """How this phone wants its pages: `large`, `contrast`."""
    return look_of(request)
