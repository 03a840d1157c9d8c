"""What the agent and crew routes take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from watchbill.core.agents import AgentConfig, AgentOptions, TaskConfig
from watchbill.kit.requests.inputs import Input
from watchbill.kit.requests.text import Description, Name

TaskName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


def _as_written(value: object) -> object:
    """In a flow, a text may be an expression that gives a number; in a request it is a text."""
    if not isinstance(value, str):
        raise ValueError("Write a text.")
    return value


class AgentIn(AgentConfig):
    """An agent with a name of its own."""

    name: Name

    _texts = field_validator("role", "goal", "backstory", mode="before")(_as_written)


class AgentPatch(Input):
    """What to change of an agent; what is left out stays."""

    name: Name | None = None
    role: Annotated[str, Field(min_length=1, max_length=100_000)] | None = None
    goal: Annotated[str, Field(min_length=1, max_length=100_000)] | None = None
    backstory: Annotated[str, Field(max_length=100_000)] | None = None
    model: Annotated[str, Field(max_length=200)] | None = None
    provider_id: UUID | None = None
    tool_ids: Annotated[list[UUID], Field(max_length=50)] | None = None
    config: AgentOptions | None = None

    @model_validator(mode="after")
    def _nothing_emptied(self) -> AgentPatch:
        _refuse_nulls(self, {"model", "provider_id"})
        return self


class AgentOut(BaseModel):
    """A stored agent."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    role: str
    goal: str
    backstory: str
    model: str | None
    provider_id: UUID | None
    tool_ids: list[UUID]
    config: AgentOptions
    created_at: datetime
    updated_at: datetime


class CrewTask(TaskConfig):
    """A task of a stored crew. `agent_id` is one of the crew's agents; `context` names earlier tasks whose
    output it reads. In a hierarchical crew the manager hands out tasks that have no agent."""

    name: TaskName
    agent_id: UUID | None = None
    context: list[TaskName] = Field(default=[], max_length=100)
    # As in TaskConfig, but the service checks it: that takes a while, and what is stored can always be shown.
    output_schema: dict[str, Any] | None = Field(
        default=None, title="Output schema", description="JSON Schema that the answer must satisfy."
    )

    _texts = field_validator("description", "expected_output", mode="before")(_as_written)


class CrewOptions(Input):
    """Options of a crew beyond its agents and tasks. There are none yet; unknown ones are refused."""


class CrewIn(Input):
    """A crew of stored agents."""

    name: Name
    description: Description | None = None
    process: Literal["sequential", "hierarchical"] = "sequential"
    agent_ids: Annotated[list[UUID], Field(min_length=1, max_length=50)]
    tasks: Annotated[list[CrewTask], Field(min_length=1, max_length=100)]
    manager_agent_id: UUID | None = None
    config: CrewOptions = CrewOptions()


class CrewPatch(Input):
    """What to change of a crew; what is left out stays. The result must be a complete crew."""

    name: Name | None = None
    description: Description | None = None
    process: Literal["sequential", "hierarchical"] | None = None
    agent_ids: Annotated[list[UUID], Field(min_length=1, max_length=50)] | None = None
    tasks: Annotated[list[CrewTask], Field(min_length=1, max_length=100)] | None = None
    manager_agent_id: UUID | None = None
    config: CrewOptions | None = None

    @model_validator(mode="after")
    def _nothing_emptied(self) -> CrewPatch:
        _refuse_nulls(self, {"description", "manager_agent_id"})
        return self


class CrewOut(BaseModel):
    """A stored crew."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    description: str | None
    process: Literal["sequential", "hierarchical"]
    agent_ids: list[UUID]
    tasks: list[CrewTask]
    manager_agent_id: UUID | None
    config: dict[str, Any]
    created_at: datetime
    updated_at: datetime


def _refuse_nulls(form: BaseModel, nullable: set[str]) -> None:
    for name in form.model_fields_set - nullable:
        if getattr(form, name) is None:
            raise ValueError(f"{name} cannot be null; leave it out to keep it.")
