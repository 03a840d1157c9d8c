"""Wait: goes on after a while, or at a time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from watchbill.core.agents import Text
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.expressions.shapes import NULL
from watchbill.core.flow.problems import Problem
from watchbill.core.foreseen import Foreseen
from watchbill.core.form_hints import form
from watchbill.core.node_types import NodeResult, NodeType, Suspension, WaitType
from watchbill.kit.clock import now

LONGEST = timedelta(days=366)


class Config(BaseModel):
    """How long, or until when: one of the two."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=form(widget="wait"))

    seconds: float | Annotated[Text, Field(min_length=1)] | None = Field(
        None,
        title="Seconds",
        description="A number, or an expression that gives one.",
        json_schema_extra=form("template"),
    )
    until: Annotated[Text, Field(min_length=1)] | None = Field(
        None,
        title="Until",
        description="A time such as 2027-01-31T09:00:00Z, or an expression that gives one.",
        json_schema_extra=form("template"),
    )


def _check(config: Any) -> list[Problem]:
    if (config.seconds is None) == (config.until is None):
        text = "Say either how many seconds to wait or until when."
        return [Problem(field="seconds", code="config_invalid", message=text)]
    if isinstance(config.seconds, float) and not 0 <= config.seconds <= LONGEST.total_seconds():
        return [Problem(field="seconds", code="config_invalid", message="Wait between 0 s and 366 days.")]
    return []


def _judge(foreseen: Foreseen) -> list[Problem]:
    """What is written down is tried; of what expressions give the kind is known."""
    for field, kinds, read in (
        ("seconds", ("int", "double", "string", "bool"), _written_seconds),
        ("until", ("string",), _written_time),
    ):
        if foreseen.config.get(field) is None:
            continue
        shape = foreseen.shape(field)
        if not shape.may_be(*kinds):
            wanted = "a number" if field == "seconds" else "a time such as 2027-01-31T09:00:00Z"
            text = f"This must be {wanted}; it always gives {shape.words}."
            return [Problem(field=field, code="wait_invalid", message=text)]
        if foreseen.known(field):
            return read(foreseen.value(field))
    return []


def _written_seconds(value: Any) -> list[Problem]:
    try:
        left = _seconds(value)
    except NodeError as error:
        text = f"{error.detail} Write a number such as 60, or an expression in {{{{ }}}}."
        return [Problem(field="seconds", code=error.error_code, message=text)]
    if left > LONGEST:
        return [Problem(field="seconds", code="config_invalid", message="Wait between 0 s and 366 days.")]
    if float(value) < 0:
        text = "This is less than zero, so the node does not wait. Write how many seconds to wait."
        return [Problem(field="seconds", code="in_the_past", message=text, severity="warning")]
    return []


def _written_time(value: Any) -> list[Problem]:
    try:
        left = _time(value) - now()
    except NodeError as error:
        text = f"{error.detail} Write a time, or an expression in {{{{ }}}}."
        return [Problem(field="until", code=error.error_code, message=text)]
    if left > LONGEST:
        text = "This is more than 366 days away, and a Wait node waits no longer. Choose an earlier time."
        return [Problem(field="until", code="wait_too_long", message=text)]
    if left < timedelta():
        text = "This time has passed, so the node does not wait. Choose a later time, or remove the node."
        return [Problem(field="until", code="in_the_past", message=text, severity="warning")]
    return []


def _begin(config: Mapping[str, Any], at: datetime) -> Suspension:
    # What is written as an expression may give null.
    if config.get("until") is None and "seconds" in config:
        left = _seconds(config["seconds"])
    else:
        left = _time(config["until"]) - at
    if left > LONGEST:
        text = "A Wait node waits for 366 days at most."
        raise NodeError(ErrorKind.USER, text, code="wait_too_long")
    return Suspension(at + max(left, timedelta()))


def _seconds(value: Any) -> timedelta:
    try:
        # Not max(0, value): what is no number is not less than anything.
        return timedelta(seconds=0.0 if (seconds := float(value)) < 0 else seconds)
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
    judge=_judge,
    gives=lambda _foreseen: NULL,
    default_config={"seconds": 60},
)
