"""Folding events into a state. The browser folds the same events by the same rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from watchbill.core import events as e
from watchbill.core.events import Event, ExecutionStatus, NodeStatus
from watchbill.core.execution.state import ExecutionState, NodeState
from watchbill.core.plan import Plan


def fold(plan: Plan, events: Iterable[Event]) -> ExecutionState:
    """The state after these events, given in order; events of the trace change nothing."""
    state = ExecutionState.initial(plan)
    for event in events:
        apply(state, event)
    return state


def apply(state: ExecutionState, event: Event) -> None:
    """Change the state by one event, in place, in time proportional to what it touches.

    An event at or before `state.seq` was applied already and changes nothing, nor does one after the end.
    """
    if event.seq <= state.seq:
        return
    state.seq = event.seq
    if event.type not in e.JOURNAL_TYPES or state.status.final:
        return
    apply_data(state, event.payload(), event.node_id, event.timestamp)


def apply_data(state: ExecutionState, data: e.EventData, node_id: str | None, at: datetime) -> None:
    """Change the state by typed data, for a caller that has them before they are in an envelope."""
    if node_id is None:
        if handler := _EXECUTION.get(data.type):
            handler(state, data, at)
    elif handler := _NODE.get(data.type):
        handler(state, node_id, state.nodes[node_id], data, at)


def _queued(state: ExecutionState, data: Any, at: datetime) -> None:
    state.inputs = data.inputs
    state.scope["inputs"] = data.inputs


def _started(state: ExecutionState, data: Any, at: datetime) -> None:
    state.status = ExecutionStatus.RUNNING
    state.started_at = state.started_at or at


def _resumed(state: ExecutionState, data: Any, at: datetime) -> None:
    """What was in flight starts again under the next attempt number, and no failure is counted."""
    state.status = ExecutionStatus.RUNNING
    for id_ in list(state.running):
        del state.running[id_]
        state.nodes[id_].status = NodeStatus.PENDING
        state.ready[id_] = None


def _waiting(state: ExecutionState, data: Any, at: datetime) -> None:
    state.status = ExecutionStatus.WAITING


def _completed(state: ExecutionState, data: Any, at: datetime) -> None:
    state.outputs = data.outputs
    _finish(state, ExecutionStatus.COMPLETED, at)


def _failed(state: ExecutionState, data: Any, at: datetime) -> None:
    state.error = data.error
    _finish(state, ExecutionStatus.FAILED, at)


def _cancelled(state: ExecutionState, data: Any, at: datetime) -> None:
    _finish(state, ExecutionStatus.CANCELLED, at)


def _finish(state: ExecutionState, status: ExecutionStatus, at: datetime) -> None:
    state.status, state.finished_at = status, at
    for id_ in (*state.running, *state.retrying):
        node = state.nodes[id_]
        node.status, node.finished_at, node.retry_at = NodeStatus.CANCELLED, at, None
    for pending in (state.ready, state.skippable, state.running, state.retrying):
        pending.clear()


def _node_started(state: ExecutionState, id_: str, node: NodeState, data: Any, at: datetime) -> None:
    node.status, node.attempt, node.input = NodeStatus.RUNNING, data.attempt, data.input
    node.started_at = node.started_at or at
    node.retry_at = None
    state.ready.pop(id_, None)
    state.retrying.pop(id_, None)
    state.running[id_] = None


def _node_retrying(state: ExecutionState, id_: str, node: NodeState, data: Any, at: datetime) -> None:
    node.status, node.error, node.retry_at = NodeStatus.WAITING, data.error, data.retry_at
    node.failures += 1
    _count(state, node, data)
    state.running.pop(id_, None)
    state.retrying[id_] = data.retry_at


def _node_completed(state: ExecutionState, id_: str, node: NodeState, data: Any, at: datetime) -> None:
    node.output, node.handle, node.error = data.output, data.handle, None
    _count(state, node, data)
    _settle(state, id_, node, NodeStatus.COMPLETED, at, {"output": data.output, "status": "completed"})
    _release(state, id_, lambda handle: handle == data.handle)


def _node_failed(state: ExecutionState, id_: str, node: NodeState, data: Any, at: datetime) -> None:
    node.error, node.handle = data.error, data.handle
    _count(state, node, data)
    error = data.error.model_dump(mode="json")
    _settle(state, id_, node, NodeStatus.FAILED, at, {"output": None, "status": "failed", "error": error})
    if data.handled:
        _release(state, id_, lambda handle: handle == data.handle)
    else:
        state.failed = state.failed or id_


def _node_skipped(state: ExecutionState, id_: str, node: NodeState, data: Any, at: datetime) -> None:
    state.skippable.pop(id_, None)
    _settle(state, id_, node, NodeStatus.SKIPPED, at, {"output": None, "status": "skipped"})
    _release(state, id_, lambda _handle: False)


def _node_waiting(state: ExecutionState, id_: str, node: NodeState, data: Any, at: datetime) -> None:
    node.status = NodeStatus.WAITING


def _count(state: ExecutionState, node: NodeState, data: Any) -> None:
    node.usage += data.usage
    state.usage += data.usage


def _settle(
    state: ExecutionState, id_: str, node: NodeState, status: NodeStatus, at: datetime, seen: dict[str, Any]
) -> None:
    """The node is done; `seen` is what later expressions read as `nodes.<id>`."""
    node.status, node.finished_at = status, at
    for pending in (state.running, state.ready, state.retrying):
        pending.pop(id_, None)
    state.scope["nodes"][id_] = seen


def _release(state: ExecutionState, id_: str, carries: Callable[[str | None], bool]) -> None:
    """Decide the outgoing edges; a target whose edges are all decided becomes ready or skippable."""
    for link in state.plan.nodes[id_].links:
        state.undecided[link.target] -= 1
        state.active[link.target] += carries(link.handle)
        if state.undecided[link.target] == 0:
            (state.ready if state.active[link.target] else state.skippable)[link.target] = None


_EXECUTION: dict[str, Callable[[ExecutionState, Any, datetime], None]] = {
    "execution_queued": _queued,
    "execution_started": _started,
    "execution_resumed": _resumed,
    "execution_waiting": _waiting,
    "execution_completed": _completed,
    "execution_failed": _failed,
    "execution_cancelled": _cancelled,
}
_NODE: dict[str, Callable[[ExecutionState, str, NodeState, Any, datetime], None]] = {
    "node_started": _node_started,
    "node_completed": _node_completed,
    "node_failed": _node_failed,
    "node_retrying": _node_retrying,
    "node_skipped": _node_skipped,
    "node_waiting": _node_waiting,
}
