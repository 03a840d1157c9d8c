"""Writing stored agents and crews into a flow, so that an execution keeps what it was started with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.flow.problems import Problem
from watchbill.core.flow.walk import Raw, config_of, mapped, nodes_in
from watchbill.features.agents.tables import Agent, Crew


async def write_in(session: AsyncSession, definition: object) -> tuple[object, list[Problem]]:
    """The definition with each `agent_id` and `crew_id` replaced by what it names, in bodies and sub-flows
    too, and a problem for each that names nothing of this tenant. Anything malformed is left for the compiler
    to judge."""
    nodes = [node for _, node in nodes_in(definition)]
    crews = await _crews(session, _ids(nodes, "crew_id"))
    agents = await _agents(session, {*_ids(nodes, "agent_id"), *_members(crews.values())})
    problems: list[Problem] = []

    def change(path: str, node: Raw) -> Raw:
        config, problem = _write(path, node, agents, crews)
        if problem:
            problems.append(problem)
        return node if config is None else {**node, "config": config}

    return mapped(definition, change), problems


def _ids(nodes: Iterable[Mapping[str, Any]], field: str) -> set[UUID]:
    return {id_ for node in nodes if (id_ := _uuid(config_of(node).get(field)))}


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


async def _agents(session: AsyncSession, ids: set[UUID]) -> dict[UUID, Agent]:
    rows = await session.scalars(select(Agent).where(Agent.id.in_(ids))) if ids else ()
    return {row.id: row for row in rows}


async def _crews(session: AsyncSession, ids: set[UUID]) -> dict[UUID, Crew]:
    rows = await session.scalars(select(Crew).where(Crew.id.in_(ids))) if ids else ()
    return {row.id: row for row in rows}


def _members(crews: Iterable[Crew]) -> Iterable[UUID]:
    for crew in crews:
        yield from crew.agent_ids
        if crew.manager_agent_id:
            yield crew.manager_agent_id


def _write(
    path: str, node: Raw, agents: Mapping[UUID, Agent], crews: Mapping[UUID, Crew]
) -> tuple[dict[str, Any] | None, Problem | None]:
    config = config_of(node)
    for kind, field in (("agent", "agent_id"), ("crew", "crew_id")):
        if node.get("type") != kind or config.get(field) is None:
            continue
        id_ = _uuid(config[field])
        stored = (agents if kind == "agent" else crews).get(id_) if id_ else None
        if stored is None:
            text = f"The {kind} chosen here no longer exists; choose another one."
            return None, Problem(
                node_id=path,
                field=f"config.{field}",
                code="reference_unresolved",
                message=text,
            )
        rest = {key: value for key, value in config.items() if key != field}
        described = agent_config(stored) if isinstance(stored, Agent) else crew_config(stored, agents)
        return {**rest, kind: described}, None
    return None, None


def agent_config(agent: Agent) -> dict[str, Any]:
    """The stored agent as core.agents.AgentConfig describes one."""
    return {
        "role": agent.role,
        "goal": agent.goal,
        "backstory": agent.backstory,
        "model": agent.model,
        "provider_id": str(agent.provider_id) if agent.provider_id else None,
        "tool_ids": [str(id_) for id_ in agent.tool_ids],
        "config": agent.config,
    }


def crew_config(crew: Crew, agents: Mapping[UUID, Agent]) -> dict[str, Any]:
    """The stored crew as core.agents.CrewConfig describes one; its members must be in `agents`."""
    manager = agents.get(crew.manager_agent_id) if crew.manager_agent_id else None
    return {
        "name": crew.name,
        "process": crew.process,
        "agents": [
            {"name": agents[id_].name, **agent_config(agents[id_])} for id_ in crew.agent_ids if id_ in agents
        ],
        "tasks": [_task(task, agents) for task in crew.tasks],
        "manager": agent_config(manager) if manager else None,
    }


def _task(task: Mapping[str, Any], agents: Mapping[UUID, Agent]) -> dict[str, Any]:
    agent = agents.get(id_) if (id_ := _uuid(task.get("agent_id"))) else None
    return {
        "name": task["name"],
        "description": task["description"],
        "expected_output": task["expected_output"],
        "agent": agent.name if agent else None,
        "context": task.get("context") or [],
        "output_schema": task.get("output_schema"),
        "tool_ids": task.get("tool_ids") or [],
    }
