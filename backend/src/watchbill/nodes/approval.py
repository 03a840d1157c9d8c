"""Approval: a person decides how the flow goes on, and may fill in a form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from watchbill.core.agents import Text
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.node_types import NodeResult, NodeType, Suspension, WaitType
from watchbill.nodes.input import InputField

APPROVED, REJECTED = "approved", "rejected"


class Config(BaseModel):
    """What is asked of whom, and what happens when nobody answers."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[
        Text, Field(min_length=1, title="Question", json_schema_extra={"format": "template"})
    ] = "Go on?"
    details: Annotated[Text, Field(title="Details", json_schema_extra={"format": "template"})] = ""
    role: Literal["member", "admin"] = Field("member", title="Who may answer")
    fields: list[InputField] = Field(
        default=[], max_length=50, title="Form", description="What to fill in when approving."
    )
    deadline_seconds: float | None = Field(None, gt=0, le=366 * 86400, title="Deadline (s)")
    on_deadline: Literal["fail", "approve", "reject"] = Field("fail", title="After the deadline")


def _begin(config: Mapping[str, Any], now: datetime) -> Suspension:
    seconds = config.get("deadline_seconds")
    request = {
        "title": str(config.get("title", "Go on?")),
        "details": str(config.get("details", "")),
        "role": config.get("role", "member"),
        "fields": config.get("fields", []),
    }
    return Suspension(None if seconds is None else now + timedelta(seconds=seconds), request)


def _due(config: Mapping[str, Any]) -> NodeResult:
    match config.get("on_deadline", "fail"):
        case "approve":
            return _result(APPROVED, {"comment": "Nobody answered in time."})
        case "reject":
            return _result(REJECTED, {"comment": "Nobody answered in time."})
        case _:
            raise NodeError(ErrorKind.TIMEOUT, "Nobody answered in time.", code="approval_overdue")


def _answered(answer: Mapping[str, Any]) -> NodeResult:
    return _result(APPROVED if answer["approved"] else REJECTED, answer)


def _result(decision: str, answer: Mapping[str, Any]) -> NodeResult:
    output = {
        "decision": decision,
        "by": answer.get("by"),
        "comment": answer.get("comment") or "",
        "values": answer.get("values") or {},
    }
    return NodeResult(output, handle=decision)


TYPE = NodeType(
    kind="approval",
    title="Approval",
    description="Waits for a person to decide.",
    group="people",
    icon="user-check",
    config=Config,
    wait=WaitType(begin=_begin, due=_due, answered=_answered),
    fixed_handles=(APPROVED, REJECTED),
    verbatim=frozenset({"fields"}),
    default_config={"title": "Go on?"},
)
