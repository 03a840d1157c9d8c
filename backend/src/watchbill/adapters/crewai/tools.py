"""Tools of the tenant as CrewAI's agents have them: each call goes to the engine's loop and waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self
from uuid import UUID

from crewai.tools import BaseTool
from pydantic import BaseModel, PrivateAttr

from watchbill.adapters.crewai.plain_text import sealed
from watchbill.adapters.crewai.running_crew import RunningCrew
from watchbill.core.ports.crews import AgentSpec
from watchbill.core.ports.tools import ToolSpec

# What CrewAI calls its own tools.
_TAKEN = frozenset(("delegate_work_to_coworker", "ask_question_to_coworker", "create_reasoning_plan"))


class _Any(BaseModel):
    """Arguments as the model gave them: without fields, CrewAI passes them on as they are. The tool's own
    schema judges them, and the gateway tells it to the model."""


class TenantTool(BaseTool):
    """One tool of one agent of a running crew."""

    args_schema: type[BaseModel] = _Any
    _running: RunningCrew = PrivateAttr()
    _agent: str = PrivateAttr()
    _tool_id: UUID = PrivateAttr()

    def tied(self, running: RunningCrew, agent: str, tool_id: UUID) -> Self:
        """The same, as this agent calls it in this crew."""
        self._running, self._agent, self._tool_id = running, agent, tool_id
        return self

    def _run(self, **arguments: Any) -> str:
        return sealed(self._running.use(self._tool_id, self.name, self._agent, arguments))


def tools_for(running: RunningCrew, spec: AgentSpec, ids: Sequence[UUID]) -> list[BaseTool]:
    """The tools with these ids, for an agent. Those whose names come out the same are numbered."""
    names = _names([running.tools[id_] for id_ in ids])
    for name, tool in names.items():
        running.functions[spec.name, name] = tool
    return [
        TenantTool(name=name, description=tool.description or tool.title).tied(running, spec.name, tool.id)
        for name, tool in names.items()
    ]


def as_functions(
    running: RunningCrew, agent: str, tools: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """What is told to a model of tools: of the tenant's own what the tenant says, of CrewAI's what CrewAI
    says."""
    return [_as_function(running, agent, tool) for tool in tools]


def _as_function(running: RunningCrew, agent: str, tool: Mapping[str, Any]) -> Mapping[str, Any]:
    name = tool["function"]["name"]
    own = running.functions.get((agent, name))
    if own is None:
        return tool
    told = {
        "name": name,
        "description": own.description or own.title,
        "parameters": dict(own.input_schema),
    }
    return {"type": "function", "function": told}


def _names(tools: Sequence[ToolSpec]) -> dict[str, ToolSpec]:
    names: dict[str, ToolSpec] = {}
    for tool in tools:
        name, number = tool.name, 2
        while name in names or name in _TAKEN:
            name, number = f"{tool.name[:56]}_{number}", number + 1
        names[name] = tool
    return names
