"""Pausing, resuming and forking executions."""

from __future__ import annotations

from collections.abc import Container, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import cast
from uuid import UUID, uuid4

from watchbill.core.errors import Conflict, FieldError, InvalidInput, NotFound
from watchbill.core.events import (
    Event,
    EventData,
    ExecutionQueued,
    ExecutionResumed,
    ExecutionStatus,
    NodeCompleted,
    NodeFailed,
    NodeStarted,
    NodeStatus,
    Origin,
    envelope,
)
from watchbill.core.execution import ExecutionState
from watchbill.core.json_text import demand_exact
from watchbill.core.plan import PlanNode
from watchbill.features.executions import journal_queries, queries, service
from watchbill.features.executions.backend import ExecutionBackend
from watchbill.features.executions.cancelling import over
from watchbill.features.executions.schemas import ExecutionSummary, ForkRequest
from watchbill.features.executions.tables import Execution
from watchbill.features.identity.access import Access
from watchbill.kit.audit import call, trail_of


async def pause(access: Access, parts: ExecutionBackend, execution_id: UUID) -> ExecutionSummary:
    """Let what is in flight finish, and start nothing more.

    Raises:
        NotFound: no such execution.
        Conflict: it is over.
    """
    found = await service.require(access.session, execution_id)
    _tell(access, found)
    marked = await queries.ask(access.session, access.scope, execution_id, pause=True)
    if found.status.final or not marked:
        raise over(found.status)
    access.work.after_commit(partial(parts.hints.wake, execution_id))
    return found.model_copy(update={"paused": True})


async def resume(access: Access, parts: ExecutionBackend, execution_id: UUID) -> ExecutionSummary:
    """Let a paused execution go on, or run a failed or cancelled one again from where it stopped.

    Raises:
        NotFound: no such execution.
        Conflict: it is running, or it completed.
    """
    row = await queries.find(access.session, execution_id)
    if row is None:
        raise _none()
    if ExecutionStatus(row[0].status).final:
        await _reopen(access, parts, row[0])
    else:
        await queries.locked(access.session, execution_id)
        found = await service.require(access.session, execution_id)
        if not found.paused:
            raise Conflict("The execution is not paused.", code="not_paused")
        await queries.ask(access.session, access.scope, execution_id, pause=False)
        access.work.after_commit(partial(parts.hints.wake, execution_id))
    access.work.after_commit(partial(parts.hints.execute, access.scope, execution_id))
    found = await service.require(access.session, execution_id)
    _tell(access, found)
    return found


def _tell(access: Access, found: ExecutionSummary) -> None:
    """Let the audit log say which execution, and of what flow."""
    if trail := trail_of(access.session):
        trail.about("executions", found.id, found.flow_name)


async def _reopen(access: Access, parts: ExecutionBackend, execution: Execution) -> None:
    """Everything that was finished stays finished; the journal goes on where it ended."""
    if execution.status == ExecutionStatus.COMPLETED:
        text = "The execution completed; fork it to run a part of it again."
        raise Conflict(text, code="execution_completed")
    state = (await service.folded(access.session, parts.reading(access.scope), execution)).state
    _require_accepted(state)
    await _lock_as_it_was(access, execution, state)
    events = await journal_queries.events(access.session, execution.id, 0, 2**31 - 1)
    epoch = max((event.data["epoch"] for event in events if "epoch" in event.data), default=0)
    interrupted = [
        path
        for path, node in state.nodes.items()
        if node.status in (NodeStatus.FAILED, NodeStatus.CANCELLED) and path in _stopped(state)
    ]
    resumed = _event(ExecutionResumed(epoch=epoch, interrupted=interrupted), execution.id, events[-1].seq + 1)
    journal_queries.add_events(access.session, [resumed])
    limit = await queries.flow_limit(access.session, execution.flow_id)
    queries.activate(
        access.session, access.scope, execution, last_seq=resumed.seq, epoch=epoch, flow_limit=limit
    )
    execution.status = ExecutionStatus.PENDING
    execution.error = execution.outputs = execution.finished_at = None
    # Whoever takes it fills the holes that the clean-up made, and what follows has its own logs.
    execution.logs_removed = False
    await access.session.flush()
    access.work.after_commit(partial(parts.publisher.publish, access.scope, [resumed]))


async def _lock_as_it_was(access: Access, execution: Execution, state: ExecutionState) -> None:
    """Lock an execution that is over, which nobody resumed or removed while it was read."""
    before = execution.status
    again = await queries.locked(access.session, execution.id)
    if again is None:
        raise _none()
    await access.session.refresh(again)
    newer = await journal_queries.events(access.session, execution.id, state.seq, 1)
    if newer or again.status != before:
        raise Conflict("Somebody resumed the execution a moment ago.", code="execution_changed")


def _none() -> NotFound:
    return NotFound("There is no such execution.", code="execution_not_found")


def _require_accepted(state: ExecutionState) -> None:
    if refusal := state.plan.refusal:
        raise Conflict(refusal, code="plan_invalid")


