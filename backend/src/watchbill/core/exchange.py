"""What a node asked the world and what it was answered, whole enough to be played back to a later
execution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from watchbill.core.events import NodeFailure

ExchangeKind = Literal["llm", "tool", "http"]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request of a node and its answer, or the failure instead of one; JSON values that may still hold
    secrets and be of any size. It is given to the same callback as events, and never decides anything.
    `call_id` is that of the `llm_started` event that has the same messages, where there is one."""

    kind: ExchangeKind
    request: Mapping[str, Any]
    answer: Mapping[str, Any] | None
    error: NodeFailure | None
    duration_ms: int
    call_id: str | None = None
