"""A state as JSON, so that a long execution need not be folded from its first event."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import orjson
from pydantic import BaseModel, TypeAdapter

from watchbill.core.events import ExecutionFailure, ExecutionStatus, NodeFailure, NodeStatus
from watchbill.core.execution import frames
from watchbill.core.execution.state import ExecutionState, Frame, Iterations, NodeState, owner_of
from watchbill.core.node_types import IterationRules
from watchbill.core.plan import Plan
from watchbill.core.usage import NO_USAGE, Usage

VERSION = 1
# A longer one is not kept: to read it would take longer than to fold the events, which are read in parts.
MOST_CHARACTERS = 4 * 1024 * 1024
# Of what is written or read at a time: a millisecond or two.
_PART_BYTES = 256 * 1024
_PART_NODES = 200
# What the shortest of them takes, with its path, times and quotes.
_LEAST_OF_NODE = 100
# Nothing of such nodes changes any more, unless the whole execution is opened again.
_DONE = frozenset((NodeStatus.COMPLETED, NodeStatus.SKIPPED))
_PLAIN = ("attempt", "failures", "output_ref", "handle")
_TIMES = ("started_at", "finished_at", "retry_at")
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


@dataclass(frozen=True, slots=True)
class Frozen:
    """A state as it was at one moment, whatever becomes of it: its nodes, and all else as JSON."""

    head: dict[str, Any]
    nodes: dict[str, NodeState]


def freeze(state: ExecutionState, seq: int) -> Frozen:
    """The state after event `seq`. It costs little: nodes that are done do not change any more while a worker
    has the execution, and others are few."""
    head = Snapshot(
        seq=seq,
        status=state.status,
        inputs={},
        outputs=None,
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
    ).model_dump(mode="json", exclude={"nodes"})
    values = {"inputs": state.inputs, "outputs": state.outputs}
    nodes = {path: node if node.status in _DONE else copy(node) for path, node in state.nodes.items()}
    return Frozen(head | values, nodes)


def dump(state: ExecutionState, seq: int) -> dict[str, Any]:
    """The state after event `seq`, as JSON. Outputs that are stored elsewhere are left out; put them back
    before it is restored."""
    frozen = freeze(state, seq)
    return frozen.head | {"nodes": {path: _dumped(node) for path, node in frozen.nodes.items()}}


def _dumped(node: NodeState) -> dict[str, Any]:
    """What is not as it is in a new one. By hand: there may be tens of thousands."""
    told: dict[str, Any] = {"status": node.status.value}
    for name in _PLAIN:
        if value := getattr(node, name):
            told[name] = value
    for name in _TIMES:
        if (at := getattr(node, name)) is not None:
            told[name] = at.isoformat()
    if node.input is not None:
        told["input"] = node.input
    if node.output is not None and not node.output_ref:
        told["output"] = node.output
    if node.request is not None:
        told["request"] = node.request
    if node.iterations is not None:
        told["iterations"] = node.iterations
    if node.error is not None:
        told["error"] = node.error.model_dump(mode="json")
    if node.usage != NO_USAGE:
        told["usage"] = node.usage.model_dump(mode="json")
    return told


async def packed(frozen: Frozen, most: int = MOST_CHARACTERS) -> str | None:
    """The dumped state as a text for `unpacked`, made in parts, so that others have turns in between; None if
    it would have more than so many characters."""
    if len(frozen.nodes) * _LEAST_OF_NODE > most:
        return None
    parts = [orjson.dumps(orjson.dumps(frozen.head).decode())]
    size = len(parts[0])
    nodes: list[bytes] = []
    held = 0
    for path, node in frozen.nodes.items():
        if size > most:
            return None
        nodes.append(orjson.dumps(path) + b":" + orjson.dumps(_dumped(node)))
        held += len(nodes[-1])
        if held > _PART_BYTES or len(nodes) == _PART_NODES:
            parts.append(_part(nodes))
            size += len(parts[-1])
            nodes, held = [], 0
            await asyncio.sleep(0)
    parts.append(_part(nodes))
    text = b'{"parts":[' + b",".join(parts) + b"]}"
    return text.decode() if len(text) <= most else None


def _part(nodes: Sequence[bytes]) -> bytes:
    return orjson.dumps((b"{" + b",".join(nodes) + b"}").decode())


async def unpacked(text: str) -> dict[str, Any]:
    """The dumped state that was packed into a text, read in parts."""
    stored: dict[str, Any] = orjson.loads(text)
    if "parts" not in stored:
        # As all were, before there were parts.
        return stored
    head, *parts = stored["parts"]
    nodes: dict[str, Any] = {}
    for part in parts:
        await asyncio.sleep(0)
        nodes |= orjson.loads(part)
    return orjson.loads(head) | {"nodes": nodes}


def restore(plan: Plan, stored: dict[str, Any]) -> ExecutionState | None:
    """The state that was dumped; None if it was dumped by another version of this, and has to be folded."""
    return _restored(plan, stored, _NODES.validate_python(stored["nodes"])) if _is_known(stored) else None


async def restore_in_parts(plan: Plan, stored: dict[str, Any]) -> ExecutionState | None:
    """The same, so that others have turns in between."""
    if not _is_known(stored):
        return None
    nodes: dict[str, NodeState] = {}
    places = list(stored["nodes"].items())
    for start in range(0, len(places), _PART_NODES):
        nodes |= _NODES.validate_python(dict(places[start : start + _PART_NODES]))
        await asyncio.sleep(0)
    return _restored(plan, stored, nodes)


def _is_known(stored: Mapping[str, Any]) -> bool:
    return stored.get("version") == VERSION


def _restored(plan: Plan, stored: dict[str, Any], nodes: dict[str, NodeState]) -> ExecutionState:
    shot = Snapshot.model_validate(stored | {"nodes": {}})
    state = ExecutionState.initial(plan)
    state.nodes = nodes
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
        total=found.rules.total,
        rounds=dump_rules(found.rules, items=found.ref is None),
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
    rules = frames.rules_of(state, owner, stored.total, stored.rounds)
    results = stored.results
    if stored.over is not None:
        results = {index: _result(state.nodes[f"{owner}[{index}]"]) for index in stored.over}
    state.iterating[owner] = Iterations(
        rules,
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


def dump_rules(rules: IterationRules, *, items: bool) -> dict[str, Any]:
    """What iterations work on, as an event or snapshot keeps it; without the `items`, which may be large,
    only how they are worked on."""
    kept: dict[str, Any] = {"parallel": rules.parallel, "tolerant": rules.tolerant}
    if items and rules.items is not None:
        kept["items"] = rules.items
    if items and rules.inputs is not None:
        kept["inputs"] = rules.inputs
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
