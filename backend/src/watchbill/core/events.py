"""Every event of an execution: one envelope, and one data model per type.

Events named `execution_*` and `node_*` are the journal: they alone decide the state of an execution. The
others are the trace: they tell how a node got there, and losing them loses no state.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, get_args
from uuid import UUID

from pydantic import BaseModel, ConfigDict, JsonValue

from watchbill.core.errors import ErrorKind
from watchbill.core.json.clean import clean
from watchbill.core.usage import NO_USAGE, Usage

# The handle of an iteration after which a Loop ends.
ENOUGH = "enough"


class ExecutionStatus(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    WAITING = "waiting"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether nothing can happen to the execution any more."""
        return self in (ExecutionStatus.COMPLETED, ExecutionStatus.FAILED, ExecutionStatus.CANCELLED)


class NodeStatus(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    WAITING = "waiting"
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


# Values that are JSON, and may be large, are `Any` where they were looked through on their way in: events are
# made and read many times, and JsonValue looks at each item each time.


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NodeFailure(_Data):
    """Why a node failed: whose fault it is, a code for programs, a sentence for people."""

    kind: ErrorKind
    code: str
    message: str


class ExecutionFailure(NodeFailure):
    """Why an execution failed, and at which node if at one."""

    node_id: str | None = None


class Origin(_Data):
    """The execution that this one was forked from, and the node it begins again at."""

    execution_id: UUID
    from_node: str


class ExecutionQueued(_Data):
    type: Literal["execution_queued"] = "execution_queued"
    flow_id: UUID | None = None
    version: int | None = None
    inputs: dict[str, Any]
    forked_from: Origin | None = None


class ExecutionStarted(_Data):
    """A worker took the execution; `epoch` rises each time one does."""

    type: Literal["execution_started"] = "execution_started"
    epoch: int


class ExecutionWaiting(_Data):
    """The execution waits until `until`, or until somebody answers or resumes it; no worker has it."""

    type: Literal["execution_waiting"] = "execution_waiting"
    reason: Literal["paused", "waiting"] = "waiting"
    until: datetime | None = None


class ExecutionResumed(_Data):
    """A worker took the execution again; nodes that were running, or had failed, run again."""

    type: Literal["execution_resumed"] = "execution_resumed"
    epoch: int
    interrupted: list[str] = []


class ExecutionCompleted(_Data):
    type: Literal["execution_completed"] = "execution_completed"
    outputs: dict[str, Any]
    usage: Usage


class ExecutionFailed(_Data):
    type: Literal["execution_failed"] = "execution_failed"
    error: ExecutionFailure
    usage: Usage


class ExecutionCancelled(_Data):
    type: Literal["execution_cancelled"] = "execution_cancelled"
    reason: str | None = None
    usage: Usage


class NodeStarted(_Data):
    """`input` is what the node works on: its configuration with every expression evaluated. If that takes
    long, the event comes twice for one attempt, first without `input`.

    A node with a body says how many `iterations` there can be; each has events of its own, under a path such
    as `each[0]`. `rounds` is what the iterations work on: `items` or `inputs`, how many run in `parallel`,
    and whether the node is `tolerant` of failures; large ones are left out, and `rounds_ref` tells where they
    are stored."""

    type: Literal["node_started"] = "node_started"
    attempt: int
    input: Any = None
    iterations: int | None = None
    rounds: dict[str, Any] | None = None
    rounds_ref: str | None = None


class NodeCompleted(_Data):
    """`handle` is the outgoing handle that became active; null is the default one. In the journal a large
    output is null and `output_ref` tells where it is stored; readers of events get it in its place."""

    type: Literal["node_completed"] = "node_completed"
    attempt: int
    output: Any = None
    output_ref: str | None = None
    handle: str | None = None
    usage: Usage = NO_USAGE


class NodeFailed(_Data):
    """The last attempt failed. `handled` tells that the flow goes on (on_error: continue or branch), with
    `output` in place of the node's own."""

    type: Literal["node_failed"] = "node_failed"
    attempt: int
    error: NodeFailure
    handled: bool = False
    handle: str | None = None
    output: JsonValue = None
    usage: Usage = NO_USAGE


class NodeRetrying(_Data):
    """An attempt failed and another one starts at `retry_at`."""

    type: Literal["node_retrying"] = "node_retrying"
    attempt: int
    error: NodeFailure
    retry_at: datetime
    usage: Usage = NO_USAGE


class NodeSkipped(_Data):
    type: Literal["node_skipped"] = "node_skipped"


class NodeWaiting(_Data):
    """The node waits for a time, for a person, or for whichever comes first. `request` is what is asked."""

    type: Literal["node_waiting"] = "node_waiting"
    until: datetime | None = None
    request: dict[str, JsonValue] | None = None


class TaskStarted(_Data):
    type: Literal["task_started"] = "task_started"
    task: str
    agent: str


class TaskCompleted(_Data):
    type: Literal["task_completed"] = "task_completed"
    task: str
    agent: str
    output: JsonValue = None


class LlmStarted(_Data):
    """A model call begins. All its events have the same `call_id`; `agent` is set inside crews."""

    type: Literal["llm_started"] = "llm_started"
    call_id: str
    provider: str
    model: str
    agent: str | None = None
    messages: list[JsonValue] = []


class LlmToken(_Data):
    """A piece of streamed text. Pieces of one call that arrive together are joined into one event."""

    type: Literal["llm_token"] = "llm_token"
    call_id: str
    text: str


class LlmCompleted(_Data):
    type: Literal["llm_completed"] = "llm_completed"
    call_id: str
    provider: str
    model: str
    text: str
    tool_calls: list[JsonValue] = []
    finish_reason: str | None = None
    duration_ms: int
    usage: Usage
    priced: bool = True  # False: no price is known for the model, so cost_usd is 0


class LlmFailed(_Data):
    type: Literal["llm_failed"] = "llm_failed"
    call_id: str
    provider: str
    model: str
    error: NodeFailure
    duration_ms: int


class LlmFailover(_Data):
    """A provider failed, and the call goes to the next one."""

    type: Literal["llm_failover"] = "llm_failover"
    call_id: str
    from_provider: str
    to_provider: str
    reason: str


class ToolStarted(_Data):
    """A tool begins to work. All its events have the same `call_id`; `agent` is set inside crews."""

    type: Literal["tool_started"] = "tool_started"
    call_id: str
    tool: str
    agent: str | None = None
    arguments: JsonValue = None


class ToolOutput(_Data):
    """What a tool prints while it works, piece by piece."""

    type: Literal["tool_output"] = "tool_output"
    call_id: str
    text: str


class ToolCompleted(_Data):
    """`tier` is the sandbox that the tool ran in; null for builtin ones. An output that is too large for the
    trace is cut, and is text then."""

    type: Literal["tool_completed"] = "tool_completed"
    call_id: str
    tool: str
    output: JsonValue = None
    duration_ms: int
    tier: str | None = None


class ToolFailed(_Data):
    """`exceeded` is the limit of the sandbox that the tool hit, such as `memory`."""

    type: Literal["tool_failed"] = "tool_failed"
    call_id: str
    tool: str
    error: NodeFailure
    duration_ms: int
    tier: str | None = None
    exceeded: str | None = None


class Log(_Data):
    type: Literal["log"] = "log"
    level: Literal["debug", "info", "warning", "error"] = "info"
    message: str
    details: dict[str, JsonValue] = {}


JournalData = (
    ExecutionQueued
    | ExecutionStarted
    | ExecutionWaiting
    | ExecutionResumed
    | ExecutionCompleted
    | ExecutionFailed
    | ExecutionCancelled
    | NodeStarted
    | NodeCompleted
    | NodeFailed
    | NodeRetrying
    | NodeSkipped
    | NodeWaiting
)
TraceData = (
    TaskStarted
    | TaskCompleted
    | LlmStarted
    | LlmToken
    | LlmCompleted
    | LlmFailed
    | LlmFailover
    | ToolStarted
    | ToolOutput
    | ToolCompleted
    | ToolFailed
    | Log
)
EventData = JournalData | TraceData

DATA_MODELS: dict[str, type[EventData]] = {
    model.model_fields["type"].default: model for model in (*get_args(JournalData), *get_args(TraceData))
}
JOURNAL_TYPES = frozenset(model.model_fields["type"].default for model in get_args(JournalData))
FINAL_TYPES = frozenset({"execution_completed", "execution_failed", "execution_cancelled"})


class Event(BaseModel):
    """The envelope. `seq` rises by one from 1; one writer per execution gives it out."""

    model_config = ConfigDict(frozen=True)

    seq: int
    execution_id: UUID
    type: str
    node_id: str | None = None
    timestamp: datetime
    data: dict[str, Any]

    def payload(self) -> EventData:
        """The typed data.

        Raises:
            KeyError: the type is not one of DATA_MODELS.
            pydantic.ValidationError: the data do not fit the type.
        """
        return DATA_MODELS[self.type].model_validate({**self.data, "type": self.type})

    @property
    def final(self) -> bool:
        """Whether this is the last event of its execution."""
        return self.type in FINAL_TYPES


def envelope(
    data: EventData, *, seq: int, execution_id: UUID, node_id: str | None, timestamp: datetime
) -> Event:
    """Wrap typed data; the type moves from the data into the envelope."""
    return Event(
        seq=seq,
        execution_id=execution_id,
        type=data.type,
        node_id=node_id,
        timestamp=timestamp,
        data=_plain(data),
    )


# What was looked through when it was made, and may be large.
_CLEAN = frozenset({"inputs", "output", "outputs", "rounds"})


def _plain(data: EventData) -> dict[str, Any]:
    fields = _CLEAN & type(data).model_fields.keys() if data.type in JOURNAL_TYPES else ()
    known = {name: getattr(data, name) for name in fields}
    plain = clean(data.model_dump(mode="json", exclude={"type", *known}))
    return {
        name: known[name] if name in known else plain[name]
        for name in type(data).model_fields
        if name != "type"
    }
