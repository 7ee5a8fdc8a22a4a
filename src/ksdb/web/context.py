"""What every page's template is given."""

from typing import Any

from django.http import HttpRequest

from ksdb.config import settings
from ksdb.web.alarms import alarms_for
from ksdb.web.navigation import links_for


def navigation(request: HttpRequest) -> dict[str, Any]:
    """The links of the page's head, the alarms below (asked for when shown), and the number to call at its foot."""
    scope = getattr(request, "scope", None)
    return {
        "navigation": links_for(scope, request.path),
        "hotline": settings().hotline,
        "alarms": lambda: alarms_for(scope),
    }
