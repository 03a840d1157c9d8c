"""Everything of ours that goes out for a tenant, each in one form: it asks a URL, with a secret, and says
what came of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from tests.fixtures_llm import Desk, Directory
from watchbill.adapters.compute.pool import ProcessPool
from watchbill.adapters.http import AiohttpClient
from watchbill.adapters.models import LiteLlmGateway
from watchbill.core.errors import NodeError
from watchbill.core.ports.http import HttpRequest
from watchbill.features.sso.provider import Client, Provider, ProviderFault, discover, keys_at, trade
from watchbill.kit.outbound.way_out import WayOut
from watchbill.testing.llm_server import LlmServer

KEY = "sk-never-to-be-seen-elsewhere"
# Provider type, model, settings; the last ones are models that LiteLLM sends another way than others.
KINDS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("openai", "gpt-4o", {}),
    ("openai_compatible", "some-model", {}),
    ("demo", "demo", {}),
    ("vllm", "some-model", {}),
    ("ollama", "llama3", {}),
    ("anthropic", "claude-3-5-haiku-latest", {}),
    ("azure", "gpt-4o", {"api_version": "2024-06-01"}),
    ("gemini", "gemini-2.0-flash", {}),
    ("openai", "o1-pro", {}),
    ("openai", "responses/gpt-4o", {}),
    ("azure", "o3-mini", {}),
)
# What a client said of its failure; None when an answer came.
Asks = Callable[[WayOut, str], Awaitable[str | None]]


def _model(kind: tuple[str, str, dict[str, Any]]) -> Asks:
    type_, model, config = kind

    async def ask(way: WayOut, url: str) -> str | None:
        directory = Directory()
        gateway = LiteLlmGateway(directory, ProcessPool(), way=way)
        desk = Desk(LlmServer(), gateway, directory)
        desk.change_provider(
            api_key=KEY, prices={}, provider_type=type_, models=(model,), config=config, base_url=url
        )
        try:
            await desk.ask()
        except NodeError as error:
            return f"{error.error_code}: {error.detail}"
        finally:
            await gateway.close()
        return None

    return ask


def _http(follow_redirects: bool) -> Asks:
    async def ask(way: WayOut, url: str) -> str | None:
        client = AiohttpClient(way)
        headers = {"Authorization": f"Bearer {KEY}"}
        try:
            await client.send(HttpRequest("GET", url, headers, None, 60, 1 << 20, follow_redirects))
        except NodeError as error:
            return f"{error.error_code}: {error.detail}"
        finally:
            await client.close()
        return None

    return ask


async def _discovery(way: WayOut, url: str) -> None:
    await discover(way, url)


async def _keys(way: WayOut, url: str) -> None:
    await keys_at(way, url)


async def _token(way: WayOut, url: str) -> None:
    provider = Provider(url, url, url, url, basic_auth=True)
    await trade(way, provider, Client("client", KEY, "http://here/"), code="code", verifier="verifier")


def _oidc(go: Callable[[WayOut, str], Awaitable[None]]) -> Asks:
    async def ask(way: WayOut, url: str) -> str | None:
        try:
            await go(way, url)
        except ProviderFault as error:
            return str(error)
        return None

    return ask


CLIENTS: dict[str, Asks] = {
    # A notification is sent as an HTTP node's request that follows no redirects.
    "http node": _http(follow_redirects=True),
    "notification": _http(follow_redirects=False),
    "oidc discovery": _oidc(_discovery),
    "oidc keys": _oidc(_keys),
    "oidc token": _oidc(_token),
    **{f"{kind[0]} {kind[1]}": _model(kind) for kind in KINDS},
}