def _stopped(state: ExecutionState) -> set[str]:
    """The nodes that begin again when the execution is opened again."""
    halted = {path for frame in state.frames.values() for path in frame.halted}
    return halted | {frame.failed for frame in state.frames.values() if frame.failed is not None}


async def fork(
    access: Access, parts: ExecutionBackend, execution_id: UUID, form: ForkRequest
) -> ExecutionSummary:
    """Start a new execution of the same plan that takes over what was done before `from_node`.

    What leads to the node is not run again and costs nothing; outputs that are given replace what those nodes
    gave, and whatever comes after them runs again too.

    Raises:
        NotFound: no such execution.
        InvalidInput: a node does not exist, or an output names no branch of its node.
    """
    row = await queries.find(access.session, execution_id)
    if row is None:
        raise _none()
    origin, flow_name, _ = row
    state = (await service.folded(access.session, parts.reading(access.scope), origin)).state
    _require_accepted(state)
    nodes = state.plan.nodes
    _check(form, nodes.keys())
    new_id = uuid4()
    queued = ExecutionQueued(
        flow_id=origin.flow_id,
        version=origin.flow_version,
        inputs=origin.inputs,
        forked_from=Origin(execution_id=execution_id, from_node=form.from_node),
    )
    events = [_event(queued, new_id, 1)]
    again = _behind(state, form)
    for id_, node in nodes.items():
        if id_ not in again:
            for data in _kept(state, node, form):
                events.append(_event(data, new_id, len(events) + 1, id_))
    execution = Execution(
        id=new_id,
        flow_id=origin.flow_id,
        flow_version=origin.flow_version,
        plan_digest=origin.plan_digest,
        status=ExecutionStatus.PENDING,
        inputs=origin.inputs,
        forked_from=execution_id,
        created_by=access.identity.user_id,
    )
    if flow_name is not None:
        call(execution, flow_name)
    async with access.work.outside():
        events = await parts.history.without_large_outputs(access.scope, events)
    # The clean-up must not take it away meanwhile, nor its plan.
    if not await queries.held(access.session, execution_id):
        raise _none()
    limit = await queries.flow_limit(access.session, origin.flow_id)
    await queries.insert_execution(access.session, access.scope, execution, events, limit)
    access.work.after_commit(partial(parts.hints.execute, access.scope, new_id))
    return service.summary(execution, flow_name, None)


def _check(form: ForkRequest, known: Container[str]) -> None:
    demand_exact(form.outputs, ("body", "outputs"), "What is given as outputs")
    names = [("from_node", form.from_node), *(("outputs", id_) for id_ in form.outputs)]
    errors = tuple(
        FieldError(("body", field, name), "unknown_node", f"The flow has no node `{name}`.")
        for field, name in names
        if name not in known
    )
    if errors:
        raise InvalidInput(errors[0].message, code="unknown_node", errors=errors)


def _behind(state: ExecutionState, form: ForkRequest) -> set[str]:
    """The nodes to run again: the one to begin at and all that come after it or after an edited one."""
    nodes, again = state.plan.nodes, {form.from_node}
    for id_, node in nodes.items():  # in topological order
        if id_ in again or id_ in form.outputs:
            again |= {link.target for link in node.links}
    return again - form.outputs.keys()


def _kept(state: ExecutionState, node: PlanNode, form: ForkRequest) -> list[EventData]:
    """The events that tell what a node did, at no cost: it was paid before."""
    was = state.nodes[node.id]
    if node.id in form.outputs:
        value = form.outputs[node.id]
        done: EventData = NodeCompleted(attempt=1, output=value, handle=_handle(node, value))
    elif was.status is NodeStatus.COMPLETED and was.output is None and was.output_ref is not None:
        text = f"The stored output of `{node.id}` is gone, so nothing can go on from it."
        raise Conflict(text, code="output_lost")
    elif was.status is NodeStatus.COMPLETED:
        done = NodeCompleted(attempt=1, output=was.output, handle=was.handle)
    elif was.status is NodeStatus.FAILED and was.error is not None and node.node.on_error != "fail":
        done = NodeFailed(attempt=1, error=was.error, handled=True, handle=was.handle, output=was.output)
    else:
        return []
    return [NodeStarted(attempt=1, input=was.input), done]


def _handle(node: PlanNode, value: object) -> str | None:
    """The branch that an edited output takes: a node that branches names it in its output."""
    handles = node.type.handles(node.node.config)
    if None in handles or not handles:
        return None
    key = "decision" if node.type.wait else "branch"
    named = cast("Mapping[str, object]", value).get(key) if isinstance(value, Mapping) else None
    if named not in handles:
        names = ", ".join(f"`{handle}`" for handle in handles)
        text = f'The output of `{node.id}` must name its branch, as {{"{key}": ...}}: one of {names}.'
        error = FieldError(("body", "outputs", node.id), "unknown_branch", text)
        raise InvalidInput(text, code="unknown_branch", errors=(error,))
    return str(named)


def _event(data: EventData, execution_id: UUID, seq: int, node_id: str | None = None) -> Event:
    return envelope(data, seq=seq, execution_id=execution_id, node_id=node_id, timestamp=datetime.now(UTC))
