"""Whom a request comes from: the peer's address, or what a listed proxy says of it."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def networks(text: str) -> list[Network]:
    """The networks of a list with commas. Raises ValueError on what is none."""
    return [ip_network(part.strip()) for part in text.split(",") if part.strip()]


def client_of(peer: Address, forwarded: str, proxies: Iterable[Network]) -> Address:
    """The last address that no listed proxy has: each adds its own peer on the right, the rest may be invented."""
    client = peer
    for part in reversed(forwarded.split(",")):
        address = address_in(part.strip())
        if address is None:
            break
        client = address
        if not is_in(client, proxies):
            break
    return client


def is_in(address: Address, proxies: Iterable[Network]) -> bool:
    return any(address in network for network in proxies)


def address_in(text: str) -> Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def network_of(address: str) -> str:
    """What counts as one address: an IPv6 customer has a whole /64 of them. Empty for what is no address."""
    parsed = address_in(address)
    return str(IPv6Network((parsed, 64), strict=False)) if isinstance(parsed, IPv6Address) else str(parsed or "")
