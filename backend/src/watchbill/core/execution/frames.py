"""What events do to frames: nodes finish and let others begin, iterations open and close, and all that goes
on in a frame can be halted and revived."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from operator import eq
from typing import Any, Literal

from watchbill.core.computing_budget import full
from watchbill.core.events import NodeFailure, NodeStarted, NodeStatus
from watchbill.core.execution.state import ExecutionState, Frame, Iterations, NodeState, owner_of
from watchbill.core.node_types import IterationRules


def settle(state: ExecutionState, path: str, seen: dict[str, Any]) -> None:
    """The node is done; `seen` is what later expressions read as `nodes.<id>`."""
    for pending in (state.running, state.ready, state.skippable, state.retrying, state.waiting):
        pending.pop(path, None)
    frame = state.frame_of(path)
    frame.scope["nodes"][path.rpartition(".")[2]] = seen
    frame.left -= 1
    if frame.left == 0 and frame.path:
        state.closable[frame.path] = None


def release(state: ExecutionState, path: str, carries: Callable[[str | None], bool]) -> None:
    """Decide the outgoing edges; a target whose edges are all decided becomes ready or skippable.

    A node that is done although its edges were not decided was taken over by a fork, with its output or with
    a failure that it handled. It stays done, whichever way is taken to it. What comes after it waits for what
    comes before it, which may be read there, too.
    """
    frame = state.frame_of(path)
    if frame.undecided[path.rpartition(".")[2]]:
        return
    deciding = [(path, carries)]
    while deciding:
        source, active = deciding.pop()
        for link in state.spec(source).links:
            target, place = link.target, frame.place(link.target)
            frame.undecided[target] -= 1
            frame.active[target] += active(link.handle)
            if frame.undecided[target]:
                continue
            if state.nodes[place].status in (NodeStatus.COMPLETED, NodeStatus.FAILED):
                deciding.append((place, partial(eq, state.nodes[place].handle)))
            else:
                (state.ready if frame.active[target] else state.skippable)[place] = None


def begin_iterations(state: ExecutionState, path: str, data: NodeStarted, at: datetime) -> None:
    """The node runs its body from now on, for as long as its time-out lets it."""
    spec = state.spec(path)
    rules = rules_of(state, path, data.iterations, data.rounds)
    state.iterating[path] = Iterations(rules, data.rounds_ref)
    if announced(state, path):
        state.iterations += rules.total
    state.movable[path] = None
    if spec.node.timeout_seconds is not None:
        state.timed[path] = state.seconds_at(at) + spec.node.timeout_seconds


def rules_of(
    state: ExecutionState, path: str, total: int | None, stored: Mapping[str, Any] | None
) -> IterationRules:
    """What a node's iterations work on, as its event says. In a journal of an older version none does; there
    it is evaluated once more."""
    if stored is not None and total is not None:
        return IterationRules(
            total,
            stored.get("items"),
            stored.get("inputs"),
            stored.get("parallel", 1),
            stored.get("tolerant", False),
        )
    spec = state.spec(path)
    if spec.type.body is None:
        raise AssertionError(f"{spec.type.kind} runs no body")
    config = spec.render(state.frame_of(path).scope, full(), state.nodes[path].started_at)
    return spec.type.body.rules(config)


def announced(state: ExecutionState, path: str) -> bool:
    """Whether it is known when the node begins how many iterations it will have."""
    body = state.spec(path).type.body
    return body is not None and body.until is None


def open_iteration(state: ExecutionState, path: str) -> None:
    """One more iteration of the body begins."""
    owner, index = owner_of(path)
    iterations, body = state.iterating[owner], state.spec(owner).body
    if body is None:
        raise AssertionError("a node that runs a body has one")
    frame = Frame.of(path, body, state.iteration_scope(path))
    state.frames[path] = frame
    for id_ in body.nodes:
        state.nodes[frame.place(id_)] = NodeState()
    state.ready |= dict.fromkeys(frame.place(id_) for id_ in body.entries)
    iterations.opened = max(iterations.opened, index + 1)
    state.iterations += not announced(state, owner)
    iterations.open[index] = None
    _watch(state, owner)


def close_iteration(
    state: ExecutionState, path: str, result: Any, at: datetime, *, enough: bool = False
) -> None:
    """An iteration is over; its failure, if it was one, is tolerated."""
    owner, index = owner_of(path)
    iterations = state.iterating[owner]
    _clear(state, lambda place: place.startswith(f"{path}."), at)
    for inner in [p for p in state.iterating if p.startswith(f"{path}.")]:
        drop_iterations(state, inner, at)
    del state.frames[path]
    state.closable.pop(path, None)
    iterations.open.pop(index, None)
    iterations.results[index] = result
    iterations.enough = iterations.enough or enough
    _watch(state, owner)


def fail_iterations(state: ExecutionState, path: str, error: NodeFailure, at: datetime) -> None:
    """An iteration failed, and with it the node that runs it: the other iterations stop where they are."""
    owner, _ = owner_of(path)
    state.iterating[owner].failed = error
    state.closable.pop(path, None)
    for frame in list(state.within(owner)):
        halt(state, frame, at)
    for index in state.iterating[owner].open:
        _end(state.nodes[f"{owner}[{index}]"], at)
    state.movable[owner] = None


def drop_iterations(state: ExecutionState, path: str, at: datetime, *, forget: bool = False) -> None:
    """The node needs its iterations no more. `forget` also removes what their nodes did: it begins again."""
    if state.iterating.pop(path, None) is None:
        return
    prefix = f"{path}["
    _clear(state, lambda place: place.startswith(prefix), at)
    # When its time is over, iterations are still open.
    for inner in [place for place in (*state.frames, *state.iterating) if place.startswith(prefix)]:
        _end(state.nodes[inner], at)
    for places in (state.frames, state.iterating, state.movable, state.closable, state.timed):
        for inner in [place for place in places if place.startswith(prefix) or place == path]:
            places.pop(inner, None)
    if forget:
        for place in [place for place in state.nodes if place.startswith(prefix)]:
            del state.nodes[place]


def fail(state: ExecutionState, path: str, at: datetime) -> None:
    """A node failed and nobody handles it: its frame goes no further."""
    for pending in (state.running, state.ready, state.retrying, state.waiting, state.movable):
        pending.pop(path, None)
    frame = state.frame_of(path)
    frame.failed = frame.failed or path
    halt(state, frame, at)
    if frame.path:
        state.closable[frame.path] = None


def halt(state: ExecutionState, frame: Frame, at: datetime) -> None:
    """Nothing of the frame and of what lies in it goes on; each frame keeps what could have."""
    prefix = f"{frame.path}." if frame.path else ""
    _clear(state, lambda place: place.startswith(prefix), at, keep=True)
    for path in [path for path in state.iterating if path.startswith(prefix)]:
        state.movable.pop(path, None)
        _end(state.nodes[path], at)
    for path in [path for path in state.closable if path.startswith(prefix)]:
        del state.closable[path]
    for path in [path for path in state.frames if path.startswith(prefix) and path]:
        _end(state.nodes[path], at)


def end_all(state: ExecutionState, at: datetime) -> None:
    """Every node that has begun and not ended ends: for an execution whose frames are not known."""
    for node in state.nodes.values():
        _end(node, at)


def revive(state: ExecutionState) -> None:
    """Everything that was halted can go on, and what failed begins again."""
    for frame in state.frames.values():
        if frame.failed is not None:
            _again(state, frame, frame.failed)
            frame.failed = None
        for path, lane in frame.halted.items():
            (state.ready if lane == "ready" else state.skippable)[path] = None
            state.nodes[path].status = NodeStatus.PENDING
            state.nodes[path].finished_at = None
        frame.halted.clear()
        if frame.left == 0 and frame.path:
            state.closable[frame.path] = None
    for path, iterations in state.iterating.items():
        iterations.failed = None
        limit = state.spec(path).node.timeout_seconds
        if limit is not None:
            state.timed[path] = state.seconds_used + limit
        _running(state.nodes[path])
        for index in iterations.open:
            _running(state.nodes[f"{path}[{index}]"])
        _watch(state, path)


def _again(state: ExecutionState, frame: Frame, path: str) -> None:
    node = state.nodes[path]
    node.status, node.error, node.finished_at, node.failures = NodeStatus.PENDING, None, None, 0
    if path not in state.iterating:
        state.ready[path] = None


def _running(node: NodeState) -> None:
    node.status, node.error, node.finished_at = NodeStatus.RUNNING, None, None


def _watch(state: ExecutionState, owner: str) -> None:
    """Keep `movable`: the nodes with a body that can open an iteration or end."""
    iterations = state.iterating[owner]
    if iterations.done or iterations.room > 0:
        state.movable[owner] = None
    else:
        state.movable.pop(owner, None)


def _clear(state: ExecutionState, inside: Callable[[str], bool], at: datetime, *, keep: bool = False) -> None:
    """Take nodes out of every lane; what was under way is cancelled. `keep` notes them in their frames."""
    lanes: tuple[tuple[dict[str, Any], Literal["ready", "skippable"], bool], ...] = (
        (state.ready, "ready", False),
        (state.skippable, "skippable", False),
        (state.running, "ready", True),
        (state.retrying, "ready", True),
        (state.waiting, "ready", True),
    )
    for lane, later, under_way in lanes:
        for path in [path for path in lane if inside(path)]:
            del lane[path]
            if keep:
                state.frame_of(path).halted[path] = later
            if under_way:
                _end(state.nodes[path], at)


def _end(node: NodeState, at: datetime) -> None:
    if node.status in (NodeStatus.RUNNING, NodeStatus.WAITING):
        node.status, node.finished_at, node.retry_at = NodeStatus.CANCELLED, at, None
