"""Connections to addresses that users entered: what the guard refuses is never connected to."""

from __future__ import annotations

import socket
from typing import Any

from aiohttp import TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from watchbill.kit.ssrf import AddressRefused, UrlGuard
from watchbill.kit.waits import about_to_await


class RefusedConnection(PermissionError):
    """The guard does not allow the address."""


class GuardedResolver(AbstractResolver):
    """Resolves names, and remembers the addresses that the guard allowed for them.

    What is connected to is what was checked: a name that resolves to another address a moment later, or a
    redirect to a bare address, finds no entry here.
    """

    def __init__(self, guard: UrlGuard):
        self._guard = guard
        self._names = ThreadedResolver()
        self._allowed: set[tuple[str, int]] = set()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The name's addresses; raises RefusedConnection if one of them is not allowed."""
        about_to_await("A look-up of a name")
        found = await self._names.resolve(host, port, family)
        for entry in found:
            self._check(host, port, entry["host"])
            self._allowed.add((entry["host"], port))
        return found

    def open_socket(self, address: tuple[Any, ...]) -> socket.socket:
        """A socket for an address about to be connected to; raises RefusedConnection if it may not be."""
        about_to_await("A connection")
        family, type_, protocol, _, (host, port, *_) = address
        if (host, port) not in self._allowed:
            self._check(host, port, host)
        return socket.socket(family, type_, protocol)

    async def close(self) -> None:
        await self._names.close()

    def _check(self, host: str, port: int, address: str) -> None:
        try:
            self._guard.check_address(host, port, address)
        except AddressRefused as error:
            raise RefusedConnection(str(error)) from error


def guarded_connector(guard: UrlGuard, **options: Any) -> TCPConnector:
    """A connector that reaches only what the guard allows. `options` go to aiohttp.TCPConnector."""
    resolver = GuardedResolver(guard)
    return TCPConnector(resolver=resolver, socket_factory=resolver.open_socket, **options)
