"""No provider type leads a model call, or its key, to where it may not go."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from tests.contracts.clients import KEY, KINDS
from tests.contracts.way_out.trap import CLOSED, OPEN, Names, Trap, trap, way
from tests.fixtures_llm import Desk, Directory
from watchbill.adapters.compute.pool import ProcessPool
from watchbill.adapters.models import LiteLlmGateway
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.ports.llm import Provider
from watchbill.testing.llm_server import LlmServer

AWS = {"aws_region_name": "eu-west-1", "aws_access_key_id": "AKIDEXAMPLE"}
BEDROCK = "bedrock-runtime.eu-west-1.amazonaws.com"
kinds = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind[0]}-{kind[1].replace('/', '-')}")
streams = pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])


@pytest.fixture
async def elsewhere() -> AsyncIterator[Trap]:
    async with trap(OPEN) as found:
        yield found


async def ask(llm_server: LlmServer, names: Names, stream: bool, **provider: Any) -> NodeError:
    directory = Directory()
    gateway = LiteLlmGateway(directory, ProcessPool(), way=way(names))
    desk = Desk(llm_server, gateway, directory)
    desk.change_provider(api_key=KEY, prices={}, **provider)
    try:
        with pytest.raises(NodeError) as caught:
            await desk.ask(stream=stream)
    finally:
        await gateway.close()
    assert KEY not in caught.value.detail
    return caught.value


def asked(kind: tuple[str, str, dict[str, Any]], base_url: str) -> dict[str, Any]:
    type_, model, config = kind
    return {"provider_type": type_, "models": (model,), "config": config, "base_url": base_url}


def refused(error: NodeError) -> bool:
    return (error.kind, error.error_code) == (ErrorKind.USER, "provider_address_refused")


@kinds
@streams
async def test_a_call_reaches_its_server_by_a_guarded_client(
    llm_server: LlmServer, server: Trap, kind: Any, stream: bool
):
    error = await ask(llm_server, Names(), stream, **asked(kind, server.url))
    assert not refused(error) and server.requests
    assert KEY in " ".join([*server.requests[0][1].values(), server.requests[0][0]])


@kinds
@streams
async def test_private_addresses_are_refused(llm_server: LlmServer, closed: Trap, kind: Any, stream: bool):
    error = await ask(llm_server, Names(), stream, **asked(kind, closed.url))
    assert refused(error) and "WATCHBILL_ALLOWED_PRIVATE_HOSTS" in error.detail
    assert closed.requests == []


@kinds
async def test_private_addresses_are_refused_by_name(llm_server: LlmServer, closed: Trap, kind: Any):
    names = Names(model_test=[CLOSED])
    assert refused(await ask(llm_server, names, True, **asked(kind, f"http://model.test:{closed.port}")))
    assert closed.requests == [] and "model.test" in names.asked


@kinds
async def test_a_name_that_leads_elsewhere_at_the_next_look_is_refused(
    llm_server: LlmServer, closed: Trap, kind: Any
):
    names = Names(model_test=[OPEN, CLOSED])
    url = f"http://model.test:{closed.port}"
    await way(names).guard.check(url)
    assert refused(await ask(llm_server, names, True, **asked(kind, url)))
    assert closed.requests == []


@kinds
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_refused_and_the_key_stays(
    llm_server: LlmServer, server: Trap, elsewhere: Trap, closed: Trap, kind: Any, status: int
):
    for there in (elsewhere.url, closed.url, "https://elsewhere.test", "/moved", "//[bad"):
        server.redirect(status, f"{there}/v1?token=hidden#part")
        error = await ask(llm_server, Names(), status % 2 == 0, **asked(kind, server.url))
        assert (error.kind, error.error_code) == (ErrorKind.USER, "provider_redirects"), error.detail
        assert server.url in error.detail and "hidden" not in error.detail
        assert there.removeprefix("/") in error.detail or "[bad" in there
        assert len(server.requests) == 1
    assert elsewhere.requests == [] and closed.requests == []


@streams
@pytest.mark.parametrize(
    "model", ["anthropic.claude-3-haiku-20240307-v1:0", "cohere.command-text-v14", "agent/AAAA/BBBB"]
)
async def test_bedrock_is_refused_where_its_name_leads_to_a_private_address(
    llm_server: LlmServer, stream: bool, model: str, monkeypatch: pytest.MonkeyPatch
):
    # What a machine's own identity would be found by: nobody's calls run on it.
    for name in ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_ENDPOINT_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/")
    names = Names(**{BEDROCK: [CLOSED], BEDROCK.replace("-runtime", "-agent-runtime"): [CLOSED]})
    provider = {"provider_type": "bedrock", "models": (model,), "config": AWS, "base_url": None}
    assert refused(await ask(llm_server, names, stream, **provider))
    assert [name for name in names.asked if "amazonaws" in name]


@pytest.mark.parametrize("kind", ["gateway", "test"])
async def test_the_provider_test_says_the_same(llm_server: LlmServer, closed: Trap, kind: str):
    gateway = LiteLlmGateway(Directory(), ProcessPool(), way=way())
    desk = Desk(llm_server, gateway, Directory())
    provider: Provider = replace(desk.provider, base_url=closed.url)
    check = await gateway.test_provider(provider)
    await gateway.close()
    assert not check.ok and "WATCHBILL_ALLOWED_PRIVATE_HOSTS" in (check.error or "")
    assert closed.requests == [] and kind


async def test_proxies_of_the_environment_do_not_count(
    llm_server: LlmServer, closed: Trap, server: Trap, monkeypatch: pytest.MonkeyPatch
):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, closed.url)
        monkeypatch.setenv(name.lower(), closed.url)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    for kind in KINDS:
        await ask(llm_server, Names(), True, **asked(kind, server.url))
    assert closed.requests == [] and len(server.requests) >= len(KINDS)
