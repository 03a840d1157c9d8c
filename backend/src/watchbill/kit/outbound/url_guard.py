"""Which addresses a URL that a user entered may lead to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from watchbill.kit.outbound.closed_addresses import (
    METADATA_NAMES,
    Address,
    Network,
    is_metadata,
    is_public,
    plain,
)
from watchbill.kit.outbound.lookups import Lookups, NamesTooSlow
from watchbill.kit.outbound.own_services import OwnServices

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
        names: what looks up where names lead.
        own: the services of the installation, which no URL may lead to, wherever they are.
    """

    def __init__(
        self, private: Sequence[str] = (), names: Lookups | None = None, *, own: OwnServices | None = None
    ):
        self.names = names or Lookups()
        self._own = own or OwnServices()
        self._names: set[str] = set()
        self._networks: list[Network] = []
        self._found: set[tuple[Address, int]] = set()
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
        try:
            addresses = await self.addresses(host, port)
        except NamesTooSlow as error:
            raise AddressRefused(str(error)) from error
        except (OSError, UnicodeError) as error:
            raise AddressRefused(f"The host {host} cannot be found.") from error
        return Target(scheme, host, port, tuple(map(ip_address, addresses)))

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """The addresses of a host, all of them checked.

        Raises:
            AddressRefused: one is not allowed.
            OSError, UnicodeError: the host has none, or no name server says in time.
        """
        _check_port(port)
        if host.lower().rstrip(".") in METADATA_NAMES:
            raise AddressRefused(f"{host} is a cloud's metadata service, which is never allowed.")
        found = await self.names.addresses(host, port)
        for address in found:
            self.check_address(host, port, address)
        return found

    def check_address(self, host: str, port: int, address: str) -> None:
        """Check one address that `host` resolved to.

        Raises:
            AddressRefused: it is not allowed.
        """
        _check_port(port)
        host = host.lower().rstrip(".")
        found = plain(ip_address(address.partition("%")[0]))
        if is_metadata(found):
            raise AddressRefused(
                f"{host} leads to a link-local address or a cloud's metadata service, which is never allowed."
            )
        if self._own.at(found, port):
            raise AddressRefused(f"{host}:{port} is a service of this installation, which is never allowed.")
        if host in self._names or f"{host}:{port}" in self._names:
            self._found.add((found, port))
            return
        if not self.is_open(found, port):
            raise AddressRefused(
                f"{host} leads to a private address. An operator can allow it with"
                f" WATCHBILL_ALLOWED_PRIVATE_HOSTS={host}:{port}."
            )

    def is_open(self, address: Address, port: int) -> bool:
        """Whether an address may be reached that no name is known for: a public one, one that is listed, or
        one that a listed name led to."""
        if is_metadata(address) or self._own.at(address, port):
            return False
        found = plain(address)
        listed = f"{found}:{port}" in self._names or f"[{found}]:{port}" in self._names
        return (
            is_public(found)
            or listed
            or (found, port) in self._found
            or any(found in network for network in self._networks if network.version == found.version)
        )


def _check_port(port: int) -> None:
    """Clients disagree about what port 0 is; nobody listens there."""
    if port == 0:
        raise AddressRefused("Nothing can be reached at port 0.")


def _split(url: str) -> tuple[str, str, int]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressRefused("This is not a URL.") from error
    if parts.scheme not in _PORTS or not parts.hostname or "%" in parts.hostname.partition("%25")[0]:
        raise AddressRefused("Enter a URL that begins with http:// or https://.")
    if parts.username is not None or parts.password is not None:
        raise AddressRefused("Leave user name and password out of the URL.")
    return parts.scheme, parts.hostname.lower().rstrip("."), _PORTS[parts.scheme] if port is None else port
