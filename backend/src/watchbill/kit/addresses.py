"""Mail addresses in the one form in which they are stored and compared; IP addresses as they are counted."""

from __future__ import annotations

import ipaddress

import idna
from pydantic import validate_email
from pydantic_core import PydanticCustomError


def canonical_email(text: str) -> str:
    """An address as it is stored: in lower case, and its domain in Unicode. Browsers send a domain like
    exämple.com as xn--exmple-cua.com, and keyboards write ä in two ways; all of them are one address. What is
    no address stays what it is, in lower case."""
    try:
        return validate_email(text)[1].lower()
    except PydanticCustomError:
        return text.strip().lower()


def ascii_domain(text: str) -> str:
    """A domain as name servers know it, in lower case; empty when it cannot be one."""
    try:
        return idna.encode(text.strip().lower().rstrip("."), uts46=True).decode()
    except idna.IDNAError:
        return ""


def mail_domain(address: str) -> str:
    """The domain of an address as name servers know it; empty when it has none."""
    return ascii_domain(address.rpartition("@")[2]) if "@" in address else ""


def network_of(address: str) -> str:
    """Who an IP address counts as: itself for IPv4, also inside IPv6 (mapped, 6to4, Teredo); the /64 for any
    other IPv6, as a single household or machine is given at least that many."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    inside = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
    if inside is not None:
        return str(inside)
    return str(ipaddress.IPv6Network((found, 64), strict=False))
