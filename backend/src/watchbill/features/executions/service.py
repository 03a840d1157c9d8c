"""Finding executions, and reading them whole."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import NotFound
from watchbill.core.events import Event, ExecutionStatus
from watchbill.core.execution import ExecutionState, NodeState, apply, restore_in_parts
from watchbill.core.flow.walk import nodes_in
from watchbill.core.node_types import NodeType
from watchbill.core.plan import Plan, stored_plan
from watchbill.core.tenancy import TenantScope
from watchbill.core.usage import Usage
from watchbill.engine.large_outputs import Enough
from watchbill.features.executions.history import History, Read
from watchbill.features.executions.queries import executions as queries
from watchbill.features.executions.queries import journal as journal_queries
from watchbill.features.executions.queries import queue as queue_queries
from watchbill.features.executions.schemas import (
    EventPage,
    ExecutionDetail,
    ExecutionResult,
    ExecutionSummary,
    NodeExecution,
    NodePage,
    Queue,
)
from watchbill.features.executions.tables import ActiveExecution, Execution
from watchbill.features.identity.aside import Aside
from watchbill.kit.database.paging import Listed, decode_cursor, encode_cursor
from watchbill.kit.database.transactions import outside

NodeTypes = Mapping[str, NodeType]
_NO_LIMIT = 2**31 - 1
# Compiled in some milliseconds.
_FEW_NODES = 50
# Of bodies, in one answer.
MOST_NODES = 1000
# What nodes got and gave, in one answer.
_SHOWN_BYTES = 8 * 1024 * 1024
_VALUES = ("input", "output")
_FILLED_AT_ONCE = 16
# Some milliseconds.
_FOLDED_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Reading:
    """What it takes to read an execution whole: the tenant, the node types, the stores of its history, the
    thread where large plans are compiled, what is told of the bytes that are read, and the installation's
    limit on executions that run for a tenant (0 for any number)."""

    scope: TenantScope
    types: NodeTypes
    history: History
    aside: Aside
    read: Read
    running_limit: int = 0


def summary(execution: Execution, flow_name: str | None, active: ActiveExecution | None) -> ExecutionSummary:
    """The execution as lists show it."""
    return ExecutionSummary.model_validate(
        {
            "id": execution.id,
            "flow_id": execution.flow_id,
            "flow_name": flow_name,
            "version": execution.flow_version,
            "status": execution.status,
            "cancel_requested": active is not None and active.cancel_requested,
            "paused": active is not None and active.pause_requested,
            "forked_from": execution.forked_from,
            "error": execution.error,
            "usage": execution.usage or Usage(),
            "created_at": execution.created_at,
            "started_at": execution.started_at,
            "finished_at": execution.finished_at,
            "waited_seconds": execution.waited_seconds or 0.0,
            "waits_since": execution.waits_since,
        }
    )


async def result(session: AsyncSession, execution_id: UUID) -> ExecutionResult:
    """The execution with its outputs.

    Raises:
        NotFound: this tenant has none of that id.
    """
    row = await queries.find(session, execution_id, "outputs")
    if row is None:
        raise NotFound("There is no such execution.", code="execution_not_found")
    return ExecutionResult.model_validate({**summary(*row).model_dump(), "outputs": row[0].outputs})


async def require(session: AsyncSession, execution_id: UUID) -> ExecutionSummary:
    """The execution's summary.

    Raises:
        NotFound: this tenant has none of that id.
    """
    row = await queries.find(session, execution_id)
    if row is None:
        raise NotFound("There is no such execution.", code="execution_not_found")
    return summary(*row)


async def detail(
    session: AsyncSession,
    reading: Reading,
    execution_id: UUID,
    *,
    as_of: int | None = None,
    iterations: bool = True,
) -> ExecutionDetail:
    """The execution whole, folded from its journal up to the event `as_of`; without `iterations` only with
    the nodes of the flow itself, and never with more than a thousand of those in bodies.

    Raises:
        NotFound: this tenant has none of that id.
    """
    row = await queries.find(session, execution_id, "inputs")
    if row is None:
        raise NotFound("There is no such execution.", code="execution_not_found")
    execution, _, active = row
    found = await folded(session, reading, execution, up_to=as_of or _NO_LIMIT)
    state = found.state
    # The journal was read after the row, which may be older.
    told = {
        "status": state.status,
        "usage": state.usage,
        "error": state.error,
        "started_at": state.started_at,
        "finished_at": state.finished_at,
    }
    seen = summary(*row).model_copy(update=told)
    shown, more = node_states(state, found.left_out, iterations=iterations)
    return ExecutionDetail.model_validate(
        {
            **seen.model_dump(),
            "inputs": execution.inputs,
            "outputs": state.outputs,
            "nodes": shown,
            "more_nodes": more,
            "definition": found.definition,
            "last_seq": state.seq,
            "queue": await _queue(session, reading, active),
        }
    )


@dataclass(frozen=True, slots=True)
class Folded:
    """An execution as its journal tells: the definition that it runs, its state, and the nodes of which
    values are not there, each with the numbers of the events that have them."""

    definition: dict[str, Any]
    state: ExecutionState
    left_out: Mapping[str, Sequence[int]]


async def folded(
    session: AsyncSession,
    reading: Reading,
    execution: Execution,
    *,
    up_to: int = _NO_LIMIT,
    values: bool = True,
) -> Folded:
    """The execution after the events up to a number, with what its nodes got and gave, some megabytes of it;
    or without, where only what happened is asked for (not `values`). The transaction is left while large
    outputs are read, so no lock of it outlasts this."""
    room = _SHOWN_BYTES if values else -1
    left_out: dict[str, list[int]] = {}

    def enough(size: int) -> bool:
        nonlocal room
        reading.read(size)
        room -= size
        return room < 0

    definition = await queries.plan_definition(session, execution.plan_digest)
    plan = await planned(session, reading, definition)
    state = ExecutionState.initial(plan)
    stored = await journal_queries.snapshot(session, execution.id, up_to) if plan.obstacle is None else None
    if stored is not None:
        state = await restore_in_parts(plan, stored) or state
    # Numbers of the trace are between them, so there are no more than this.
    most = up_to - state.seq
    async with aclosing(journal_queries.parts(session, execution.id, state.seq, most)) as parts:
        async for part, size in parts:
            without = enough(size)
            for number, event in enumerate(part, 1):
                if event.seq > up_to:
                    break
                apply(state, _without_values(event, left_out) if without else event)
                if number % _FOLDED_AT_ONCE == 0:
                    # A hundred thousand take seconds.
                    await asyncio.sleep(0)
    if room >= 0:
        async with outside(session):
            await _give_outputs(reading, execution.id, state.nodes.values(), enough)
    for id_, node in state.nodes.items():
        if node.output_ref and node.output is None:
            left_out.setdefault(id_, [])
    return Folded(definition, state, left_out)


def _without_values(event: Event, left_out: dict[str, list[int]]) -> Event:
    """The event without what its node got and gave, and the node among those that are left out."""
    held = [name for name in _VALUES if event.data.get(name) is not None]
    if event.node_id is None or not held:
        return event
    left_out.setdefault(event.node_id, []).append(event.seq)
    return event.model_copy(update={"data": {**event.data, **dict.fromkeys(held)}})


async def _give_outputs(
    reading: Reading, execution_id: UUID, nodes: Iterable[NodeState], enough: Enough
) -> None:
    """Put the outputs that are stored aside into these nodes, until it is enough."""
    wanted = {node.output_ref: node for node in nodes if node.output_ref and node.output is None}
    found = await reading.history.outputs(reading.scope, execution_id, list(wanted), enough)
    for reference, output in found.items():
        wanted[reference].output = output


async def planned(session: AsyncSession, reading: Reading, definition: dict[str, Any]) -> Plan:
    """The plan compiled: one of two thousand nodes takes half a second."""
    if next(islice(nodes_in(definition), _FEW_NODES, None), None) is None:
        return await asyncio.to_thread(stored_plan, definition, reading.types)
    async with outside(session):
        who = reading.scope.tenant_id.hex
        return await reading.aside.run(who, stored_plan, definition, reading.types)


async def _queue(session: AsyncSession, reading: Reading, active: ActiveExecution | None) -> Queue | None:
    """Where the execution stands among those that wait to begin or go on."""
    if active is None or active.owner is not None or active.due_at > datetime.now(UTC):
        return None
    reason = await _obstacle(session, reading, active)
    before = await queue_queries.waiting_before(session, active, of_flow=reason == "flow")
    return Queue(position=before + 1, reason=reason)


async def _obstacle(
    session: AsyncSession, reading: Reading, row: ActiveExecution
) -> Literal["workers", "flow", "tenant"]:
    limit = row.flow_limit
    if limit is not None and await queue_queries.running(session, row, of_flow=True) >= limit:
        return "flow"
    limit = await queue_queries.may_run(session, row.tenant_id, reading.running_limit)
    if limit is not None and await queue_queries.running(session, row) >= limit:
        return "tenant"
    return "workers"


def node_states(
    state: ExecutionState, left_out: Collection[str], *, iterations: bool
) -> tuple[list[NodeExecution], int]:
    """Every node in the plan's order, of those in bodies the first; and how many others there are."""
    outer = [id_ for id_ in state.nodes if "[" not in id_]
    inner = [id_ for id_ in state.nodes if "[" in id_] if iterations else []
    listed = {*outer, *inner[:MOST_NODES]}
    shown = [_node(id_, node, left_out) for id_, node in state.nodes.items() if id_ in listed]
    return shown, max(0, len(inner) - MOST_NODES)


