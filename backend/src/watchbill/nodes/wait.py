"""Wait: goes on after a while, or at a time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from watchbill.core.agents import Text
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.flow.problems import Problem
from watchbill.core.node_types import NodeResult, NodeType, Suspension, WaitType

LONGEST = timedelta(days=366)


class Config(BaseModel):
    """How long, or until when: one of the two."""

    model_config = ConfigDict(extra="forbid")

    seconds: float | Annotated[Text, Field(min_length=1)] | None = Field(
        None,
        title="Seconds",
        description="A number, or an expression that gives one.",
        json_schema_extra={"format": "template"},
    )
    until: Annotated[Text, Field(min_length=1)] | None = Field(
        None,
        title="Until",
        description="A time such as 2027-01-31T09:00:00Z, or an expression that gives one.",
        json_schema_extra={"format": "template"},
    )


def _check(config: Any) -> list[Problem]:
    if (config.seconds is None) == (config.until is None):
        text = "Say either how many seconds to wait or until when."
        return [Problem(field="seconds", code="config_invalid", message=text)]
    if isinstance(config.seconds, float) and not 0 <= config.seconds <= LONGEST.total_seconds():
        return [Problem(field="seconds", code="config_invalid", message="Wait between 0 s and 366 days.")]
    return []


def _begin(config: Mapping[str, Any], now: datetime) -> Suspension:
    given = config.get("until")
    left = _seconds(config["seconds"]) if given is None else _time(given) - now
    if left > LONGEST:
        text = "A Wait node waits for 366 days at most."
        raise NodeError(ErrorKind.USER, text, code="wait_too_long")
    return Suspension(now + max(left, timedelta()))


def _seconds(value: Any) -> timedelta:
    try:
        return timedelta(seconds=max(0.0, float(value)))
    except (TypeError, ValueError, OverflowError):
        text = f"`seconds` must be a number; it is {value!r:.80}."
        raise NodeError(ErrorKind.USER, text, code="wait_invalid") from None


def _time(value: Any) -> datetime:
    try:
        time = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        text = f"`until` must be a time such as 2027-01-31T09:00:00Z; it is {value!r:.80}."
        raise NodeError(ErrorKind.USER, text, code="wait_invalid") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _due(config: Mapping[str, Any]) -> NodeResult:
    return NodeResult(None)


TYPE = NodeType(
    kind="wait",
    title="Wait",
    description="Goes on after a while, or at a time.",
    group="logic",
    icon="hourglass",
    keywords=("delay", "sleep", "pause", "timer", "until"),
    config=Config,
    wait=WaitType(begin=_begin, due=_due),
    check=_check,
    default_config={"seconds": 60},
)
