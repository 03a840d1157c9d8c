"""Running agents and crews."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
from uuid import UUID

from watchbill.core.ports.llm import Emit
from watchbill.core.tenancy import TenantScope
from watchbill.core.usage import Usage


@dataclass(frozen=True, slots=True)
class AgentSpec:
    """An agent as it runs: texts already rendered. `config` holds the options of core.agents.AgentOptions."""

    name: str
    role: str
    goal: str
    backstory: str
    model: str | None = None
    provider_id: UUID | None = None
    tool_ids: tuple[UUID, ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """A task of a crew. `agent` and `context` are names; hierarchical crews may leave the agent out."""

    name: str
    description: str
    expected_output: str
    agent: str | None
    context: tuple[str, ...] = ()
    output_schema: Mapping[str, Any] | None = None
    tool_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class CrewJob:
    """A crew to run; a single agent is a crew of one with one task."""

    scope: TenantScope
    execution_id: UUID
    node_id: str
    process: Literal["sequential", "hierarchical"]
    agents: Sequence[AgentSpec]
    tasks: Sequence[TaskSpec]
    manager: AgentSpec | None = None
    config: Mapping[str, Any] = field(default_factory=dict[str, Any])
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What one task gave: text, or a JSON value when it has an output schema."""

    name: str
    agent: str
    output: Any


@dataclass(frozen=True, slots=True)
class CrewResult:
    """The last task's output, every task's, and what it all used."""

    output: Any
    tasks: tuple[TaskResult, ...]
    usage: Usage


class CrewRunner(Protocol):
    """Runs crews; their model calls go through the LLM gateway."""

    async def run(self, job: CrewJob, emit: Emit) -> CrewResult:
        """Run to the end. Cancelling the awaiting task ends the crew and its call in flight.

        Raises:
            NodeError: with the kind of what went wrong inside. Usage of the calls made so far is still
                reported through llm_completed events.
        """
        ...
