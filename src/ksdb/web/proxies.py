"""Whom a request comes from, and whether by https: what a proxy says of it, believed from a listed proxy alone."""

from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from django.http import HttpRequest, HttpResponse

from ksdb.config import settings

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
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
        peer, proxies = _address(str(request.META.get("REMOTE_ADDR", ""))), networks(settings().proxies)
        if peer is not None and _is_in(peer, proxies):
            request.META["REMOTE_ADDR"] = str(client_of(peer, said["HTTP_X_FORWARDED_FOR"], proxies))
            request.META["HTTP_X_FORWARDED_PROTO"] = said["HTTP_X_FORWARDED_PROTO"]
        return self._get_response(request)


def networks(text: str) -> list[Network]:
    """The networks of a list with commas. Raises ValueError on what is none."""
    return [ip_network(part.strip()) for part in text.split(",") if part.strip()]


def client_of(peer: Address, forwarded: str, proxies: Iterable[Network]) -> Address:
    """The last address that no listed proxy has: each adds its own peer on the right, the rest may be invented."""
    client = peer
    for part in reversed(forwarded.split(",")):
        address = _address(part.strip())
        if address is None:
            break
        client = address
        if not _is_in(client, proxies):
            break
    return client


def _is_in(address: Address, proxies: Iterable[Network]) -> bool:
    return any(address in network for network in proxies)


def _address(text: str) -> Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