def _node(id_: str, node: NodeState, left_out: Collection[str]) -> NodeExecution:
    return NodeExecution(
        node_id=id_,
        status=node.status,
        attempt=node.attempt,
        input=node.input,
        output=node.output,
        left_out=id_ in left_out,
        handle=node.handle,
        error=node.error,
        started_at=node.started_at,
        finished_at=node.finished_at,
        retry_at=node.retry_at,
        request=node.request,
        iterations=node.iterations,
        usage=node.usage,
    )


async def node_page(
    session: AsyncSession, reading: Reading, execution_id: UUID, *, after: int, limit: int
) -> NodePage:
    """Nodes of an execution, those in bodies too, without the first `after`.

    Raises:
        NotFound: this tenant has none of that id.
    """
    row = await queries.find(session, execution_id)
    if row is None:
        raise NotFound("There is no such execution.", code="execution_not_found")
    found = await folded(session, reading, row[0])
    wanted = islice(found.state.nodes.items(), after, after + limit)
    nodes = [_node(*pair, found.left_out) for pair in wanted]
    whole = await _filled(session, reading, execution_id, found, nodes)
    following = after + whole if len(found.state.nodes) > after + whole else None
    return NodePage(items=nodes[:whole], next_after=following)


async def _filled(
    session: AsyncSession,
    reading: Reading,
    execution_id: UUID,
    found: Folded,
    nodes: Sequence[NodeExecution],
) -> int:
    """Put back what was left out of these nodes, in parts; returns how many of them are whole by then: those
    of some megabytes, and one at least."""
    room = _SHOWN_BYTES
    missing = [place for place, node in enumerate(nodes) if node.left_out]

    def note(size: int) -> bool:
        nonlocal room
        reading.read(size)
        room -= size
        return False

    for start in range(0, len(missing), _FILLED_AT_ONCE):
        some = {nodes[place].node_id: nodes[place] for place in missing[start : start + _FILLED_AT_ONCE]}
        states = [found.state.nodes[path] for path in some]
        note(await give_values(session, execution_id, found, some))
        async with outside(session):
            await _give_outputs(reading, execution_id, states, note)
        for node, state in zip(some.values(), states, strict=True):
            node.input, node.output = state.input, state.output
            node.left_out = state.output_ref is not None and state.output is None
        last = missing[min(start + _FILLED_AT_ONCE, len(missing)) - 1]
        if room < 0 and last + 1 < len(nodes):
            return last + 1
    return len(nodes)


