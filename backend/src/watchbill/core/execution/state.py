"""The state of an execution at one moment of its journal."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from watchbill.core.events import ExecutionFailure, ExecutionStatus, NodeFailure, NodeStatus
from watchbill.core.plan import Plan
from watchbill.core.usage import Usage


@dataclass(slots=True)
class NodeState:
    """Where one node stands. `attempt` counts starts from 1, `failures` those that ended in an error (a start
    that a worker's death interrupted is not one); times are UTC."""

    status: NodeStatus = NodeStatus.PENDING
    attempt: int = 0
    failures: int = 0
    input: Any = None
    output: Any = None
    handle: str | None = None
    error: NodeFailure | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    retry_at: datetime | None = None
    usage: Usage = field(default_factory=Usage)


@dataclass(slots=True)
class ExecutionState:
    """Everything `decide` needs, kept up to date by `apply` in time proportional to the change.

    `undecided` counts a node's incoming edges whose source has not finished, `active` those that carry on.
    `ready` and `skippable` are nodes whose edges are all decided; `running` and `retrying` are in flight.
    """

    plan: Plan
    undecided: dict[str, int]
    active: dict[str, int]
    ready: dict[str, None]
    nodes: dict[str, NodeState]
    status: ExecutionStatus = ExecutionStatus.PENDING
    seq: int = 0
    inputs: dict[str, Any] = field(default_factory=dict[str, Any])
    outputs: dict[str, Any] | None = None
    error: ExecutionFailure | None = None
    skippable: dict[str, None] = field(default_factory=dict[str, None])
    running: dict[str, None] = field(default_factory=dict[str, None])
    retrying: dict[str, datetime] = field(default_factory=dict[str, datetime])
    failed: str | None = None
    usage: Usage = field(default_factory=Usage)
    started_at: datetime | None = None
    finished_at: datetime | None = None
    scope: dict[str, Any] = field(default_factory=dict[str, Any])

    @classmethod
    def initial(cls, plan: Plan) -> ExecutionState:
        """Before the first event: only the input node is ready."""
        return cls(
            plan=plan,
            undecided={id_: node.incoming for id_, node in plan.nodes.items()},
            active=dict.fromkeys(plan.nodes, 0),
            ready={plan.entry: None},
            nodes={id_: NodeState() for id_ in plan.nodes},
            scope={"inputs": {}, "nodes": {}},
        )
