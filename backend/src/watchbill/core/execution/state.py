"""The state of an execution at one moment of its journal."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from watchbill.core.events import ExecutionFailure, ExecutionStatus, NodeFailure, NodeStatus
from watchbill.core.node_types import IterationRules
from watchbill.core.plan import Plan
from watchbill.core.plan.plan import Graph, PlanNode
from watchbill.core.usage import NO_USAGE, Usage


@dataclass(slots=True)
class NodeState:
    """Where one node, or one iteration of a body, stands. `attempt` counts starts from 1, `failures` those
    that ended in an error (a start that a worker's death interrupted is not one); times are UTC. `retry_at`
    is when it goes on: the next attempt, or the end of a wait; `request` is what a person is asked;
    `output_ref` tells where a large output is stored besides here."""

    status: NodeStatus = NodeStatus.PENDING
    attempt: int = 0
    failures: int = 0
    input: Any = None
    output: Any = None
    output_ref: str | None = None
    handle: str | None = None
    error: NodeFailure | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    retry_at: datetime | None = None
    request: dict[str, Any] | None = None
    iterations: int | None = None
    usage: Usage = NO_USAGE


@dataclass(slots=True)
class Frame:
    """The state of one level: the flow itself (path "") or an iteration of a body (path `each[3]`).

    `undecided` counts a node's incoming edges whose source has not finished, `active` those that carry on;
    `left` counts nodes that have not finished. `failed` is the node whose failure nobody handles: nothing of
    the frame goes on then, and `halted` keeps what could have.
    """

    path: str
    graph: Graph
    scope: dict[str, Any]
    undecided: dict[str, int]
    active: dict[str, int]
    left: int
    failed: str | None = None
    halted: dict[str, Literal["ready", "skippable"]] = field(
        default_factory=dict[str, Literal["ready", "skippable"]]
    )

    @classmethod
    def of(cls, path: str, graph: Graph, scope: dict[str, Any]) -> Frame:
        """A frame before its first node."""
        return cls(
            path=path,
            graph=graph,
            scope=scope,
            undecided={id_: node.incoming for id_, node in graph.nodes.items()},
            active=dict.fromkeys(graph.nodes, 0),
            left=len(graph.nodes),
        )

    def place(self, id_: str) -> str:
        """The path of one of its nodes."""
        return f"{self.path}.{id_}" if self.path else id_


@dataclass(slots=True)
class Iterations:
    """The iterations of a node that runs a body: how many were opened, which are open, what the others gave,
    and the failure that ends them all. `ref` tells where the items are stored besides here."""

    rules: IterationRules
    ref: str | None = None
    opened: int = 0
    open: dict[int, None] = field(default_factory=dict[int, None])
    results: dict[int, Any] = field(default_factory=dict[int, Any])
    enough: bool = False
    failed: NodeFailure | None = None

    @property
    def room(self) -> int:
        """How many may be opened now."""
        if self.enough or self.failed:
            return 0
        return min(self.rules.parallel - len(self.open), self.rules.total - self.opened)

    @property
    def done(self) -> bool:
        """Whether the node itself can end."""
        if self.failed:
            return True
        return not self.open and (self.enough or self.opened == self.rules.total)


@dataclass(slots=True)
class ExecutionState:
    """Everything `decide` needs, kept up to date by `apply` in time proportional to the change.

    Nodes have paths: `ask` in the flow, `each[3].ask` in the fourth iteration of `each`, and `each[3]` is the
    iteration itself. `ready`, `skippable`, `running`, `retrying` and `waiting` hold paths of nodes,
    `iterating` those of nodes that run a body; `closable` are iterations whose nodes have all finished.
    `timed` are nodes that run a body and may do so until the execution has run for that many seconds.
    `seconds_used` is the time it ran until `running_since`: waiting for people and for time is free.
    `iterations` counts those of all bodies that were begun or, where each has an item, announced.
    """

    plan: Plan
    frames: dict[str, Frame]
    nodes: dict[str, NodeState]
    status: ExecutionStatus = ExecutionStatus.PENDING
    seq: int = 0
    inputs: dict[str, Any] = field(default_factory=dict[str, Any])
    outputs: dict[str, Any] | None = None
    error: ExecutionFailure | None = None
    ready: dict[str, None] = field(default_factory=dict[str, None])
    skippable: dict[str, None] = field(default_factory=dict[str, None])
    running: dict[str, None] = field(default_factory=dict[str, None])
    retrying: dict[str, datetime] = field(default_factory=dict[str, datetime])
    waiting: dict[str, datetime | None] = field(default_factory=dict[str, datetime | None])
    iterating: dict[str, Iterations] = field(default_factory=dict[str, Iterations])
    movable: dict[str, None] = field(default_factory=dict[str, None])
    closable: dict[str, None] = field(default_factory=dict[str, None])
    timed: dict[str, float] = field(default_factory=dict[str, float])
    usage: Usage = NO_USAGE
    iterations: int = 0
    interruptions: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None
    running_since: datetime | None = None
    seconds_used: float = 0.0

    @classmethod
    def initial(cls, plan: Plan) -> ExecutionState:
        """Before the first event: only the input node is ready."""
        root = Frame.of("", plan.graph, {"inputs": {}, "nodes": {}})
        return cls(
            plan=plan,
            frames={"": root},
            ready=dict.fromkeys(plan.graph.entries),
            nodes={id_: NodeState() for id_ in plan.nodes},
        )

    @property
    def root(self) -> Frame:
        """The flow itself."""
        return self.frames[""]

    @property
    def scope(self) -> dict[str, Any]:
        """What expressions of the flow's own nodes read."""
        return self.root.scope

    def frame_of(self, path: str) -> Frame:
        """The frame that a node belongs to."""
        return self.frames[path.rpartition(".")[0]]

    def spec(self, path: str) -> PlanNode:
        """The plan of the node at a path."""
        frame, _, id_ = path.rpartition(".")
        return self.frames[frame].graph.nodes[id_]

    def iteration_scope(self, path: str) -> dict[str, Any]:
        """What expressions in an iteration of a body read."""
        owner, index = owner_of(path)
        around, iterations = self.frame_of(owner).scope, self.iterating[owner]
        rules, body = iterations.rules, self.spec(owner).type.body
        if body is not None and body.isolated:
            return {"inputs": dict(rules.inputs or {}), "nodes": {}}
        return {
            **around,
            "nodes": ChainMap({}, around["nodes"]),
            "item": rules.items[index] if rules.items is not None else None,
            "index": index,
            # Where several run at a time, it would depend on which is faster.
            "previous": iterations.results.get(index - 1) if rules.parallel == 1 else None,
        }

    def seconds_at(self, at: datetime) -> float:
        """For how long the execution had run at that time, without what it waited."""
        running = 0.0 if self.running_since is None else (at - self.running_since).total_seconds()
        return self.seconds_used + running

    def within(self, owner: str) -> Iterator[Frame]:
        """The frames of a node's iterations, and those inside them."""
        prefix = f"{owner}["
        return (frame for path, frame in self.frames.items() if path.startswith(prefix))


def owner_of(path: str) -> tuple[str, int]:
    """The node whose iteration this is, and the iteration's index."""
    owner, _, index = path[:-1].rpartition("[")
    return owner, int(index)


def is_iteration(path: str) -> bool:
    """Whether the path names an iteration and not a node."""
    return path.endswith("]")
