"""Where requests come from, as limits count it: one IPv4 address, or one IPv6 network of a customer."""

from __future__ import annotations

from ipaddress import IPv4Address, ip_address, ip_network

# What a provider gives one customer at least (RFC 6177): whoever has one has 2^64 addresses.
_PREFIX = 64


def origin_of(host: str | None) -> str:
    """The origin of an address. An IPv4 address inside an IPv6 one (mapped, 6to4, Teredo) is the same as by
    itself. What is no address counts as itself, and nothing, as behind a Unix socket, as one."""
    try:
        address = ip_address((host or "").partition("%")[0])
    except ValueError:
        return host or "unknown"
    if isinstance(address, IPv4Address):
        return str(address)
    inside = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
    return str(inside or ip_network((address, _PREFIX), strict=False))
