"""Agent: one CrewAI agent doing one task."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from watchbill.core.agents import AgentConfig, TaskConfig
from watchbill.core.node_types import NodeContext, NodeResult, NodeType
from watchbill.core.ports.crews import AgentSpec, CrewJob, TaskSpec


class Config(BaseModel):
    """A stored agent or one written here, and its task."""

    model_config = ConfigDict(extra="forbid")

    agent_id: UUID | None = Field(None, title="Agent", json_schema_extra={"format": "agent"})
    agent: AgentConfig | None = Field(None, title="Agent, written here")
    task: TaskConfig = Field(title="Task")

    @model_validator(mode="after")
    def _has_agent(self) -> Config:
        if self.agent_id is None and self.agent is None:
            raise ValueError("Choose a stored agent or describe one here.")
        return self


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
    return TaskSpec(name, task.description, task.expected_output, agent, context, task.output_schema)


async def execute(context: NodeContext) -> NodeResult:
    """Run the agent on its task; a stored agent was written into the config when the run was created."""
    config: Config = context.config
    if config.agent is None:  # pragma: refused before the run is stored
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
    result = await context.crews.run(job, context.emit)
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
    default_config={
        "agent": {"role": "", "goal": "", "backstory": ""},
        "task": {"description": "", "expected_output": ""},
    },
)
