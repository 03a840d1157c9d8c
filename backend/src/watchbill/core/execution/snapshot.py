"""A state as JSON, so that a long execution need not be folded from its first event."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, TypeAdapter

from watchbill.core.events import ExecutionFailure, ExecutionStatus, NodeFailure, NodeStatus
from watchbill.core.execution import frames
from watchbill.core.execution.state import ExecutionState, Frame, Iterations, NodeState, owner_of
from watchbill.core.node_types import Rounds
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
    # Those that are over; what they gave stands with the other nodes. Older ones have it here.
    over: list[int] | None = None
    results: dict[int, Any] = {}
    total: int | None = None
    rounds: dict[str, Any] | None = None
    rounds_ref: str | None = None
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
    iterations: int = 0
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
        iterations=state.iterations,
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
        nodes={},
    )
    nodes = {path: _lean(node) for path, node in state.nodes.items()}
    # They are most of it, and once is enough to make JSON of them.
    written = _NODES.dump_python(nodes, mode="json", exclude_defaults=True)
    return shot.model_dump(mode="json") | {"nodes": written}


def _lean(node: NodeState) -> NodeState:
    return replace(node, output=None) if node.output_ref else node


def restore(plan: Plan, stored: dict[str, Any]) -> ExecutionState | None:
    """The state that was dumped; None if it was dumped by another version of this, and has to be folded."""
    if stored.get("version") != VERSION:
        return None
    shot = Snapshot.model_validate(stored)
    state = ExecutionState.initial(plan)
    state.nodes = _NODES.validate_python(shot.nodes)
    state.seq, state.status, state.inputs, state.outputs = shot.seq, shot.status, shot.inputs, shot.outputs
    state.error, state.usage, state.interruptions = shot.error, shot.usage, shot.interruptions
    state.iterations = shot.iterations
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
        over=list(found.results),
        total=found.rounds.total,
        rounds=dump_rounds(found.rounds, items=found.ref is None),
        rounds_ref=found.ref,
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
    rounds = frames.rounds_of(state, owner, stored.total, stored.rounds)
    results = stored.results
    if stored.over is not None:
        results = {index: _result(state.nodes[f"{owner}[{index}]"]) for index in stored.over}
    state.iterating[owner] = Iterations(
        rounds,
        stored.rounds_ref,
        stored.opened,
        dict.fromkeys(stored.open),
        results,
        stored.enough,
        stored.failed,
    )


def _result(iteration: NodeState) -> Any:
    """What an iteration gave; one that failed, which was tolerated, gave nothing."""
    return iteration.output if iteration.status is NodeStatus.COMPLETED else None


def dump_rounds(rounds: Rounds, *, items: bool) -> dict[str, Any]:
    """What iterations work on, as an event or snapshot keeps it; without the `items`, which may be large,
    only how they are worked on."""
    kept: dict[str, Any] = {"parallel": rounds.parallel, "tolerant": rounds.tolerant}
    if items and rounds.items is not None:
        kept["items"] = rounds.items
    if items and rounds.inputs is not None:
        kept["inputs"] = rounds.inputs
    return kept


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
