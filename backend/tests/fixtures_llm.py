"""Fixtures for tests that talk to models: the scripted LLM server, the gateway and the crew runner."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from watchbill.adapters.compute.pool import ProcessPool
from watchbill.adapters.crewai import CrewAiRunner
from watchbill.adapters.crewai.library import load_crewai
from watchbill.adapters.models import LiteLlmGateway
from watchbill.adapters.models.through_litellm.library import load_litellm
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.events import EventData
from watchbill.core.ports.llm import Emit, LlmCall, Provider
from watchbill.core.ports.tools import CodeUse, ToolSpec, ToolUse
from watchbill.core.tenancy import TenantScope
from watchbill.kit.outbound.url_guard import UrlGuard
from watchbill.kit.outbound.way_out import WayOut
from watchbill.testing.llm_server import LlmServer

LOOPBACK = WayOut(UrlGuard(["127.0.0.0/8"]))
KEY = "sk-test-9f8e7d6c5b4a"


class Directory:
    """The providers of each tenant, in memory: the far end of the ProviderDirectory port."""

    def __init__(self) -> None:
        self.by_tenant: dict[UUID, list[Provider]] = {}

    async def providers(self, scope: TenantScope) -> Sequence[Provider]:
        return sorted(self.by_tenant.get(scope.tenant_id, []), key=lambda p: p.priority)


class Desk:
    """A tenant with one provider on the scripted server, and short ways to ask it something."""

    def __init__(self, server: LlmServer, gateway: LiteLlmGateway, directory: Directory):
        self.server, self.gateway, self._directory = server, gateway, directory
        self.scope = TenantScope(uuid4())
        self.events: list[EventData] = []
        self.provider = self.add_provider("Main", models=("test-model",), priority=1)

    def add_provider(self, name: str, **changes: Any) -> Provider:
        provider = Provider(
            id=uuid4(),
            name=name,
            provider_type="openai_compatible",
            base_url=self.server.base_url,
            api_key=KEY,
            models=("test-model",),
            priority=5,
            prices={"test-model": (Decimal(2), Decimal(8))},
        )
        provider = replace(provider, **changes)
        self._directory.by_tenant.setdefault(self.scope.tenant_id, []).append(provider)
        return provider

    def change_provider(self, **changes: Any) -> None:
        self.provider = replace(self.provider, **changes)
        self._directory.by_tenant[self.scope.tenant_id][0] = self.provider

    def call(self, text: str = "Explain tides", **changes: Any) -> LlmCall:
        return LlmCall(self.scope, uuid4(), "node", [{"role": "user", "content": text}], **changes)

    async def ask(self, text: str = "Explain tides", **changes: Any):
        return await self.gateway.complete(self.call(text, **changes), self.events.append)

    def types(self) -> list[str]:
        """Event types in order, tokens left out."""
        return [event.type for event in self.events if event.type != "llm_token"]

    def streamed(self) -> str:
        return "".join(event.text for event in self.events if event.type == "llm_token")


@pytest.fixture(scope="session")
def llm_directory() -> Directory:
    return Directory()


@pytest.fixture(scope="session")
async def running_llm_server() -> AsyncIterator[LlmServer]:
    async with LlmServer() as server:
        yield server


@pytest.fixture
def llm_server(running_llm_server: LlmServer) -> LlmServer:
    """The scripted server with an empty script and no calls."""
    running_llm_server.reset()
    return running_llm_server


@pytest.fixture(scope="session")
async def compute() -> AsyncIterator[ProcessPool]:
    """Processes that compute, as a worker has them."""
    pool = ProcessPool()
    yield pool
    await pool.close()


@pytest.fixture(scope="session")
async def llm_gateway(llm_directory: Directory, compute: ProcessPool) -> AsyncIterator[LiteLlmGateway]:
    gateway = LiteLlmGateway(llm_directory, compute, way=LOOPBACK)
    gateway.load()
    # What tests look at shall not depend on who is the first to wait for the library.
    await asyncio.to_thread(load_litellm)
    yield gateway
    await gateway.close()


@pytest.fixture
def desk(llm_server: LlmServer, llm_gateway: LiteLlmGateway, llm_directory: Directory) -> Desk:
    return Desk(llm_server, llm_gateway, llm_directory)


class CrewTools:
    """The tools of a tenant, for crews: each is a function of its arguments."""

    def __init__(self) -> None:
        self.specs: dict[UUID, ToolSpec] = {}
        self.work: dict[UUID, Callable[..., Any]] = {}
        self.uses: list[ToolUse] = []

    def add(self, name: str, work: Callable[..., Any], schema: Mapping[str, Any]) -> UUID:
        id_ = uuid4()
        self.specs[id_] = ToolSpec(id_, name, name, f"About {name}", schema)
        self.work[id_] = work
        return id_

    async def known(self, scope: TenantScope, ids: Sequence[UUID]) -> Sequence[ToolSpec]:
        if unknown := [id_ for id_ in ids if id_ not in self.specs]:
            raise NodeError(ErrorKind.USER, f"no such tool: {unknown}", code="tool_unknown")
        return [self.specs[id_] for id_ in ids]

    async def call(self, use: ToolUse, emit: Emit) -> Any:
        self.uses.append(use)
        output = self.work[use.tool_id](**use.arguments)
        return await output if isinstance(output, Awaitable) else output

    async def run_code(self, use: CodeUse, emit: Emit) -> Any:
        raise AssertionError("no crew runs code")


@pytest.fixture(scope="session")
def runners_tools() -> CrewTools:
    return CrewTools()


@pytest.fixture
def crew_tools(runners_tools: CrewTools) -> CrewTools:
    """The tools of the crew runner, which nobody used yet."""
    runners_tools.uses.clear()
    return runners_tools


@pytest.fixture(scope="session")
async def crew_runner(
    llm_gateway: LiteLlmGateway,
    compute: ProcessPool,
    runners_tools: CrewTools,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[CrewAiRunner]:
    storage: Path = tmp_path_factory.mktemp("crewai")
    runner = CrewAiRunner(llm_gateway, compute, runners_tools, storage=storage)
    runner.load()
    await asyncio.to_thread(load_crewai, storage)
    yield runner
    runner.close()
