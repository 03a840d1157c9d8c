"""How traffic that tenants cause leaves the process. The connections themselves are in `kit.connector`."""

from __future__ import annotations

import socket
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from watchbill.kit.outbound.closed_addresses import is_public
from watchbill.kit.outbound.url_guard import AddressRefused, UrlGuard

_for_tenant: ContextVar[bool] = ContextVar("_for_tenant", default=False)


class RefusedConnection(PermissionError):
    """The guard does not allow the address."""


class CheckedSocket(socket.socket):
    """A socket for one address that was checked, which is all that the gate lets it connect to."""

    checked: tuple[Any, ...] = ()


@contextmanager
def tenant_traffic() -> Generator[None]:
    """Within this, whatever opens a connection does it for a tenant: no service of the installation, no name
    server and no socket in the file system can be reached, whichever library tries. Tasks and
    `asyncio.to_thread` inherit it; nothing that uses a service of ours may run inside."""
    token = _for_tenant.set(True)
    try:
        yield
    finally:
        _for_tenant.reset(token)


def is_for_tenant() -> bool:
    """Whether this runs within `tenant_traffic`."""
    return _for_tenant.get()


@dataclass(frozen=True, slots=True)
class WayOut:
    """How traffic for tenants leaves the process: only to where the guard lets it, and to public addresses
    through the operator's proxy when there is one (`http://user:password@host:port`)."""

    guard: UrlGuard
    proxy: str | None = None

    async def proxy_for(self, url: str) -> str | None:
        """The proxy to ask for a URL. Where the URL leads is checked first, since a proxy would connect to
        anything; what is private and allowed is reached without it.

        Raises:
            RefusedConnection: the URL may not be reached.
        """
        if self.proxy is None:
            return None
        try:
            target = await self.guard.check(url)
        except AddressRefused as error:
            raise RefusedConnection(str(error)) from error
        return self.proxy if all(map(is_public, target.addresses)) else None


def proxy_problem(url: str) -> str | None:
    """What is wrong with the address of a proxy, if anything is."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme == "http" and bool(parts.hostname) and parts.path in ("", "/")
        return None if usable and (parts.port is None or parts.port > 0) else _PROXY_FORM
    except ValueError:
        return _PROXY_FORM


_PROXY_FORM = "Write the proxy as http://host:port or http://user:password@host:port."
