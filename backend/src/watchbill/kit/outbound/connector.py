"""aiohttp's connections to addresses that users entered: what the guard refuses is never connected to."""

from __future__ import annotations

import socket
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any

import aiohttp
from aiohttp import TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult

from watchbill.kit.database.waits import about_to_await
from watchbill.kit.outbound.fair_reading import read_in_parts
from watchbill.kit.outbound.own_services import endpoints
from watchbill.kit.outbound.url_guard import AddressRefused, UrlGuard
from watchbill.kit.outbound.way_out import CheckedSocket, RefusedConnection, WayOut


def guarded_connector(way: WayOut, **options: Any) -> TCPConnector:
    """A connector that reaches only what the guard allows, and the operator's proxy. `options` go to
    aiohttp.TCPConnector."""
    resolver = GuardedResolver(way.guard, way.proxy)
    return TCPConnector(resolver=resolver, socket_factory=resolver.open_socket, **options)


class GuardedResolver(AbstractResolver):
    """Resolves names to addresses that the guard allows. Each socket is checked once more: a redirect to a
    bare address is never resolved."""

    def __init__(self, guard: UrlGuard, proxy: str | None):
        self._guard = guard
        self._proxy = (endpoints(proxy) if proxy else [None])[0]
        self._proxy_addresses: set[tuple[str, int]] = set()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The name's addresses; raises RefusedConnection if one of them is not allowed."""
        if (host.lower(), port) == self._proxy:
            found = await self._guard.names.addresses(host, port)
            self._proxy_addresses |= {(address, port) for address in found}
        else:
            try:
                found = await self._guard.addresses(host, port)
            except AddressRefused as error:
                raise RefusedConnection(str(error)) from error
        return [entry for entry in (_result(host, each, port) for each in found) if _fits(entry, family)]

    def open_socket(self, address: tuple[Any, ...]) -> socket.socket:
        """A socket for an address about to be connected to; raises RefusedConnection if it may not be."""
        about_to_await("A connection")
        family, type_, protocol, _, (host, port, *_) = address
        known = (host, port) in self._proxy_addresses or (host, port) == self._proxy
        if not known and not self._guard.is_open(ip_address(host.partition("%")[0]), port):
            try:
                self._guard.check_address(host, port, host)
            except AddressRefused as error:
                raise RefusedConnection(str(error)) from error
        opened = CheckedSocket(family, type_, protocol)
        opened.checked = (host, port)
        read_in_parts(opened)
        return opened

    async def close(self) -> None:
        """Nothing: the guard's look-ups are everybody's."""


def _result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(
        hostname=host,
        host=address,
        port=port,
        family=family,
        proto=socket.IPPROTO_TCP,
        flags=socket.AI_NUMERICHOST,
    )


def _fits(entry: ResolveResult, family: socket.AddressFamily) -> bool:
    return family in (socket.AF_UNSPEC, entry["family"])


def demand_passed(answer: aiohttp.ClientResponse, proxy: str | None) -> None:
    """See that an answer is not the proxy's own. For https aiohttp does; for http the proxy answers where the
    site would, and only of status 407 (RFC 9110, 15.5.8) is it known that no site meant it.

    Raises:
        aiohttp.ClientHttpProxyError: the proxy does not let us through.
    """
    if proxy is not None and answer.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        raise aiohttp.ClientHttpProxyError(
            answer.request_info, answer.history, status=answer.status, message="The proxy does not know us"
        )
