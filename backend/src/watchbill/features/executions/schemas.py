"""What the execution routes take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from watchbill.core.events import (
    DATA_MODELS,
    Event,
    ExecutionFailure,
    ExecutionStatus,
    NodeFailure,
    NodeStatus,
)
from watchbill.core.usage import Usage


class ExecuteRequest(BaseModel):
    """Starts a run. `version` is the draft, the newest published version or its number; by default the
    published one where there is one."""

    model_config = ConfigDict(extra="forbid")

    inputs: dict[str, Any] = {}
    version: Literal["draft", "published"] | Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None


class CrewTestRequest(BaseModel):
    """Inputs for a test run of a crew; its texts read them as `{{ inputs.<name> }}`."""

    model_config = ConfigDict(extra="forbid")

    inputs: dict[str, Any] = {}


class ExecutionSummary(BaseModel):
    """An execution in a list. `version` is null when the draft was run."""

    id: UUID
    flow_id: UUID | None
    flow_name: str | None
    version: int | None
    status: ExecutionStatus
    cancel_requested: bool
    error: ExecutionFailure | None
    usage: Usage
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class NodeExecution(BaseModel):
    """Where one node of an execution stands."""

    node_id: str
    status: NodeStatus
    attempt: int
    input: Any = None
    output: Any = None
    handle: str | None
    error: NodeFailure | None
    started_at: datetime | None
    finished_at: datetime | None
    retry_at: datetime | None
    usage: Usage


class ExecutionDetail(ExecutionSummary):
    """An execution whole. `last_seq` is the newest event in this answer; `definition` is what is run."""

    inputs: dict[str, Any]
    outputs: dict[str, Any] | None
    nodes: list[NodeExecution]
    definition: dict[str, Any]
    last_seq: int


class EventPage(BaseModel):
    """Events in order. `next_after` is where to go on, or null when these were the last so far."""

    items: list[Event]
    next_after: int | None


# Every data shape, so that the API's description has them and clients are generated with them.
EVENT_DATA = tuple(DATA_MODELS.values())
