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
    """`wait_seconds` holds the answer back until the execution is over, at most so long."""

    wait_seconds: float = Field(default=0.0, ge=0, le=300)


Wanted = Literal["draft", "published"] | Annotated[int, Field(ge=1, le=2**31 - 1)]


class ExecuteRequest(Input):
    """Starts a run. `version` is the draft, the newest published version or its number; by default the
    published one where there is one."""

    inputs: dict[str, Any] = Field({})
    version: Wanted | None = None
    options: ExecuteOptions = ExecuteOptions()


class CrewTestRequest(Input):
    """Inputs for a test run of a crew; its texts read them as `{{ inputs.<name> }}`."""

    inputs: dict[str, Any] = Field({})


class ExecutionSummary(BaseModel):
    """An execution in a list. `version` is null when the draft was run. `waited_seconds` is how long nothing
    was done between its start and its end: it waited for a person or a time, was paused, or had failed and
    was not yet resumed. `waits_since` is when the wait began that is under way."""

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
    """An execution with what it gave; `outputs` is null until it completed."""

    outputs: dict[str, Any] | None


class NodeExecution(BaseModel):
    """Where one node of an execution stands, by its path: `each[3].write` is the node `write` in the fourth
    iteration of `each`. `retry_at` is when it goes on, after a failure or a wait; `request` is what a person
    is asked; `iterations` how many there are at most, for a node that runs a body. `left_out` tells that its
    input and output are not in this answer, because they are lost or the answer would be too large;
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
    """Where to begin again, and outputs of nodes to take in place of what they gave. Without `from_node` all
    that is done is taken over. `version` is the draft of the flow, its newest published version or a number:
    then whatever changed in it, and what comes after that, runs again; null runs what this execution ran."""

    from_node: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    version: Wanted | None = None
    outputs: dict[str, JsonValue] = Field(default={}, max_length=2000)


class ExecutionDetail(ExecutionSummary):
    """An execution whole. `last_seq` is the newest event in this answer; `definition` is what is run. Of
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
    """What a node asked a model, a tool or another service, and what it was answered; secrets are hidden.
    `number` is the how manyth of the attempt it is, `digest` the SHA-256 of the request. `answer` is null
    when there was an error. `cut` tells that it is not whole: long texts were shortened to keep it small, or
    a model's messages, which are null then, are not kept any more."""

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
