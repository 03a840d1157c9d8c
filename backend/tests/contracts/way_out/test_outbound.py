"""Guarded connections: what the guard refuses is not connected to, by name, by address or by redirect."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from watchbill.kit.outbound.connector import GuardedResolver, guarded_connector
from watchbill.kit.outbound.fair_reading import read_in_parts
from watchbill.kit.outbound.url_guard import UrlGuard
from watchbill.kit.outbound.way_out import RefusedConnection, WayOut
from watchbill.testing.llm_server import LlmServer


@pytest.fixture
async def redirecting() -> AsyncIterator[str]:
    """A server on loopback that sends everyone on to an address that is refused."""

    async def redirect(_: web.Request) -> web.Response:
        raise web.HTTPTemporaryRedirect("http://[::1]:9/latest/meta-data")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", redirect)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    await runner.cleanup()


def refused(error: aiohttp.ClientConnectorError) -> bool:
    return isinstance(error.os_error, RefusedConnection)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "http://localhost:9/", "http://[::1]:9/"])
async def test_private_addresses_are_closed(url: str) -> None:
    async with aiohttp.ClientSession(connector=guarded_connector(WayOut(UrlGuard()))) as session:
        with pytest.raises(aiohttp.ClientConnectorError) as caught:
            await session.get(url)
    assert refused(caught.value)


async def test_a_redirect_to_a_refused_address_is_not_followed(redirecting: str) -> None:
    way = WayOut(UrlGuard(["127.0.0.0/8"]))
    async with aiohttp.ClientSession(connector=guarded_connector(way)) as session:
        with pytest.raises(aiohttp.ClientConnectorError) as caught:
            await session.get(redirecting)
    assert refused(caught.value)


async def test_a_host_that_is_allowed_by_name_is_reached(llm_server: LlmServer) -> None:
    way = WayOut(UrlGuard([f"localhost:{llm_server.port}"]))
    url = f"http://localhost:{llm_server.port}/v1/models"
    connector = guarded_connector(way, family=2)
    async with aiohttp.ClientSession(connector=connector) as session, session.get(url) as answer:
        assert answer.status == 200


async def test_what_arrives_is_read_in_parts() -> None:
    """Else one reading of a fast server takes megabytes, while nobody else has a turn."""
    address = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", 9))
    resolver = GuardedResolver(UrlGuard(["127.0.0.0/8"]), None)
    with resolver.open_socket(address) as opened, socket.socket() as usual:
        read_in_parts(usual)
        size = opened.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        assert size == usual.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) <= 256 * 1024
