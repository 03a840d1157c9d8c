"""Guarded connections: what the guard refuses is not connected to, by name, by address or by redirect."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from tests.fixtures_llm import Desk, Directory

from watchbill.adapters.compute.pool import ProcessPool
from watchbill.adapters.litellm import LiteLlmGateway, open_session
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.kit.outbound import RefusedConnection, guarded_connector
from watchbill.kit.ssrf import UrlGuard
from watchbill.testing.llm_server import LlmServer


@pytest.fixture
async def redirecting() -> AsyncIterator[str]:
    """A server on loopback that sends everyone on to the metadata address."""

    async def redirect(_: web.Request) -> web.Response:
        raise web.HTTPTemporaryRedirect("http://169.254.169.254/latest/meta-data")

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


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "http://localhost:9/", "http://10.0.0.1/"])
async def test_private_addresses_are_closed(url: str) -> None:
    async with aiohttp.ClientSession(connector=guarded_connector(UrlGuard())) as session:
        with pytest.raises(aiohttp.ClientConnectorError) as caught:
            await session.get(url)
    assert refused(caught.value)


async def test_a_redirect_to_a_refused_address_is_not_followed(redirecting: str) -> None:
    guard = UrlGuard(["127.0.0.0/8"])
    async with aiohttp.ClientSession(connector=guarded_connector(guard)) as session:
        with pytest.raises(aiohttp.ClientConnectorError) as caught:
            await session.get(redirecting)
    assert refused(caught.value)


async def test_a_host_that_is_allowed_by_name_is_reached(llm_server: LlmServer) -> None:
    guard = UrlGuard([f"localhost:{llm_server.port}"])
    url = f"http://localhost:{llm_server.port}/v1/models"
    connector = guarded_connector(guard, family=2)
    async with aiohttp.ClientSession(connector=connector) as session, session.get(url) as answer:
        assert answer.status == 200


async def test_the_gateway_says_that_the_address_is_refused(
    llm_server: LlmServer, compute: ProcessPool
) -> None:
    directory = Directory()
    gateway = LiteLlmGateway(directory, compute, session=lambda: open_session(guarded_connector(UrlGuard())))
    desk = Desk(llm_server, gateway, directory)
    # LiteLLM keeps one client per key and address for the whole process; another gateway's is not wanted.
    desk.change_provider(api_key="sk-guarded-only")
    try:
        with pytest.raises(NodeError) as caught:
            await desk.ask()
    finally:
        await gateway.close()
    assert (caught.value.kind, caught.value.error_code) == (ErrorKind.USER, "provider_address_refused")
    assert "WATCHBILL_ALLOWED_PRIVATE_HOSTS" in caught.value.detail
