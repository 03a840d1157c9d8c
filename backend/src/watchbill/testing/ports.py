"""Stand-ins for what nodes work with: a test brings those that it is about, and the rest fail when they are
used."""

from __future__ import annotations

from watchbill.core.ports import (
    CrewJob,
    CrewResult,
    CrewRunner,
    HttpClient,
    LlmAnswer,
    LlmCall,
    LlmGateway,
    NodePorts,
)
from watchbill.core.ports.http import HttpAnswer, HttpRequest
from watchbill.core.ports.llm import Emit


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


_UNEXPECTED = Unexpected()


def node_ports(
    *, llm: LlmGateway = _UNEXPECTED, crews: CrewRunner = _UNEXPECTED, http: HttpClient = _UNEXPECTED
) -> NodePorts:
    """What nodes work with, of which a test gives what it is about."""
    return NodePorts(llm, crews, http)
