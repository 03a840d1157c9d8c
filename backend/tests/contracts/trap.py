"""Servers on loopback for tests of what is refused: one that redirects, and one that nobody may reach.

The guard of these tests lets URLs lead to 127.0.0.2 only, so 127.0.0.1 stands for what is private, and
nothing leaves the machine.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from watchbill.kit.lookups import Found, Lookups
from watchbill.kit.outbound import WayOut
from watchbill.kit.ssrf import UrlGuard

OPEN, CLOSED = "127.0.0.2", "127.0.0.1"


@dataclass
class Trap:
    """A server that keeps what it was asked. Without a `location` it answers 500."""

    address: str
    status: int = 500
    location: str | None = None
    port: int = 0
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://{self.address}:{self.port}"

    def redirect(self, status: int, location: str) -> None:
        self.status, self.location = status, location
        self.requests.clear()

    async def answer(self, request: web.Request) -> web.Response:
        self.requests.append((request.path_qs, {k.lower(): v for k, v in request.headers.items()}))
        return web.Response(status=self.status, headers={"Location": self.location} if self.location else {})


@asynccontextmanager
async def trap(address: str) -> AsyncIterator[Trap]:
    """A running trap."""
    found = Trap(address)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", found.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, address, 0).start()
    found.port = runner.addresses[0][1]
    try:
        yield found
    finally:
        await runner.cleanup()


class Names:
    """A resolver whose names change their addresses: each look-up takes the next, and the last stays."""

    def __init__(self, **names: Sequence[str]):
        self.names = {name.replace("_", "."): list(addresses) for name, addresses in names.items()}
        self.asked: list[str] = []

    def find(self, host: str, port: int, **_: Any) -> Found:
        """As socket.getaddrinfo does."""
        self.asked.append(host)
        addresses = self.names.get(host)
        if addresses is None:
            raise socket.gaierror(socket.EAI_NONAME, "There is no such name.")
        address = addresses.pop(0) if len(addresses) > 1 else addresses[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port))]


def way(names: Names | None = None) -> WayOut:
    """To 127.0.0.2 and nowhere else on this machine."""
    return WayOut(UrlGuard([OPEN], Lookups((names or Names()).find)))
