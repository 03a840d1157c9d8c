"""What comes next: pure, total, and in time proportional to what is ready."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from watchbill.core.errors import ErrorKind
from watchbill.core.events import ExecutionFailure, NodeStatus
from watchbill.core.execution.state import ExecutionState, Frame


@dataclass(frozen=True, slots=True)
class Start:
    """Start a node's attempt."""

    path: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Skip:
    """No active edge leads to the node."""

    path: str


@dataclass(frozen=True, slots=True)
class Open:
    """Begin an iteration of a node that runs a body."""

    path: str
    index: int


@dataclass(frozen=True, slots=True)
class Close:
    """All nodes of an iteration have finished, or one failed: the iteration can end."""

    path: str


@dataclass(frozen=True, slots=True)
class End:
    """A node's iterations are over: it can end itself."""

    path: str


@dataclass(frozen=True, slots=True)
class Expire:
    """A node has run its body for longer than it may."""

    path: str


@dataclass(frozen=True, slots=True)
class Due:
    """What a node waited for has come."""

    path: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before `until` (None: for ever), unless a node in flight finishes or somebody answers."""

    until: datetime | None


@dataclass(frozen=True, slots=True)
class Complete:
    """The execution is done."""

    outputs: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Fail:
    """The execution failed; whatever is in flight is stopped."""

    error: ExecutionFailure


Command = Start | Skip | Open | Close | End | Expire | Due | Wait | Complete | Fail


def decide(state: ExecutionState, now: datetime) -> list[Command]:
    """The commands for this state; the same state and time always give the same ones. Never raises.

    An empty list means: wait for a node in flight, or the execution is final.
    """
    if state.status.final:
        return []
    if state.root.failed is not None:
        return [Fail(_failure(state, state.root.failed))]
    if passed := _deadline_error(state, now):
        return [Fail(passed)]
    if state.root.left == 0:
        return [Complete(outputs_of(state.root, state))]
    if overdue := _overdue(state, now):
        # By itself: what else could be done may lie in it.
        return [Expire(overdue)]
    commands: list[Command] = [Close(path) for path in state.closable]
    commands += _moves(state)
    commands += [Skip(path) for path in state.skippable]
    due = [path for path, at in state.retrying.items() if at <= now]
    commands += [Start(path, state.nodes[path].attempt + 1) for path in (*state.ready, *due)]
    commands += [Due(path) for path, at in state.waiting.items() if at is not None and at <= now]
    return commands + _waits(state, now)


def deadline(state: ExecutionState) -> datetime | None:
    """When the execution's time-out is over, if nothing makes it wait; None while it is not running."""
    if state.running_since is None:
        return None
    limit = state.plan.definition.timeout_seconds - state.seconds_used
    return state.running_since + timedelta(seconds=limit)


def next_deadline(state: ExecutionState) -> datetime | None:
    """When the first of the time-outs that count now is over: the execution's, or of a node with a body."""
    whole = deadline(state)
    if whole is None or state.running_since is None:
        return None
    lefts = [limit - state.seconds_used for path, limit in state.timed.items() if _in_body(state, path)]
    return min([whole, *(state.running_since + timedelta(seconds=left) for left in lefts)])


def outputs_of(frame: Frame, state: ExecutionState) -> dict[str, Any]:
    """What the output nodes of a flow gave, merged: no two that run give one name."""
    merged: dict[str, Any] = {}
    for id_, node in frame.graph.nodes.items():
        if node.type.kind == "output" and state.nodes[frame.place(id_)].status is NodeStatus.COMPLETED:
            merged |= state.nodes[frame.place(id_)].output
    return merged


def _overdue(state: ExecutionState, now: datetime) -> str | None:
    used = state.seconds_at(now)
    for path, limit in state.timed.items():  # outer nodes began before inner ones
        if used >= limit and _in_body(state, path):
            return path
    return None


def _in_body(state: ExecutionState, path: str) -> bool:
    """Whether the node runs its body, and is not about to end."""
    return state.nodes[path].status is NodeStatus.RUNNING and not state.iterating[path].done


def _moves(state: ExecutionState) -> list[Command]:
    commands: list[Command] = []
    for path in state.movable:
        iterations = state.iterating[path]
        if iterations.done:
            commands.append(End(path))
        else:
            first = iterations.opened
            commands += [Open(path, index) for index in range(first, first + iterations.room)]
    return commands


def _waits(state: ExecutionState, now: datetime) -> list[Command]:
    times = [*state.retrying.values(), *state.waiting.values()]
    if not times:
        return []
    later = [at for at in times if at is not None and at > now]
    return [Wait(min(later, default=None))]


def _failure(state: ExecutionState, path: str) -> ExecutionFailure:
    error = state.nodes[path].error
    if error is None:
        return ExecutionFailure(
            kind=ErrorKind.BUG, code="node_failed", message="The node failed.", node_id=path
        )
    return ExecutionFailure(**error.model_dump(), node_id=path)


def _deadline_error(state: ExecutionState, now: datetime) -> ExecutionFailure | None:
    limit = deadline(state)
    if limit is None or now < limit:
        return None
    seconds = state.plan.definition.timeout_seconds
    text = f"The execution took longer than its time-out of {seconds:g} seconds."
    return ExecutionFailure(kind=ErrorKind.TIMEOUT, code="execution_timeout", message=text)
