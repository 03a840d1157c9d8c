"""Where requests come from, as limits count it: one IPv4 address, or one IPv6 network of a customer."""

from __future__ import annotations

from ipaddress import IPv4Address, ip_address, ip_network

# What a provider gives one customer at least (RFC 6177): whoever has one has 2^64 addresses.
_PREFIX = 64


def origin_of(host: str | None) -> str:
    """The origin of an address. An IPv4 address inside an IPv6 one is the same as by itself; what is no
    address, as behind some proxies, counts as one."""
    try:
        address = ip_address((host or "").partition("%")[0])
    except ValueError:
        return "unknown"
    if not isinstance(address, IPv4Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if isinstance(address, IPv4Address):
        return str(address)
    return str(ip_network((address, _PREFIX), strict=False))
