"""A state as JSON, so that a long execution need not be folded from its first event."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, TypeAdapter

from watchbill.core.budget import full
from watchbill.core.events import ExecutionFailure, ExecutionStatus, NodeFailure, NodeStatus
from watchbill.core.execution.state import ExecutionState, Frame, Iterations, NodeState, owner_of
from watchbill.core.plan import Plan
from watchbill.core.usage import Usage

VERSION = 1
_NODES = TypeAdapter(dict[str, NodeState])


class _Frame(BaseModel):
    undecided: dict[str, int]
    active: dict[str, int]
    left: int
    failed: str | None = None
    halted: dict[str, Literal["ready", "skippable"]] = {}


class _Iterations(BaseModel):
    opened: int
    open: list[int]
    results: dict[int, Any]
    enough: bool = False
    failed: NodeFailure | None = None


class Snapshot(BaseModel):
    """What a state holds beyond its plan. What expressions read is made again from it."""

    version: Literal[1] = VERSION
    seq: int
    status: ExecutionStatus
    inputs: dict[str, Any]
    outputs: dict[str, Any] | None
    error: ExecutionFailure | None
    usage: Usage
    interruptions: int
    started_at: datetime | None
    finished_at: datetime | None
    running_since: datetime | None
    seconds_used: float
    frames: dict[str, _Frame]
    iterating: dict[str, _Iterations]
    ready: list[str]
    skippable: list[str]
    running: list[str]
    retrying: dict[str, datetime]
    waiting: dict[str, datetime | None]
    movable: list[str]
    closable: list[str]
    timed: dict[str, float] = {}
    nodes: dict[str, Any]


def dump(state: ExecutionState, seq: int) -> dict[str, Any]:
    """The state after event `seq`, as JSON. Outputs that are stored elsewhere are left out; put them back
    before it is restored."""
    shot = Snapshot(
        seq=seq,
        status=state.status,
        inputs=state.inputs,
        outputs=state.outputs,
        error=state.error,
        usage=state.usage,
        interruptions=state.interruptions,
        started_at=state.started_at,
        finished_at=state.finished_at,
        running_since=state.running_since,
        seconds_used=state.seconds_used,
        frames={path: _frame(frame) for path, frame in state.frames.items()},
        iterating={path: _iterations(found) for path, found in state.iterating.items()},
        ready=list(state.ready),
        skippable=list(state.skippable),
        running=list(state.running),
        retrying=state.retrying,
        waiting=state.waiting,
        movable=list(state.movable),
        closable=list(state.closable),
        timed=state.timed,
        nodes=_NODES.dump_python(state.nodes, mode="json", exclude_defaults=True),
    )
    stored = shot.model_dump(mode="json")
    for node in stored["nodes"].values():
        if "output_ref" in node:
            node.pop("output", None)
    return stored


def restore(plan: Plan, stored: dict[str, Any]) -> ExecutionState | None:
    """The state that was dumped; None if it was dumped by another version of this, and has to be folded."""
    if stored.get("version") != VERSION:
        return None
    shot = Snapshot.model_validate(stored)
    state = ExecutionState.initial(plan)
    state.nodes = _NODES.validate_python(shot.nodes)
    state.seq, state.status, state.inputs, state.outputs = shot.seq, shot.status, shot.inputs, shot.outputs
    state.error, state.usage, state.interruptions = shot.error, shot.usage, shot.interruptions
    state.started_at, state.finished_at = shot.started_at, shot.finished_at
    state.running_since, state.seconds_used = shot.running_since, shot.seconds_used
    state.scope["inputs"] = shot.inputs
    # Outer frames were opened before inner ones, and the dictionary keeps that order.
    for path, frame in shot.frames.items():
        _restore_frame(state, path, frame, shot)
    state.ready, state.skippable = dict.fromkeys(shot.ready), dict.fromkeys(shot.skippable)
    state.running, state.movable = dict.fromkeys(shot.running), dict.fromkeys(shot.movable)
    state.closable, state.retrying, state.waiting = dict.fromkeys(shot.closable), shot.retrying, shot.waiting
    state.timed = shot.timed
    return state


def _frame(frame: Frame) -> _Frame:
    return _Frame(
        undecided=frame.undecided,
        active=frame.active,
        left=frame.left,
        failed=frame.failed,
        halted=frame.halted,
    )


def _iterations(found: Iterations) -> _Iterations:
    return _Iterations(
        opened=found.opened,
        open=list(found.open),
        results=found.results,
        enough=found.enough,
        failed=found.failed,
    )


def _restore_frame(state: ExecutionState, path: str, stored: _Frame, shot: Snapshot) -> None:
    if path:
        body = state.spec(owner_of(path)[0]).body
        if body is None:
            raise AssertionError("a node that runs a body has one")
        frame = Frame.of(path, body, state.iteration_scope(path))
    else:
        frame = state.root
    frame.undecided, frame.active, frame.left = stored.undecided, stored.active, stored.left
    frame.failed, frame.halted = stored.failed, stored.halted
    state.frames[path] = frame
    for id_ in frame.graph.nodes:
        if seen := _seen(state.nodes[frame.place(id_)], handled=frame.place(id_) != frame.failed):
            frame.scope["nodes"][id_] = seen
    for owner in [owner for owner in shot.iterating if owner.rpartition(".")[0] == path]:
        _restore_iterations(state, owner, shot.iterating[owner])


def _restore_iterations(state: ExecutionState, owner: str, stored: _Iterations) -> None:
    spec = state.spec(owner)
    if spec.type.body is None:
        raise AssertionError(f"{spec.type.kind} runs no body")
    config = spec.render(state.frame_of(owner).scope, full(), state.nodes[owner].started_at)
    rounds = spec.type.body.rounds(config)
    state.iterating[owner] = Iterations(
        rounds, stored.opened, dict.fromkeys(stored.open), stored.results, stored.enough, stored.failed
    )


def _seen(node: NodeState, *, handled: bool) -> dict[str, Any] | None:
    """What expressions read of a finished node, as the fold of its last event made it."""
    match node.status:
        case NodeStatus.COMPLETED:
            return {"output": node.output, "status": "completed"}
        case NodeStatus.SKIPPED:
            return {"output": None, "status": "skipped"}
        case NodeStatus.FAILED if handled and node.error is not None:
            error = node.error.model_dump(mode="json")
            return {"output": node.output, "status": "failed", "error": error}
        case _:
            return None
