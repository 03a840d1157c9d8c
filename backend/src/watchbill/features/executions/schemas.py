"""What the execution routes take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, JsonValue

from watchbill.core.events import (
    DATA_MODELS,
    Event,
    ExecutionFailure,
    ExecutionStatus,
    NodeFailure,
    NodeStatus,
)
from watchbill.core.usage import Usage
from watchbill.kit.requests.inputs import Input


class ExecuteOptions(Input):
    """`wait_seconds` is how long to wait for the execution's end before answering."""

    wait_seconds: float = Field(default=0.0, ge=0, le=300)


Wanted = Literal["draft", "published"] | Annotated[int, Field(ge=1, le=2**31 - 1)]


class ExecuteRequest(Input):
    """Starts an execution. `version` is the draft, the newest published version or its number; by default the
    published one where there is one."""

    inputs: dict[str, Any] = Field({})
    version: Wanted | None = None
    options: ExecuteOptions = ExecuteOptions()


class CrewTestRequest(Input):
    """Inputs for testing a crew; its texts read them as `{{ inputs.<name> }}`."""

    inputs: dict[str, Any] = Field({})


class ExecutionSummary(BaseModel):
    """An execution in a list. `version` is null when it runs the draft. `waited_seconds` is how long it did
    nothing between its start and its end: it waited for a person or a time, was paused, or had failed and was
    not yet resumed. `waits_since` is when the present wait began."""

    id: UUID
    flow_id: UUID | None
    flow_name: str | None
    version: int | None
    status: ExecutionStatus
    cancel_requested: bool
    paused: bool
    forked_from: UUID | None
    error: ExecutionFailure | None
    usage: Usage
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    waited_seconds: float
    waits_since: datetime | None


class ExecutionResult(ExecutionSummary):
    """An execution with its outputs, which are null until it completed."""

    outputs: dict[str, Any] | None


class NodeExecution(BaseModel):
    """The state of one node of an execution, by its path: `each[3].write` is the node `write` in the fourth
    iteration of `each`. `retry_at` is when it continues after a failure or a wait; `request` is the question
    to a person; `iterations` is the most there can be, for a node with a body. `left_out` means that its
    input and output are not in this answer, because they are lost or would make it too large;
    /executions/{id}/nodes has what is not lost."""

    node_id: str
    status: NodeStatus
    attempt: int
    input: Any = None
    output: Any = None
    left_out: bool = False
    handle: str | None
    error: NodeFailure | None
    started_at: datetime | None
    finished_at: datetime | None
    retry_at: datetime | None
    request: dict[str, Any] | None
    iterations: int | None
    usage: Usage


class Queue(BaseModel):
    """The place among those that wait, from 1, and what they wait for: a free worker, or the limit of the
    flow or the tenant."""

    position: int
    reason: Literal["workers", "flow", "tenant"]


class ForkRequest(Input):
    """Where to begin again, and outputs to use in place of the nodes' own. Without `from_node` everything
    that is finished is taken over. `version` is the draft of the flow, its newest published version or a
    number: then nodes that changed, and nodes after them, run again. Null runs the same definition again."""

    from_node: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    version: Wanted | None = None
    outputs: dict[str, JsonValue] = Field(default={}, max_length=2000)


class ExecutionDetail(ExecutionSummary):
    """A whole execution. `last_seq` is the newest event in this answer; `definition` is what it runs. Of
    nodes in bodies only the first thousand are listed, and `more_nodes` counts the others:
    /executions/{id}/nodes has them page by page."""

    inputs: dict[str, Any]
    outputs: dict[str, Any] | None
    nodes: list[NodeExecution]
    more_nodes: int
    definition: dict[str, Any]
    last_seq: int
    queue: Queue | None


class NodePage(BaseModel):
    """Nodes of an execution in the order they began; `next_after` is where the next page begins, if there is
    one."""

    items: list[NodeExecution]
    next_after: int | None


class ExchangeOut(BaseModel):
    """What a node sent to a model, a tool or another service, and what came back; secrets are hidden.
    `number` counts the exchanges of one attempt; `digest` is the SHA-256 of the request. `answer` is null
    when there was an error. `cut` means that something is not there:
    long texts were shortened, or a model's messages, which are null then, are not kept any more."""

    seq: int
    node_id: str
    attempt: int
    number: int
    kind: Literal["llm", "tool", "http"]
    digest: str
    request: dict[str, Any]
    answer: dict[str, Any] | None
    error: NodeFailure | None
    duration_ms: int
    cut: bool
    timestamp: datetime


class ExchangePage(BaseModel):
    """Exchanges in order. `next_after` is where to go on, or null when these were the last so far."""

    items: list[ExchangeOut]
    next_after: int | None


class EventPage(BaseModel):
    """Events in order. `next_after` is where to go on, or null when these were the last so far."""

    items: list[Event]
    next_after: int | None


# Every data shape, so that the API's description has them and clients are generated with them.
EVENT_DATA = tuple(DATA_MODELS.values())
