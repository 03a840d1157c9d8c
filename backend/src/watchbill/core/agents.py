"""Agents, tasks and crews as users describe them, stored or inline in a flow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from watchbill.core.expressions.template import as_text
from watchbill.core.form_hints import form
from watchbill.core.schemas import JsonSchema

# A template that is one expression keeps its type, but a text stays a text.
Text = Annotated[
    str, BeforeValidator(as_text), Field(max_length=1_000_000, json_schema_extra=form("template"))
]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AgentOptions(_Model):
    """CrewAI options that are safe in a process shared by tenants. CrewAI's memory, code execution, rate
    limits and time-outs are not offered: Watchbill has its own."""

    model_config = ConfigDict(strict=True)

    max_iter: int = Field(default=20, ge=1, le=100, title="Maximum model calls", description="For each task.")
    temperature: float | None = Field(default=None, ge=0, le=2, title="Temperature")
    max_tokens: int | None = Field(default=None, ge=1, le=1_000_000, title="Maximum tokens per answer")
    allow_delegation: bool = Field(
        default=False, title="May delegate", description="May ask other agents in its crew."
    )
    respect_context_window: bool = Field(
        default=True, title="Summarise the conversation when the context is full"
    )
    use_system_prompt: bool = Field(default=True, title="Use a system prompt")
    inject_date: bool = Field(default=False, title="Tell the agent today's date")
    reasoning: bool = Field(default=False, title="Plan before acting")
    max_reasoning_attempts: int | None = Field(default=None, ge=1, le=10, title="Planning attempts")
    llm_timeout_seconds: float | None = Field(
        default=None,
        gt=0,
        le=86_400,
        title="Time-out of a model call (s)",
        json_schema_extra=form(unit="seconds"),
    )
    first_token_seconds: float | None = Field(
        default=None,
        gt=0,
        le=86_400,
        title="Seconds until the first token of an answer",
        json_schema_extra=form(unit="seconds"),
    )
    silence_seconds: float | None = Field(
        default=None,
        gt=0,
        le=86_400,
        title="Seconds between two tokens",
        json_schema_extra=form(unit="seconds"),
    )


class AgentConfig(_Model):
    """An agent: who it is and which model it thinks with."""

    role: Annotated[
        Text, Field(min_length=1, title="Role", json_schema_extra=form("template", order=2, lines=1))
    ]
    goal: Annotated[
        Text, Field(min_length=1, title="Goal", json_schema_extra=form("template", order=3, lines=1))
    ]
    backstory: Annotated[Text, Field(title="Backstory", json_schema_extra=form("template", order=4))] = ""
    model: str | None = Field(
        default=None, max_length=200, title="Model", json_schema_extra=form("model", order=5)
    )
    provider_id: UUID | None = Field(default=None, title="Provider", json_schema_extra=form("provider"))
    tool_ids: list[UUID] = Field(
        default=[],
        max_length=50,
        title="Tools",
        description="What the agent may use for any of its tasks.",
        json_schema_extra=form("tools", order=6),
    )
    config: AgentOptions = Field(default=AgentOptions(), title="Options")


class NamedAgent(AgentConfig):
    """An agent of an inline crew, with the name its tasks call it by."""

    name: Annotated[Name, Field(json_schema_extra=form(order=1, identifies=True))]


class TaskConfig(_Model):
    """What one agent is asked to do."""

    description: Annotated[
        Text, Field(min_length=1, title="Task", json_schema_extra=form("template", order=2))
    ]
    expected_output: Annotated[
        Text,
        Field(min_length=1, title="Expected output", json_schema_extra=form("template", order=3, lines=1)),
    ]
    output_schema: JsonSchema | None = Field(
        default=None,
        title="Output schema",
        description="JSON Schema that the answer must satisfy.",
        json_schema_extra=form("json-schema"),
    )
    tool_ids: list[UUID] = Field(
        default=[],
        max_length=50,
        title="Tools for this task",
        description="What may be used besides the agent's own tools.",
        json_schema_extra=form("tools"),
    )


class NamedTask(TaskConfig):
    """A task of a crew. `agent` names its agent; `context` names earlier tasks whose output it reads."""

    name: Annotated[Name, Field(json_schema_extra=form(order=1, identifies=True))]
    agent: str | None = Field(default=None, title="Agent", json_schema_extra=form("crew-agent", order=4))
    context: list[str] = Field(default=[], title="Reads the output of")


class CrewConfig(_Model):
    """A crew written out: its agents, its tasks in order, and how they work together."""

    name: Name = "Crew"
    process: Annotated[Literal["sequential", "hierarchical"], Field(json_schema_extra=form(order=1))] = (
        "sequential"
    )
    agents: list[NamedAgent] = Field(min_length=1, max_length=50, json_schema_extra=form(order=2))
    tasks: list[NamedTask] = Field(min_length=1, max_length=100, json_schema_extra=form(order=3))
    manager: AgentConfig | None = None

    def misfits(self) -> Iterator[tuple[str, str]]:
        """Each field whose value does not fit the others, and why."""
        agents: set[str] = set()
        for index, agent in enumerate(self.agents):
            if agent.name in agents:
                yield f"agents.{index}.name", f"Two agents are called `{agent.name}`; give each its own name."
            agents.add(agent.name)
        seen: set[str] = set()
        for index, task in enumerate(self.tasks):
            for field, why in _misfits(task, agents, seen, self.process):
                yield f"tasks.{index}.{field}", why
            seen.add(task.name)


def _misfits(task: NamedTask, agents: set[str], earlier: set[str], process: str) -> Iterator[tuple[str, str]]:
    if task.name in earlier:
        yield "name", f"Two tasks are called `{task.name}`; give each its own name."
    if task.agent is not None and task.agent not in agents:
        yield "agent", f"The crew has no agent `{task.agent}`; choose one that it has."
    if task.agent is None and process == "sequential":
        yield "agent", "In a sequential crew each task needs an agent; choose one."
    for index, name in enumerate(task.context):
        if name not in earlier:
            yield f"context.{index}", f"There is no task `{name}` before this one; choose an earlier one."
