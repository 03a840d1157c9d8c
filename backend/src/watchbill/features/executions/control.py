"""Pausing and resuming executions."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from watchbill.core.errors import Conflict, NotFound
from watchbill.core.events import (
    Event,
    EventData,
    ExecutionResumed,
    ExecutionStatus,
    NodeStatus,
    envelope,
)
from watchbill.core.execution import ExecutionState
from watchbill.features.executions import service
from watchbill.features.executions.cancelling import over
from watchbill.features.executions.plans import require_accepted
from watchbill.features.executions.ports import ExecutionPorts
from watchbill.features.executions.queries import executions as queries
from watchbill.features.executions.queries import journal as journal_queries
from watchbill.features.executions.schemas import ExecutionSummary
from watchbill.features.executions.tables import Execution
from watchbill.features.identity.access import Access
from watchbill.kit.audit import trail_of


async def pause(access: Access, ports: ExecutionPorts, execution_id: UUID) -> ExecutionSummary:
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
    access.work.after_commit(partial(ports.hints.wake, execution_id))
    return found.model_copy(update={"paused": True})


async def resume(access: Access, ports: ExecutionPorts, execution_id: UUID) -> ExecutionSummary:
    """Let a paused execution go on, or run a failed or cancelled one again from where it stopped.

    Raises:
        NotFound: no such execution.
        Conflict: it is running, or it completed.
    """
    row = await queries.find(access.session, execution_id)
    if row is None:
        raise _none()
    if ExecutionStatus(row[0].status).final:
        await _reopen(access, ports, row[0])
    else:
        await queries.locked(access.session, execution_id)
        found = await service.require(access.session, execution_id)
        if not found.paused:
            raise Conflict("The execution is not paused.", code="not_paused")
        await queries.ask(access.session, access.scope, execution_id, pause=False)
        access.work.after_commit(partial(ports.hints.wake, execution_id))
    access.work.after_commit(partial(ports.hints.execute, access.scope, execution_id))
    found = await service.require(access.session, execution_id)
    _tell(access, found)
    return found


def _tell(access: Access, found: ExecutionSummary) -> None:
    """Let the audit log say which execution, and of what flow."""
    if trail := trail_of(access.session):
        trail.about("executions", found.id, found.flow_name)


async def _reopen(access: Access, ports: ExecutionPorts, execution: Execution) -> None:
    """Everything that was finished stays finished; the journal goes on where it ended."""
    if execution.status == ExecutionStatus.COMPLETED:
        text = "The execution completed; fork it to run a part of it again."
        raise Conflict(text, code="execution_completed")
    reading = ports.reading(access.scope)
    state = (await service.folded(access.session, reading, execution, values=False)).state
    require_accepted(state)
    await _lock_as_it_was(access, execution, state)
    last_seq, epoch = await journal_queries.last_seq_and_epoch(access.session, execution.id)
    interrupted = [
        path
        for path, node in state.nodes.items()
        if node.status in (NodeStatus.FAILED, NodeStatus.CANCELLED) and path in _stopped(state)
    ]
    resumed = _event(ExecutionResumed(epoch=epoch, interrupted=interrupted), execution.id, last_seq + 1)
    journal_queries.add_events(access.session, [resumed])
    limit = await queries.flow_limit(access.session, execution.flow_id)
    queries.activate(
        access.session, access.scope, execution, last_seq=resumed.seq, epoch=epoch, flow_limit=limit
    )
    execution.status = ExecutionStatus.PENDING
    if execution.finished_at is not None:
        execution.waited_seconds += max(0.0, (resumed.timestamp - execution.finished_at).total_seconds())
    execution.error = execution.outputs = execution.finished_at = None
    # Whoever takes it fills the holes that the clean-up made, and what follows has its own logs.
    execution.logs_removed = False
    await access.session.flush()
    access.work.after_commit(partial(ports.publisher.publish, access.scope, [resumed]))


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


def _stopped(state: ExecutionState) -> set[str]:
    """The nodes that begin again when the execution is opened again."""
    halted = {path for frame in state.frames.values() for path in frame.halted}
    return halted | {frame.failed for frame in state.frames.values() if frame.failed is not None}


def _event(data: EventData, execution_id: UUID, seq: int, node_id: str | None = None) -> Event:
    return envelope(data, seq=seq, execution_id=execution_id, node_id=node_id, timestamp=datetime.now(UTC))
