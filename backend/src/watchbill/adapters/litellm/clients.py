"""The HTTP clients that LiteLLM is handed: one guarded session beneath all of them, whatever the provider.

LiteLLM would otherwise make clients of its own, which follow redirects with the key in hand, resolve names a
second time, and take proxies from the environment.
"""

from __future__ import annotations

import importlib
from collections.abc import AsyncGenerator, AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any

import aiohttp
import httpx
from yarl import URL

from watchbill.adapters.litellm.gathering import open_session
from watchbill.core.ports.llm import Provider
from watchbill.kit.connector import guarded_connector
from watchbill.kit.outbound import RefusedConnection, WayOut

_PIECE = 64 * 1024
_refusals: ContextVar[list[Exception] | None] = ContextVar("_refusals", default=None)


class RedirectRefused(RuntimeError):
    """A model server answered with a redirect, which no model call follows."""


@contextmanager
def collecting(refused: list[Exception]) -> Generator[None]:
    """Adds to the list what is refused within: LiteLLM does not always keep the cause of what it raises."""
    token = _refusals.set(refused)
    try:
        yield
    finally:
        _refusals.reset(token)


class ModelClients:
    """The clients of one gateway. Made on the event loop that uses them, once LiteLLM is loaded.

    Args:
        way: how traffic leaves the process.
    """

    def __init__(self, way: WayOut):
        # No limit on connections: each model call waits on one for seconds or minutes.
        self._session = open_session(guarded_connector(way, limit=0, ttl_dns_cache=60))
        transport = _SessionTransport(self._session, way)
        self._http = httpx.AsyncClient(transport=transport, trust_env=False, follow_redirects=False)
        self._handed: Any = importlib.import_module("watchbill.adapters.litellm.handed")
        self._handler: Any = self._handed.handler(transport)

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

    @contextmanager
    def in_use(self) -> Generator[None]:
        """Within this LiteLLM finds no other clients than these."""
        with self._handed.handing(self._handler):
            yield

    def of(self, provider: Provider, arguments: dict[str, Any]) -> Any:
        """The client that LiteLLM takes for a provider of this type. `arguments` are what else it is told."""
        openai: Any = importlib.import_module("openai")
        match provider.provider_type:
            case "openai" | "openai_compatible" | "demo":
                return openai.AsyncOpenAI(
                    api_key=arguments["api_key"],
                    base_url=arguments["api_base"],
                    organization=arguments.get("organization"),
                    http_client=self._http,
                    max_retries=0,
                )
            case "azure":
                return openai.AsyncAzureOpenAI(
                    api_key=arguments["api_key"],
                    azure_endpoint=arguments["api_base"],
                    api_version=arguments.get("api_version") or _azure_version(),
                    http_client=self._http,
                    max_retries=0,
                )
            case _:
                return self._handler


def _azure_version() -> str:
    litellm: Any = importlib.import_module("litellm")
    return litellm.AZURE_DEFAULT_API_VERSION


class _SessionTransport(httpx.AsyncBaseTransport):
    """httpx on an aiohttp session, which takes a fifth of the time under load. The session is its owner's to
    close."""

    def __init__(self, session: aiohttp.ClientSession, way: WayOut):
        self._session = session
        self._way = way

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send; raises what httpx would."""
        limits: dict[str, float | None] = request.extensions.get("timeout", {})
        body = await request.aread()
        async with _as_httpx(request):
            proxy = await self._way.proxy_for(str(request.url))
            response = await self._session.request(
                request.method,
                URL(str(request.url), encoded=True),
                headers=request.headers.multi_items(),
                data=body or None,
                allow_redirects=False,
                auto_decompress=False,
                proxy=proxy,
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=limits.get("connect"), sock_read=limits.get("read")
                ),
            )
        if 300 <= response.status < 400:
            response.close()
            raise _redirect(request, response)
        headers = [(name, value) for name, value in response.raw_headers]
        return httpx.Response(
            response.status, headers=headers, stream=_Body(response, request), request=request
        )


class _Body(httpx.AsyncByteStream):
    """The body of an answer, as it comes."""

    def __init__(self, response: aiohttp.ClientResponse, request: httpx.Request):
        self._response = response
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async with _as_httpx(self._request):
            async for piece in self._response.content.iter_chunked(_PIECE):
                yield piece

    async def aclose(self) -> None:
        self._response.close()


@asynccontextmanager
async def _as_httpx(request: httpx.Request) -> AsyncGenerator[None]:
    """aiohttp's errors as those of httpx, which the libraries above understand."""
    try:
        yield
    except RefusedConnection as error:
        _note(error)
        # Not a ConnectError, at which LiteLLM tries once more.
        raise httpx.NetworkError(str(error), request=request) from error
    except aiohttp.ClientConnectorError as error:
        if isinstance(error.os_error, RefusedConnection):
            _note(error.os_error)
            raise httpx.NetworkError(str(error.os_error), request=request) from error
        raise httpx.ConnectError(str(error), request=request) from error
    except aiohttp.ServerTimeoutError as error:
        raise httpx.ReadTimeout(str(error), request=request) from error
    except TimeoutError as error:
        raise httpx.ReadTimeout(str(error), request=request) from error
    except aiohttp.ClientConnectionError as error:
        raise httpx.ReadError(str(error), request=request) from error
    except aiohttp.ClientError as error:
        raise httpx.ReadError(str(error), request=request) from error


def _redirect(request: httpx.Request, response: aiohttp.ClientResponse) -> httpx.NetworkError:
    here = URL(str(request.url))
    error = RedirectRefused(
        f"{here.origin()} redirects to {_where(here, response.headers.get('Location', ''))}"
    )
    _note(error)
    raised = httpx.NetworkError(str(error), request=request)
    raised.__cause__ = error
    return raised


def _where(here: URL, location: str) -> str:
    """Where a redirect leads, without what may be secret in it."""
    try:
        return str(here.join(URL(location)).with_query(None).with_fragment(None).with_user(None))[:200]
    except ValueError:
        return "an address that cannot be read"


def _note(error: Exception) -> None:
    found = _refusals.get()
    if found is not None:
        found.append(error)
