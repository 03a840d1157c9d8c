"""A server that HTTP nodes of tests call, and what calls it as a worker does."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import web
from yarl import URL

from watchbill.adapters.http import AiohttpClient
from watchbill.core.errors import NodeError
from watchbill.core.node_types import NodeContext
from watchbill.core.tenancy import TenantScope
from watchbill.kit.outbound.url_guard import UrlGuard
from watchbill.kit.outbound.way_out import WayOut
from watchbill.nodes import http_request
from watchbill.testing.ports import node_ports


class Site:
    """A server that remembers its calls and answers what a test says."""

    def __init__(self) -> None:
        self.calls: list[Any] = []
        self.hung = asyncio.Event()
        self.cut = asyncio.Event()
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.calls.append(
            SimpleNamespace(
                method=request.method,
                path=request.path_qs,
                headers={k.lower(): v for k, v in request.headers.items()},
                body=body,
            )
        )
        match request.path:
            case "/json":
                return web.json_response({"n": 1, "words": ["é"]})
            case "/broken-json":
                return web.Response(body=b"{not json", content_type="application/json")
            case "/text":
                return web.Response(
                    body="grün".encode("latin-1"), headers={"Content-Type": "text/plain; charset=latin-1"}
                )
            case "/binary":
                return web.Response(body=b"\x00\x01", content_type="image/png")
            case "/echo":
                data = bytes.fromhex(body.decode()) if "X-Hex" in request.headers else body
                return web.Response(body=data, headers={"Content-Type": request.query["type"]})
            case "/none":
                return web.Response(status=204)
            case "/bomb":
                data = gzip.compress(b"0" * (http_request.MAX_BYTES + 1))
                return web.Response(body=data, headers={"Content-Encoding": "gzip"})
            case "/hang":
                self.hung.set()
                try:
                    await asyncio.sleep(60)
                finally:
                    self.cut.set()
            case "/break":
                assert request.transport is not None
                request.transport.abort()
            case "/wait":
                await asyncio.sleep(0.3)
            case path if path.startswith("/status/"):
                return web.Response(status=int(path.rsplit("/", 1)[1]), text="because")
            case "/redirect":
                raise _redirect(request)
            case _:
                pass
        return web.Response(text="ok")


def _redirect(request: web.Request) -> Exception:
    kinds = {"302": web.HTTPFound, "303": web.HTTPSeeOther, "307": web.HTTPTemporaryRedirect}
    return kinds[request.query["as"]](URL(request.query["to"], encoded=True))


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", site.handle)
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=2048).start()
    site.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield site
    await runner.cleanup()


@pytest.fixture
async def client() -> AsyncIterator[AiohttpClient]:
    client = AiohttpClient(WayOut(UrlGuard(["127.0.0.0/8"])))
    yield client
    await client.close()


async def call(client: AiohttpClient, url: str, **config: Any) -> Any:
    context = NodeContext(
        scope=TenantScope(uuid4()),
        execution_id=uuid4(),
        node_id="call",
        attempt=1,
        config=http_request.Config.model_validate({"url": url, **config}),
        emit=lambda _: None,
        ports=node_ports(http=client),
        idempotency_key="run:call",
    )
    return (await http_request.execute(context)).output


async def failure(client: AiohttpClient, url: str, **config: Any) -> NodeError:
    with pytest.raises(NodeError) as caught:
        await call(client, url, **config)
    return caught.value