async def give_values(session: AsyncSession, execution_id: UUID, found: Folded, paths: Iterable[str]) -> int:
    """Put what was left out of these nodes and stands in the journal into their states; returns its bytes."""
    seqs = [seq for path in paths for seq in found.left_out.get(path, ())]
    events, size = await journal_queries.of_seqs(session, execution_id, seqs) if seqs else ([], 0)
    for event in events:
        node = found.state.nodes[event.node_id or ""]
        for name in _VALUES:
            if (value := event.data.get(name)) is not None:
                setattr(node, name, value)
    return size


async def page(
    session: AsyncSession,
    *,
    flow_ids: Collection[UUID] | None,
    statuses: Sequence[ExecutionStatus],
    limit: int,
    cursor: str | None,
) -> Listed[ExecutionSummary]:
    """One page of executions, of these flows or of all, newest first.

    Raises:
        kit.paging.BadCursor: the cursor is not one that a list gave out.
    """
    before = decode_cursor(cursor) if cursor else None
    rows = await queries.newest(session, flow_ids=flow_ids, statuses=statuses, before=before, limit=limit + 1)
    items = [summary(*row) for row in rows[:limit]]
    following = encode_cursor(rows[limit - 1][0]) if len(rows) > limit else None
    return Listed(items=items, next_cursor=following)


def event_page(events: Sequence[Event], *, more: bool) -> EventPage:
    """Events with where to go on, if there may be more."""
    return EventPage(items=list(events), next_after=events[-1].seq if more and events else None)
