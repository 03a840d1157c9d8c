"""Crew: several CrewAI agents working through tasks together."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from watchbill.core.agents import CrewConfig
from watchbill.core.expressions.shapes import ANY, Shape
from watchbill.core.flow.problems import Problem
from watchbill.core.foreseen import Foreseen
from watchbill.core.form_hints import form
from watchbill.core.node_types import NodeContext, NodeResult, NodeType
from watchbill.core.ports.crews import CrewJob
from watchbill.nodes.agent import agent_spec, schema_problems, task_gives, task_spec


class Config(BaseModel):
    """A stored crew or one written here."""

    model_config = ConfigDict(extra="forbid")

    crew_id: UUID | None = Field(None, title="Crew", json_schema_extra=form("crew", order=1, inline="crew"))
    crew: CrewConfig | None = Field(None, title="Crew, written here", json_schema_extra=form(order=2))


def _check(config: Config) -> list[Problem]:
    if config.crew is not None:
        return [
            Problem(field=f"crew.{field}", code="config_invalid", message=text)
            for field, text in config.crew.misfits()
        ]
    if config.crew_id is None:
        text = "Choose a stored crew or describe one here."
        return [Problem(field="crew_id", code="config_missing", message=text)]
    return []


def _judge(foreseen: Foreseen) -> list[Problem]:
    crew: dict[str, Any] = foreseen.config.get("crew") or {}
    tasks: list[Any] = crew.get("tasks", [])
    return [
        problem
        for index, task in enumerate(tasks)
        for problem in schema_problems(task.get("output_schema"), f"crew.tasks.{index}.output_schema")
    ]


def _gives(foreseen: Foreseen) -> Shape:
    crew = foreseen.config.get("crew")
    return task_gives(crew["tasks"][-1]) if crew else ANY


async def execute(context: NodeContext) -> NodeResult:
    """Run the crew; the output is that of its last task, and of each task under `tasks`."""
    config: Config = context.config
    if config.crew is None:  # pragma: refused before the execution is stored
        raise AssertionError("a crew node reached a worker without its crew")
    crew = config.crew
    job = CrewJob(
        scope=context.scope,
        execution_id=context.execution_id,
        node_id=context.node_id,
        process=crew.process,
        agents=[agent_spec(agent, agent.name) for agent in crew.agents],
        tasks=[task_spec(task, task.name, task.agent, tuple(task.context)) for task in crew.tasks],
        manager=agent_spec(crew.manager, "Manager") if crew.manager else None,
        idempotency_key=context.idempotency_key,
    )
    result = await context.ports.crews.run(job, context.emit)
    return NodeResult(result.output)


TYPE = NodeType(
    kind="crew",
    title="Crew",
    description="A crew works through its tasks.",
    group="agents",
    icon="users",
    keywords=("team", "agents", "crewai"),
    config=Config,
    execute=execute,
    check=_check,
    judge=_judge,
    gives=_gives,
    default_config={
        "crew": {
            "name": "Crew",
            "process": "sequential",
            "agents": [{"name": "agent_1", "role": "", "goal": "", "backstory": ""}],
            "tasks": [{"name": "task_1", "description": "", "expected_output": "", "agent": "agent_1"}],
        }
    },
)
