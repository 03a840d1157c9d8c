"""Writing the flows that Sub-flow nodes name into a definition, so that a run keeps what it started with."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.flow.definition import MAX_DEPTH
from watchbill.core.flow.problems import Problem
from watchbill.core.flow.walk import Raw, config_of, mapped, nodes_in
from watchbill.features.flows import queries
from watchbill.features.flows.reaching import uuid_of


async def write_flows(session: AsyncSession, definition: object) -> tuple[Any, list[Problem]]:
    """The definition with the flow of each Sub-flow node in its field `flow`, and a problem for each that
    names none of this tenant, or a flow that contains itself."""
    return await _write(session, definition, ())


async def _write(
    session: AsyncSession, definition: object, above: tuple[UUID, ...]
) -> tuple[Any, list[Problem]]:
    problems: list[Problem] = []
    flows: dict[str, Any] = {}
    for path, node in nodes_in(definition):
        config = config_of(node)
        flow_id = uuid_of(config.get("flow_id")) if node.get("type") == "subflow" else None
        if flow_id is None:
            continue
        found, why = await _flow(session, flow_id, config.get("version"), above)
        if found is None:
            problems.append(_problem(path, *why))
            continue
        flows[path], inner = await _write(session, found, (*above, flow_id))
        problems += [problem.model_copy(update={"node_id": f"{path}.{problem.node_id}"}) for problem in inner]

    def change(path: str, node: Raw) -> Raw:
        if path not in flows:
            return node
        return {**node, "config": {**config_of(node), "flow": flows[path]}}

    return mapped(definition, change), problems


async def _flow(
    session: AsyncSession, flow_id: UUID, version: object, above: tuple[UUID, ...]
) -> tuple[dict[str, Any] | None, tuple[str, str]]:
    """The definition of a flow's version, or why there is none."""
    if flow_id in above:
        return None, ("subflow_cycle", "This flow contains itself; choose another one.")
    if len(above) >= MAX_DEPTH:
        return None, ("too_deep", f"Sub-flows may lie {MAX_DEPTH} deep; this one lies deeper.")
    flow = await queries.by_id(session, flow_id)
    if flow is None:
        return None, ("reference_unresolved", "The flow chosen here no longer exists; choose another one.")
    number = version if isinstance(version, int) else flow.published_version
    if number is None:
        return flow.definition, ("", "")
    frozen = await queries.version(session, flow_id, number)
    if frozen is None:
        return None, ("reference_unresolved", f"The flow chosen here has no version {number}.")
    return frozen.definition, ("", "")


def _problem(path: str, code: str, message: str) -> Problem:
    return Problem(node_id=path, field="config.flow_id", code=code, message=message)
