"""What LiteLLM finds where it looks for clients: the guarded ones of the call under way, and never its own.

Imported once LiteLLM is. Some of its parts make a client of their own although the call was handed one, or
ask on their own account.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpx
import litellm
from litellm.caching.llm_caching_handler import LLMClientCache
from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler, HTTPHandler


class _Closed(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A transport that sends nothing."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Refuse."""
        raise httpx.NetworkError("No client of LiteLLM's own may be used.", request=request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Refuse."""
        return self.handle_request(request)


_closed = HTTPHandler(client=httpx.Client(transport=_Closed(), trust_env=False))
_closed_async = AsyncHTTPHandler(transport=_Closed(), follow_redirects=False)
_handed: ContextVar[AsyncHTTPHandler] = ContextVar("_handed", default=_closed_async)


class HandedClients(LLMClientCache):
    """LiteLLM's store of clients, which here keeps none: it would keep tenants' keys with them."""

    def get_cache(self, key: str, **_: Any) -> Any:
        """The client for a part of LiteLLM; None where it makes one out of what the call was handed."""
        if key.startswith("async_httpx_client"):
            return _handed.get()
        return _closed if key.startswith("httpx_client") else None

    def set_cache(self, key: str, value: object, litellm_owned_client: bool = False, **_: Any) -> None:
        """Nothing is kept."""


def handler(transport: httpx.AsyncBaseTransport, *, seconds: float) -> AsyncHTTPHandler:
    """LiteLLM's wrapping of a client on this transport; LiteLLM itself gives up after so many seconds."""
    return AsyncHTTPHandler(transport=transport, follow_redirects=False, timeout=seconds)


@contextmanager
def handing(client: AsyncHTTPHandler) -> Generator[None]:
    """Within this, whatever part of LiteLLM looks for a client finds this one."""
    token = _handed.set(client)
    try:
        yield
    finally:
        _handed.reset(token)


def hand_clients() -> None:
    """Put all of it into LiteLLM's place."""
    litellm.in_memory_llm_clients_cache = HandedClients()
    litellm.module_level_client = _closed
    litellm.module_level_aclient = _closed_async
    # Proxies are the way out's affair.
    litellm.disable_aiohttp_trust_env = True
