"""Crew: several CrewAI agents working through tasks together."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from watchbill.core.agents import CrewConfig
from watchbill.core.node_types import NodeContext, NodeResult, NodeType
from watchbill.core.ports.crews import CrewJob
from watchbill.nodes.agent import agent_spec, task_spec


class Config(BaseModel):
    """A stored crew or one written here."""

    model_config = ConfigDict(extra="forbid")

    crew_id: UUID | None = Field(None, title="Crew", json_schema_extra={"format": "crew"})
    crew: CrewConfig | None = Field(None, title="Crew, written here")

    @model_validator(mode="after")
    def _has_crew(self) -> Config:
        if self.crew_id is None and self.crew is None:
            raise ValueError("Choose a stored crew or describe one here.")
        return self


async def execute(context: NodeContext) -> NodeResult:
    """Run the crew; the output is that of its last task, and of each task under `tasks`."""
    config: Config = context.config
    if config.crew is None:  # pragma: refused before the run is stored
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
    result = await context.crews.run(job, context.emit)
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
    default_config={
        "crew": {
            "name": "Crew",
            "process": "sequential",
            "agents": [{"name": "agent_1", "role": "", "goal": "", "backstory": ""}],
            "tasks": [{"name": "task_1", "description": "", "expected_output": "", "agent": "agent_1"}],
        }
    },
)
