"""Starting executions: of a flow's version, or of a crew by itself."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, cast
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import Conflict, FieldError, InvalidInput
from watchbill.core.events import ExecutionQueued, envelope
from watchbill.core.ports.compute import Compute
from watchbill.core.tenancy import TenantScope
from watchbill.features.agents import service as agents
from watchbill.features.executions import plans, service
from watchbill.features.executions.plans import Prepared
from watchbill.features.executions.ports import ExecutionPorts
from watchbill.features.executions.queries import executions as queries
from watchbill.features.executions.schemas import CrewTestRequest, ExecuteRequest, ExecutionSummary
from watchbill.features.executions.tables import Execution
from watchbill.features.flows import chosen_version
from watchbill.features.flows.chosen_version import ChosenVersion, Wanted
from watchbill.features.identity.access import Access
from watchbill.kit.audit import call

# Fields of an Input node.
_MOST_INPUTS = 100
_FIELD_TYPES: dict[type, str] = {
    str: "text",
    bool: "boolean",
    int: "integer",
    float: "number",
    list: "list",
    dict: "object",
}


@dataclass(frozen=True, slots=True)
class Ask:
    """For whom to run something, on what; a repeated `key` finds the execution that the first one made."""

    inputs: Mapping[str, Any]
    key: str | None = None
    user_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """An execution, and whether it was made just now."""

    execution: Execution
    new: bool
    flow_name: str | None = None


async def execute_flow(
    access: Access, ports: ExecutionPorts, flow_id: UUID, form: ExecuteRequest, key: str | None
) -> ExecutionSummary:
    """Start a flow for a request. Raises what `start_flow` raises."""
    ask = Ask(form.inputs, key, access.identity.user_id)
    started = await start_flow(access.session, access.scope, flow_id, form.version, ask, ports.compute)
    return _announced(access, ports, started)


async def test_crew(
    access: Access, ports: ExecutionPorts, crew_id: UUID, form: CrewTestRequest
) -> ExecutionSummary:
    """Start a flow of input, crew and output; each input given becomes a field of the input node.

    Raises:
        NotFound: no such crew.
        InvalidInput: its texts read inputs that are not given, or there are too many.
    """
    if len(form.inputs) > _MOST_INPUTS:
        text = f"A crew is tested with at most {_MOST_INPUTS} inputs; these are {len(form.inputs):,}."
        wrong = FieldError(("body", "inputs"), "too_many_inputs", text)
        raise InvalidInput(text, code="too_many_inputs", errors=(wrong,))
    crew = await agents.get_crew(access.session, crew_id)
    ask = Ask(form.inputs, user_id=access.identity.user_id)
    definition = _crew_flow(crew_id, crew.name, form.inputs)
    started = await start_definition(access.session, access.scope, definition, ask, ports.compute)
    return _announced(access, ports, replace(started, flow_name=crew.name))


async def start_flow(
    session: AsyncSession,
    scope: TenantScope,
    flow_id: UUID,
    version: Wanted,
    ask: Ask,
    compute: Compute | None = None,
) -> Started:
    """Store a pending execution of a flow. Compiling it is left to `compute`, while the transaction is
    committed; without one it is done in a thread.

    Raises:
        NotFound: no such flow or version.
        Conflict: the flow is switched off, or the key was used for another flow.
        InvalidInput: the flow has problems, or the inputs do not fit it; nothing was stored.
    """
    if started := await _as_before(session, scope, flow_id, version, ask):
        return started
    chosen = await chosen_version.choose(session, flow_id, version)
    if known := await _known(session, ask, flow_id):
        return Started(known, new=False, flow_name=chosen.flow_name)
    prepared = await plans.of_flow(session, scope, chosen, compute, anew=False)
    started = await _store(session, scope, prepared, ask, chosen)
    if started is None:
        prepared = await plans.of_flow(session, scope, chosen, compute, anew=True)
        started = await _store(session, scope, prepared, ask, chosen)
    plans.remember(scope, version, chosen)
    return _stored(started)


async def _as_before(
    session: AsyncSession, scope: TenantScope, flow_id: UUID, version: Wanted, ask: Ask
) -> Started | None:
    """Start what was started before, without looking at the flow; None when it was changed since then, or
    whoever asks has to be told of a mistake: what is remembered may be too old to judge by."""
    known = None if ask.key else plans.remembered(scope, flow_id, version)
    if known is None:
        return None
    chosen, prepared = known
    with suppress(InvalidInput):
        return await _store(session, scope, prepared, ask, chosen)
    return None


async def start_definition(
    session: AsyncSession,
    scope: TenantScope,
    definition: object,
    ask: Ask,
    compute: Compute | None = None,
) -> Started:
    """Store a pending execution of what is no stored flow.

    Raises:
        InvalidInput: it has problems, or the inputs do not fit it; nothing was stored.
    """
    started = await _store(
        session, scope, await plans.of_definition(session, scope, definition, compute), ask
    )
    if started is None:
        # The clean-up took the plan away just before it was held.
        started = await _store(
            session, scope, await plans.of_definition(session, scope, definition, compute), ask
        )
    return _stored(started)


def _announced(access: Access, ports: ExecutionPorts, started: Started) -> ExecutionSummary:
    if started.new:
        access.work.after_commit(partial(ports.hints.execute, access.scope, started.execution.id))
    return service.summary(started.execution, started.flow_name, None)


async def _known(session: AsyncSession, ask: Ask, flow_id: UUID) -> Execution | None:
    """What an earlier request with the same key made."""
    known = await queries.by_idempotency_key(session, ask.key) if ask.key else None
    if known is not None and known.flow_id != flow_id:
        raise Conflict("This Idempotency-Key was used to run another flow.", code="idempotency_key_reused")
    return known


async def _store(
    session: AsyncSession,
    scope: TenantScope,
    prepared: Prepared,
    ask: Ask,
    chosen: ChosenVersion | None = None,
) -> Started | None:
    """Store the execution; None when its plan is not there, or the flow is not as it was seen."""
    inputs = prepared.inputs(ask.inputs)
    flow_id, version, limit = (chosen.flow_id, chosen.version, chosen.limit) if chosen else (None,) * 3
    execution = Execution(
        id=uuid4(),
        flow_id=flow_id,
        flow_version=version,
        plan_digest=prepared.digest,
        status="pending",
        inputs=inputs,
        idempotency_key=ask.key,
        created_by=ask.user_id,
    )
    queued = envelope(
        ExecutionQueued(flow_id=flow_id, version=version, inputs=inputs),
        seq=1,
        execution_id=execution.id,
        node_id=None,
        timestamp=datetime.now(UTC),
    )
    name = chosen.flow_name if chosen else None
    if name is not None:
        call(execution, name)
    seen = chosen.seen if chosen else None
    if await queries.insert_execution(session, scope, execution, [queued], limit, seen):
        return Started(execution, new=True, flow_name=name)
    # Two requests with one key at the same time: the other one was first.
    first = await _known(session, ask, flow_id) if flow_id else None
    return Started(first, new=False, flow_name=name) if first else None


def _stored(started: Started | None) -> Started:
    if started is None:
        raise RuntimeError("a plan that was stored a moment ago is gone")
    return started


def _crew_flow(crew_id: UUID, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    fields = [
        {"name": key, "type": _FIELD_TYPES.get(cast("type[Any]", type(value)), "object")}
        for key, value in inputs.items()
    ]
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
