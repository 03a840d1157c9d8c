"""Folding events into a state. The browser folds the same events by the same rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from watchbill.core import events as e
from watchbill.core.events import Event, ExecutionStatus, NodeStatus
from watchbill.core.execution import frames
from watchbill.core.execution.state import ExecutionState, NodeState, is_iteration
from watchbill.core.plan import Plan


def fold(plan: Plan, events: Iterable[Event]) -> ExecutionState:
    """The state after these events, given in order; events of the trace change nothing."""
    state = ExecutionState.initial(plan)
    for event in events:
        apply(state, event)
    return state


def apply(state: ExecutionState, event: Event) -> None:
    """Change the state by one event, in place, in time proportional to what it touches.

    An event at or before `state.seq` was applied already and changes nothing. After the end only an
    `execution_resumed` does, which opens the execution again.
    """
    if event.seq <= state.seq:
        return
    state.seq = event.seq
    if event.type not in e.JOURNAL_TYPES:
        return
    apply_data(state, event.payload(), event.node_id, event.timestamp)


def apply_data(state: ExecutionState, data: e.EventData, node_id: str | None, at: datetime) -> None:
    """Change the state by typed data, for a caller that has them before they are in an envelope."""
    if state.status.final and not isinstance(data, e.ExecutionResumed):
        return
    if node_id is None:
        if handler := _EXECUTION.get(data.type):
            handler(state, data, at)
    elif noting := _NOTES.get(data.type):
        if node_id not in state.nodes:
            state.nodes[node_id] = NodeState()
        noting(state.nodes[node_id], data, at)
        if isinstance(data, e.NodeCompleted | e.NodeFailed | e.NodeRetrying):
            state.nodes[node_id].usage += data.usage
            state.usage += data.usage
        if state.plan.obstacle is None:
            _MOVES[data.type](state, node_id, data, at)


def _queued(state: ExecutionState, data: Any, at: datetime) -> None:
    state.inputs = data.inputs
    state.scope["inputs"] = data.inputs


def _started(state: ExecutionState, data: Any, at: datetime) -> None:
    state.status = ExecutionStatus.RUNNING
    state.started_at = state.started_at or at
    state.running_since = at


def _resumed(state: ExecutionState, data: Any, at: datetime) -> None:
    """What was in flight starts again under the next attempt number, and no failure is counted. An execution
    that was over goes on where it failed or was stopped, with its whole time-out before it."""
    if state.status.final:
        state.error = state.outputs = state.finished_at = None
        state.interruptions, state.seconds_used = 0, 0.0
        frames.revive(state)
    elif state.status is ExecutionStatus.RUNNING:
        state.interruptions += 1
        _stop_clock(state, at)
    state.status = ExecutionStatus.RUNNING
    state.running_since = at
    for path in list(state.running):
        del state.running[path]
        state.nodes[path].status = NodeStatus.PENDING
        state.ready[path] = None


def _waiting(state: ExecutionState, data: Any, at: datetime) -> None:
    state.status = ExecutionStatus.WAITING
    _stop_clock(state, at)


def _stop_clock(state: ExecutionState, at: datetime) -> None:
    if state.running_since is not None:
        state.seconds_used += (at - state.running_since).total_seconds()
        state.running_since = None


def _completed(state: ExecutionState, data: Any, at: datetime) -> None:
    state.outputs = data.outputs
    _finish(state, ExecutionStatus.COMPLETED, at)


def _failed(state: ExecutionState, data: Any, at: datetime) -> None:
    state.error = data.error
    _finish(state, ExecutionStatus.FAILED, at)


def _cancelled(state: ExecutionState, data: Any, at: datetime) -> None:
    _finish(state, ExecutionStatus.CANCELLED, at)


def _finish(state: ExecutionState, status: ExecutionStatus, at: datetime) -> None:
    frames.halt(state, state.root, at)
    if state.plan.obstacle is not None:
        frames.end_all(state, at)
    state.status, state.finished_at = status, at


# What an event tells of its node. It needs no plan.


def _note_started(node: NodeState, data: Any, at: datetime) -> None:
    node.status, node.attempt, node.input = NodeStatus.RUNNING, data.attempt, data.input
    node.started_at = node.started_at or at
    node.retry_at, node.iterations = None, data.iterations


def _note_retrying(node: NodeState, data: Any, at: datetime) -> None:
    node.status, node.error, node.retry_at = NodeStatus.WAITING, data.error, data.retry_at
    node.failures += 1


def _note_waiting(node: NodeState, data: Any, at: datetime) -> None:
    node.status, node.retry_at, node.request = NodeStatus.WAITING, data.until, data.request


def _note_completed(node: NodeState, data: Any, at: datetime) -> None:
    node.output, node.output_ref = data.output, data.output_ref
    node.handle, node.error = data.handle, None
    node.status, node.finished_at = NodeStatus.COMPLETED, at


def _note_failed(node: NodeState, data: Any, at: datetime) -> None:
    node.error, node.handle, node.output = data.error, data.handle, data.output
    node.status, node.finished_at = NodeStatus.FAILED, at


def _note_skipped(node: NodeState, data: Any, at: datetime) -> None:
    node.status, node.finished_at = NodeStatus.SKIPPED, at


# What follows from it for the nodes around it.


def _move_started(state: ExecutionState, path: str, data: Any, at: datetime) -> None:
    state.ready.pop(path, None)
    state.retrying.pop(path, None)
    if is_iteration(path):
        frames.open_iteration(state, path)
    elif data.iterations is not None:
        state.running.pop(path, None)
        frames.begin_iterations(state, path, data, at)
    else:
        state.running[path] = None


def _move_retrying(state: ExecutionState, path: str, data: Any, at: datetime) -> None:
    frames.drop_iterations(state, path, at, forget=True)
    state.running.pop(path, None)
    state.retrying[path] = data.retry_at


def _move_waiting(state: ExecutionState, path: str, data: Any, at: datetime) -> None:
    state.running.pop(path, None)
    state.waiting[path] = data.until


def _move_completed(state: ExecutionState, path: str, data: Any, at: datetime) -> None:
    if is_iteration(path):
        frames.close_iteration(state, path, data.output, at, enough=data.handle == e.ENOUGH)
        return
    frames.drop_iterations(state, path, at)
    frames.settle(state, path, {"output": data.output, "status": "completed"})
    frames.release(state, path, lambda handle: handle == data.handle)


def _move_failed(state: ExecutionState, path: str, data: Any, at: datetime) -> None:
    if is_iteration(path):
        if data.handled:
            frames.close_iteration(state, path, None, at)
        else:
            frames.fail_iterations(state, path, data.error, at)
        return
    if data.handled:
        frames.drop_iterations(state, path, at)
        error = data.error.model_dump(mode="json")
        frames.settle(state, path, {"output": data.output, "status": "failed", "error": error})
        frames.release(state, path, lambda handle: handle == data.handle)
    else:
        frames.fail(state, path, at)


def _move_skipped(state: ExecutionState, path: str, data: Any, at: datetime) -> None:
    state.skippable.pop(path, None)
    frames.settle(state, path, {"output": None, "status": "skipped"})
    frames.release(state, path, lambda _handle: False)


_EXECUTION: dict[str, Callable[[ExecutionState, Any, datetime], None]] = {
    "execution_queued": _queued,
    "execution_started": _started,
    "execution_resumed": _resumed,
    "execution_waiting": _waiting,
    "execution_completed": _completed,
    "execution_failed": _failed,
    "execution_cancelled": _cancelled,
}
_NOTES: dict[str, Callable[[NodeState, Any, datetime], None]] = {
    "node_started": _note_started,
    "node_completed": _note_completed,
    "node_failed": _note_failed,
    "node_retrying": _note_retrying,
    "node_skipped": _note_skipped,
    "node_waiting": _note_waiting,
}
_MOVES: dict[str, Callable[[ExecutionState, str, Any, datetime], None]] = {
    "node_started": _move_started,
    "node_completed": _move_completed,
    "node_failed": _move_failed,
    "node_retrying": _move_retrying,
    "node_skipped": _move_skipped,
    "node_waiting": _move_waiting,
}
