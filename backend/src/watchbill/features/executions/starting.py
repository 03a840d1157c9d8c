"""Starting executions of flows and crews from requests."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from watchbill.core.errors import Conflict
from watchbill.features.agents import service as agents
from watchbill.features.executions import service
from watchbill.features.executions.backend import ExecutionBackend
from watchbill.features.executions.schemas import CrewTestRequest, ExecuteRequest, ExecutionSummary
from watchbill.features.flows import service as flows
from watchbill.features.identity.access import Access

_FIELD_TYPES: dict[type, str] = {
    str: "text",
    bool: "boolean",
    int: "integer",
    float: "number",
    list: "list",
    dict: "object",
}


async def start_flow(
    access: Access, parts: ExecutionBackend, flow_id: UUID, form: ExecuteRequest, key: str | None
) -> ExecutionSummary:
    """Start a flow.

    Raises:
        NotFound: no such flow or version.
        Conflict: the flow is switched off, or the key was used for another flow.
        InvalidInput: the flow has problems, or the inputs do not fit it.
    """
    flow = await flows.get(access.session, flow_id)
    if not flow.is_active:
        raise Conflict("This flow is switched off. Switch it on to run it.", code="flow_inactive")
    version, definition = await flows.runnable(access.session, flow, form.version)
    ask = service.Start(definition, form.inputs, flow_id, version, key, access.identity.user_id)
    return await _start(access, parts, ask, flow.name)


async def start_crew(
    access: Access, parts: ExecutionBackend, crew_id: UUID, form: CrewTestRequest
) -> ExecutionSummary:
    """Start a flow of input, crew and output; each input given becomes a field of the input node.

    Raises:
        NotFound: no such crew.
        InvalidInput: its texts read inputs that are not given.
    """
    crew = await agents.get_crew(access.session, crew_id)
    definition = _crew_flow(crew_id, crew.name, form.inputs)
    ask = service.Start(definition, form.inputs, user_id=access.identity.user_id)
    return await _start(access, parts, ask, None)


async def _start(
    access: Access, parts: ExecutionBackend, ask: service.Start, flow_name: str | None
) -> ExecutionSummary:
    execution, new = await service.start(access.session, access.scope, ask)
    if new:
        access.work.after_commit(partial(parts.hints.execute, access.scope, execution.id))
    return service.summary(execution, flow_name, None)


def _crew_flow(crew_id: UUID, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    fields = [{"name": key, "type": _FIELD_TYPES.get(type(value), "object")} for key, value in inputs.items()]
    return {
        "schema": "watchbill.flow/v1",
        "nodes": [
            {"id": "inputs", "type": "input", "label": "Inputs", "config": {"fields": fields}},
            {"id": "crew", "type": "crew", "label": name, "config": {"crew_id": str(crew_id)}},
            {
                "id": "result",
                "type": "output",
                "label": "Result",
                "config": {"values": {"result": "{{ nodes.crew.output }}"}},
            },
        ],
        "edges": [
            {"id": "to_crew", "source": "inputs", "target": "crew"},
            {"id": "to_result", "source": "crew", "target": "result"},
        ],
        "layout": {"inputs": {"x": 0, "y": 0}, "crew": {"x": 320, "y": 0}, "result": {"x": 640, "y": 0}},
    }
