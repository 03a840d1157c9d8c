"""Stand-ins for what nodes work with: a test brings those that it is about, and the rest fail when they are
used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from watchbill.core.ports import (
    CodeUse,
    CrewJob,
    CrewResult,
    CrewRunner,
    HttpClient,
    LlmAnswer,
    LlmCall,
    LlmGateway,
    NodePorts,
    Tools,
    ToolSpec,
    ToolUse,
)
from watchbill.core.ports.http import HttpAnswer, HttpRequest
from watchbill.core.ports.llm import Emit
from watchbill.core.tenancy import TenantScope


class Unexpected:
    """Implements each of the node ports; whoever uses it fails."""

    async def complete(self, call: LlmCall, emit: Emit) -> LlmAnswer:
        """See core.ports.LlmGateway."""
        raise AssertionError(f"no model call is expected here: {call.node_id}")

    async def run(self, job: CrewJob, emit: Emit) -> CrewResult:
        """See core.ports.CrewRunner."""
        raise AssertionError(f"no crew is expected here: {job.node_id}")

    async def send(self, request: HttpRequest) -> HttpAnswer:
        """See core.ports.HttpClient."""
        raise AssertionError(f"no HTTP call is expected here: {request.url}")

    async def known(self, scope: TenantScope, ids: Sequence[UUID]) -> Sequence[ToolSpec]:
        """See core.ports.Tools."""
        raise AssertionError(f"no tools are expected here: {ids}")

    async def call(self, use: ToolUse, emit: Emit) -> Any:
        """See core.ports.Tools."""
        raise AssertionError(f"no call of a tool is expected here: {use.tool_id}")

    async def run_code(self, use: CodeUse, emit: Emit) -> Any:
        """See core.ports.Tools."""
        raise AssertionError(f"no program is expected here: {use.code}")


_UNEXPECTED = Unexpected()


def node_ports(
    *,
    llm: LlmGateway = _UNEXPECTED,
    crews: CrewRunner = _UNEXPECTED,
    http: HttpClient = _UNEXPECTED,
    tools: Tools = _UNEXPECTED,
) -> NodePorts:
    """What nodes work with, of which a test gives what it is about."""
    return NodePorts(llm, crews, http, tools)
