"""Agent: one CrewAI agent doing one task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from watchbill.core.agents import AgentConfig, TaskConfig
from watchbill.core.expressions.shapes import TEXT, Shape, of_schema
from watchbill.core.flow.problems import Problem
from watchbill.core.foreseen import Foreseen
from watchbill.core.form_hints import form
from watchbill.core.node_types import NodeContext, NodeResult, NodeType
from watchbill.core.ports.crews import AgentSpec, CrewJob, TaskSpec
from watchbill.core.schemas import check_meaning


class Config(BaseModel):
    """A stored agent or one written here, and its task."""

    model_config = ConfigDict(extra="forbid")

    agent_id: UUID | None = Field(
        None, title="Agent", json_schema_extra=form("agent", order=1, inline="agent")
    )
    agent: AgentConfig | None = Field(None, title="Agent, written here", json_schema_extra=form(order=2))
    task: TaskConfig = Field(title="Task", json_schema_extra=form(order=3))


def _check(config: Config) -> list[Problem]:
    if config.agent_id is None and config.agent is None:
        text = "Choose a stored agent or describe one here."
        return [Problem(field="agent_id", code="config_missing", message=text)]
    return []


def agent_spec(agent: AgentConfig, name: str) -> AgentSpec:
    """The agent as the crew runner takes it."""
    return AgentSpec(
        name=name,
        role=agent.role,
        goal=agent.goal,
        backstory=agent.backstory,
        model=agent.model,
        provider_id=agent.provider_id,
        tool_ids=tuple(agent.tool_ids),
        config=agent.config.model_dump(exclude_none=True),
    )


def task_spec(task: TaskConfig, name: str, agent: str | None, context: tuple[str, ...] = ()) -> TaskSpec:
    """The task as the crew runner takes it."""
    return TaskSpec(
        name,
        task.description,
        task.expected_output,
        agent,
        context,
        task.output_schema,
        tuple(task.tool_ids),
    )


def task_gives(task: Mapping[str, Any]) -> Shape:
    """What is known of the output of a task, as it is written."""
    schema = task.get("output_schema")
    return TEXT if schema is None else of_schema(schema)


def schema_problems(schema: Any, field: str) -> list[Problem]:
    """What an output schema, as it is written, can hardly mean."""
    if not isinstance(schema, Mapping):
        return []
    return [
        Problem(
            field=field,
            code=found.code,
            message=str(found),
            severity="error" if found.code == "schema_impossible" else "warning",
        )
        for found in check_meaning(cast("Mapping[str, Any]", schema))
    ]


def _judge(foreseen: Foreseen) -> list[Problem]:
    return schema_problems(foreseen.config["task"].get("output_schema"), "task.output_schema")


def _gives(foreseen: Foreseen) -> Shape:
    return task_gives(foreseen.config["task"])


async def execute(context: NodeContext) -> NodeResult:
    """Run the agent on its task; a stored agent was written into the config when the execution was
    created."""
    config: Config = context.config
    if config.agent is None:  # pragma: refused before the execution is stored
        raise AssertionError("an agent node reached a worker without its agent")
    job = CrewJob(
        scope=context.scope,
        execution_id=context.execution_id,
        node_id=context.node_id,
        process="sequential",
        agents=[agent_spec(config.agent, config.agent.role)],
        tasks=[task_spec(config.task, context.node_id, config.agent.role)],
        idempotency_key=context.idempotency_key,
    )
    result = await context.ports.crews.run(job, context.emit)
    return NodeResult(result.output)


TYPE = NodeType(
    kind="agent",
    title="Agent",
    description="An agent works on a task.",
    group="agents",
    icon="bot",
    keywords=("assistant", "bot", "ai", "crewai"),
    config=Config,
    execute=execute,
    check=_check,
    judge=_judge,
    gives=_gives,
    default_config={
        "agent": {"role": "", "goal": "", "backstory": ""},
        "task": {"description": "", "expected_output": ""},
    },
)
