"""What comes next: pure, total, and in time proportional to what is ready."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watchbill.core.errors import ErrorKind
from watchbill.core.events import ExecutionFailure, NodeStatus
from watchbill.core.execution.state import ExecutionState


@dataclass(frozen=True, slots=True)
class Start:
    """Start a node's attempt."""

    node_id: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Skip:
    """No active edge leads to the node."""

    node_id: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before `until`, unless a node in flight finishes."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Complete:
    """The execution is done."""

    outputs: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Fail:
    """The execution failed; whatever is in flight is stopped."""

    error: ExecutionFailure


Command = Start | Skip | Wait | Complete | Fail


def decide(state: ExecutionState, now: datetime) -> list[Command]:
    """The commands for this state; the same state and time always give the same ones. Never raises.

    An empty list means: wait for a node in flight, or the execution is final.
    """
    if state.status.final:
        return []
    if state.failed is not None:
        return [Fail(_failure(state, state.failed))]
    if passed := _deadline_error(state, now):
        return [Fail(passed)]
    due = [id_ for id_, at in state.retrying.items() if at <= now]
    commands: list[Command] = [Skip(id_) for id_ in state.skippable]
    commands += [Start(id_, state.nodes[id_].attempt + 1) for id_ in (*state.ready, *due)]
    if commands or state.running:
        return commands + _waits(state, due)
    if state.retrying:
        return _waits(state, due)
    return [Complete(_outputs(state))]


def _waits(state: ExecutionState, due: list[str]) -> list[Command]:
    later = [at for id_, at in state.retrying.items() if id_ not in due]
    return [Wait(min(later))] if later else []


def _failure(state: ExecutionState, id_: str) -> ExecutionFailure:
    error = state.nodes[id_].error
    if error is None:
        return ExecutionFailure(
            kind=ErrorKind.BUG, code="node_failed", message="The node failed.", node_id=id_
        )
    return ExecutionFailure(**error.model_dump(), node_id=id_)


def _deadline_error(state: ExecutionState, now: datetime) -> ExecutionFailure | None:
    limit = state.plan.definition.timeout_seconds
    if state.started_at is None or (now - state.started_at).total_seconds() < limit:
        return None
    text = f"The execution took longer than its time-out of {limit:g} seconds."
    return ExecutionFailure(kind=ErrorKind.TIMEOUT, code="execution_timeout", message=text)


def _outputs(state: ExecutionState) -> dict[str, Any]:
    """What the output nodes gave, merged in the plan's order; a later node wins."""
    merged: dict[str, Any] = {}
    for id_, node in state.plan.nodes.items():
        if node.type.kind == "output" and state.nodes[id_].status is NodeStatus.COMPLETED:
            merged |= state.nodes[id_].output
    return merged
