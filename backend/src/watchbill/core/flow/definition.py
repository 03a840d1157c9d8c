"""The flow definition, `watchbill.flow/v1`: nodes, edges and where they stand on the canvas."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

SCHEMA = "watchbill.flow/v1"
MAX_NODES = 2_000
MAX_EDGES = 10_000
MAX_DEPTH = 5
MAX_BYTES = 2 * 1024 * 1024
ID_PATTERN = r"^[a-z][a-z0-9_]{0,62}$"

Id = Annotated[str, Field(pattern=ID_PATTERN)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RetryPolicy(_Model):
    """How many times a node is tried, after which failures, and how long it waits before each attempt."""

    max_attempts: int = Field(
        default=1, ge=1, le=20, title="Attempts", description="How many times the node is tried."
    )
    backoff_seconds: float = Field(default=1.0, ge=0, le=3600, title="First wait (s)")
    multiplier: float = Field(
        default=2.0, ge=1, le=10, title="Factor", description="Each wait is this many times the one before."
    )
    max_backoff_seconds: float = Field(default=3600.0, ge=0, le=86400, title="Longest wait (s)")
    jitter: float = Field(
        default=0.0,
        ge=0,
        le=1,
        title="Jitter",
        description="How much of each wait is random, so that many attempts do not begin at once.",
    )
    kinds: list[Literal["user", "upstream", "timeout", "limit", "bug"]] = Field(
        default=["upstream", "timeout"],
        max_length=5,
        title="After",
        description="The kinds of failure that are worth another try.",
    )


class Position(_Model):
    """Where a node stands on the canvas, in pixels."""

    x: float = Field(ge=-1e7, le=1e7)
    y: float = Field(ge=-1e7, le=1e7)


class Node(_Model):
    """One thing that a flow does. The node's type decides what `config` may have; see GET /node-types."""

    id: Id
    type: str = Field(max_length=100)
    label: str = Field("", max_length=200)
    config: dict[str, Any] = {}
    retry: RetryPolicy = RetryPolicy()
    timeout_seconds: float | None = Field(default=None, gt=0, le=7 * 86400)
    on_error: Literal["fail", "continue", "branch"] = "fail"
    default: JsonValue = Field(
        None, title="Default output", description="The output when the node failed and the flow continues."
    )


class Edge(_Model):
    """An arrow: the target runs after the source. `source_handle` names the branch it leaves from."""

    id: str = Field(min_length=1, max_length=200)
    source: str = Field(max_length=200)
    target: str = Field(max_length=200)
    source_handle: str | None = Field(default=None, max_length=200)


class Body(_Model):
    """The nodes that a Map or Loop runs again and again. It starts at those that nothing leads to."""

    nodes: list[Node] = Field(default=[], max_length=MAX_NODES)
    edges: list[Edge] = Field(default=[], max_length=MAX_EDGES)
    layout: dict[str, Position] = {}


class FlowDefinition(_Model):
    """A whole flow as it is saved, shown and run."""

    schema_: Literal["watchbill.flow/v1"] = Field(SCHEMA, alias="schema")
    nodes: list[Node] = Field(max_length=MAX_NODES)
    edges: list[Edge] = Field(default=[], max_length=MAX_EDGES)
    layout: dict[str, Position] = {}
    timeout_seconds: float = Field(default=3600, gt=0, le=30 * 86400)
