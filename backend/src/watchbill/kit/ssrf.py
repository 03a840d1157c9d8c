"""Which addresses a URL that a user entered may lead to."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from watchbill.kit.waits import about_to_await

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
# Clouds serve a machine's credentials here; no setting opens these.
_METADATA = (ip_network("169.254.0.0/16"), ip_network("fe80::/10"), ip_network("fd00:ec2::254/128"))
_PORTS = {"http": 80, "https": 443}


class AddressRefused(ValueError):
    """The URL leads where it may not. The message says why, for the person who entered it."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads: what to connect to, already checked."""

    scheme: str
    host: str
    port: int
    addresses: tuple[Address, ...]


class UrlGuard:
    """Lets URLs lead to public addresses, and to private ones that are named here.

    Args:
        private: hosts, host:port pairs, addresses or networks (10.0.0.0/8) that may be reached.
    """

    def __init__(self, private: Sequence[str] = ()):
        self._names: set[str] = set()
        self._networks: list[Network] = []
        for entry in private:
            try:
                self._networks.append(ip_network(entry, strict=False))
            except ValueError:
                self._names.add(entry.lower())

    async def check(self, url: str) -> Target:
        """Where the URL leads. Names are resolved, and every address they have must be allowed; connect to
        one of these addresses, since the name may resolve to another one a moment later.

        Raises:
            AddressRefused: it is not a usable URL, or leads to an address that is not allowed.
        """
        scheme, host, port = _split(url)
        about_to_await("A look-up of a name")
        addresses = await _resolve(host, port)
        for address in addresses:
            self.check_address(host, port, str(address))
        return Target(scheme, host, port, addresses)

    def check_address(self, host: str, port: int, address: str) -> None:
        """Check one address that `host` resolved to.

        Raises:
            AddressRefused: it is not allowed.
        """
        named = host in self._names or f"{host}:{port}" in self._names
        self._check_address(host, port, ip_address(address), named)

    def _check_address(self, host: str, port: int, address: Address, named: bool) -> None:
        plain = _unmapped(address)
        if any(plain in network for network in _METADATA if network.version == plain.version):
            raise AddressRefused(f"{host} leads to a link-local address, which is never allowed.")
        if plain.is_global and not plain.is_multicast:
            return
        listed = f"{plain}:{port}" in self._names or any(
            plain in network for network in self._networks if network.version == plain.version
        )
        if not named and not listed:
            raise AddressRefused(
                f"{host} leads to a private address. An operator can allow it with"
                f" WATCHBILL_ALLOWED_PRIVATE_HOSTS={host}:{port}."
            )


def _split(url: str) -> tuple[str, str, int]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressRefused("This is not a URL.") from error
    if parts.scheme not in _PORTS or not parts.hostname:
        raise AddressRefused("Enter a URL that begins with http:// or https://.")
    if parts.username is not None or parts.password is not None:
        raise AddressRefused("Leave user name and password out of the URL.")
    return parts.scheme, parts.hostname.lower().rstrip("."), port or _PORTS[parts.scheme]


async def _resolve(host: str, port: int) -> tuple[Address, ...]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise AddressRefused(f"The host {host} cannot be found.") from error
    return tuple(dict.fromkeys(ip_address(str(entry[4][0]).partition("%")[0]) for entry in found))


def _unmapped(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one: mapped, 6to4 or NAT64 addresses must not get around the check."""
    if isinstance(address, IPv4Address):
        return address
    if address in ip_network("64:ff9b::/96"):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
