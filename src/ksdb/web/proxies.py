"""Whom a request comes from, and whether by https: what a proxy says of it, believed from a listed proxy alone."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from ksdb.config import settings
from ksdb.core.addresses import address_in, client_of, is_in, networks

FORWARDED = (
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_REAL_IP",
    "HTTP_FORWARDED",
)
"""Headers that anybody can send. After this middleware only what a listed proxy wrote is left of them."""


class ProxyMiddleware:
    """Puts the client's address where Django and the audit trail look for it, and takes away what nobody may claim."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        said = {name: str(request.META.pop(name, "")) for name in FORWARDED}
        peer, proxies = address_in(str(request.META.get("REMOTE_ADDR", ""))), networks(settings().proxies)
        if peer is not None and is_in(peer, proxies):
            request.META["REMOTE_ADDR"] = str(client_of(peer, said["HTTP_X_FORWARDED_FOR"], proxies))
            request.META["HTTP_X_FORWARDED_PROTO"] = said["HTTP_X_FORWARDED_PROTO"]
        return self._get_response(request)
