"""Approval: a person decides how the flow goes on, and may fill in a form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field

from watchbill.core.agents import Text
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.expressions.shapes import ANY, TEXT, Shape, map_of
from watchbill.core.flow.problems import Problem
from watchbill.core.foreseen import Foreseen
from watchbill.core.form_hints import form
from watchbill.core.node_types import NodeResult, NodeType, Suspension, WaitType
from watchbill.nodes.input import InputField, check_fields

APPROVED, REJECTED = "approved", "rejected"
LONGEST_SECONDS = 366 * 86400
ROLES = ("member", "admin")
MOST_PEOPLE = 200

People = Annotated[list[Annotated[Text, Field(min_length=1, max_length=1000)]], Field(max_length=50)]


class Config(BaseModel):
    """What is asked of whom, and what happens when nobody answers."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[
        Text,
        Field(min_length=1, title="Question", json_schema_extra=form("template", order=1, lines=1)),
    ] = "Go on?"
    details: Annotated[Text, Field(title="Details", json_schema_extra=form("template", order=2))] = ""
    role: Literal["member", "admin"] = Field(
        "member",
        title="Who may answer",
        json_schema_extra=form(order=3, labels={"member": "Members and admins", "admin": "Admins only"}),
    )
    fields: list[InputField] = Field(
        default=[],
        max_length=50,
        title="Form fields",
        description="What to fill in when approving.",
        json_schema_extra=form(order=4),
    )
    deadline_seconds: float | None = Field(
        None,
        gt=0,
        le=LONGEST_SECONDS,
        title="Deadline",
        json_schema_extra=form(order=8, unit="seconds"),
    )
    on_deadline: Literal["fail", "approve", "reject"] = Field(
        "fail",
        title="After the deadline",
        json_schema_extra=form(
            order=9,
            when={"deadline_seconds": None},
            labels={"fail": "Fail", "approve": "Count as approved", "reject": "Count as rejected"},
        ),
    )
    notify: People = Field(
        default=[],
        title="Ask by mail",
        description="Addresses of people who may answer, or “member” or “admin” for all of that role.",
        json_schema_extra=form(order=5),
    )
    escalate_after_seconds: float | None = Field(
        None,
        gt=0,
        le=LONGEST_SECONDS,
        title="Ask others after",
        description="When nobody has answered by then, more people are asked by mail.",
        json_schema_extra=form(order=6, unit="seconds"),
    )
    escalate_to: People = Field(
        default=[],
        title="Who else is asked",
        description="As above. It does not change who may answer.",
        json_schema_extra=form(order=7, when={"escalate_after_seconds": None}),
    )


def _check(config: Config) -> list[Problem]:
    problems = [
        *check_fields(config.fields),
        *_unknown("notify", config.notify, config),
        *_unknown("escalate_to", config.escalate_to, config),
    ]
    if config.escalate_after_seconds is None:
        if config.escalate_to:
            text = "Say after how long these people are asked."
            problems.append(Problem(field="escalate_after_seconds", code="config_invalid", message=text))
        return problems
    if not config.escalate_to:
        text = "Say who else to ask."
        problems.append(Problem(field="escalate_to", code="config_invalid", message=text))
    if config.deadline_seconds is not None and config.escalate_after_seconds >= config.deadline_seconds:
        text = "The deadline is over before others are asked."
        problems.append(Problem(field="escalate_after_seconds", code="config_invalid", message=text))
    return problems


def _unknown(field: str, people: list[str], config: Config) -> list[Problem]:
    """What can be told to be wrong before expressions are evaluated."""
    problems: list[Problem] = []
    for index, entry in enumerate(people):
        where = f"{field}.{index}"
        if entry == "member" and config.role == "admin":
            text = "Only admins may answer this. Ask `admin` instead of `member`."
            problems.append(Problem(field=where, code="config_invalid", message=text))
        elif entry not in ROLES and "{{" not in entry and "@" not in entry:
            text = f"`{entry[:80]}` is neither a mail address nor `member` nor `admin`."
            problems.append(Problem(field=where, code="config_invalid", message=text))
    return problems


def _judge(foreseen: Foreseen) -> list[Problem]:
    problems: list[Problem] = []
    for field in ("notify", "escalate_to"):
        for index in range(len(foreseen.config.get(field, []))):
            shape = foreseen.shape(field, index)
            if not shape.may_be("string", "list"):
                text = f"This must be an address, a role, or a list of them; it always gives {shape.words}."
                problems.append(Problem(field=f"{field}.{index}", code="people_invalid", message=text))
    return problems


def _gives(foreseen: Foreseen) -> Shape:
    fields = Config.model_validate({"fields": foreseen.config.get("fields", [])}).fields
    values = map_of(dict.fromkeys((field.name for field in fields), ANY))
    return map_of({"decision": TEXT, "by": ANY, "comment": TEXT, "values": values})


def _begin(config: Mapping[str, Any], now: datetime) -> Suspension:
    seconds = config.get("deadline_seconds")
    request = {
        "title": str(config.get("title", "Go on?")),
        "details": str(config.get("details", "")),
        "role": config.get("role", "member"),
        "fields": config.get("fields", []),
    }
    if mails := _mails(config, now):
        request["mails"] = mails
    return Suspension(None if seconds is None else now + timedelta(seconds=seconds), request)


def _mails(config: Mapping[str, Any], now: datetime) -> dict[str, Any] | None:
    """Who is asked by mail: at once, and from `escalate_at` (RFC 3339) on; None for nobody."""
    after = config.get("escalate_after_seconds")
    mails: dict[str, Any] = {
        "to": _people(config.get("notify", [])),
        "escalate_at": None,
        "escalate_to": list[str](),
    }
    if after is not None:
        mails["escalate_at"] = (now + timedelta(seconds=after)).isoformat()
        mails["escalate_to"] = _people(config.get("escalate_to", []))
    return mails if mails["to"] or mails["escalate_to"] else None


def _people(entries: Any) -> list[str]:
    """Addresses and roles, each once. An expression may give a list of them."""
    flat: list[str] = []
    for entry in entries:
        for one in cast("list[Any]", entry) if isinstance(entry, list) else [entry]:
            if not isinstance(one, str):
                text = f"Whom to ask by mail must be an address or a role; it is {one!r:.80}."
                raise NodeError(ErrorKind.USER, text, code="people_invalid")
            flat.append(one.strip())
    people = [one for one in dict.fromkeys(flat) if one]
    if len(people) > MOST_PEOPLE:
        text = f"At most {MOST_PEOPLE} addresses can be asked by mail; these are {len(people)}."
        raise NodeError(ErrorKind.USER, text, code="people_invalid")
    return people


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
    output: dict[str, Any] = {
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
    keywords=("human", "person", "people", "review", "confirm", "ask", "hitl", "question", "inbox"),
    config=Config,
    wait=WaitType(begin=_begin, due=_due, answered=_answered),
    fixed_handles=(APPROVED, REJECTED),
    verbatim=frozenset({"fields"}),
    check=_check,
    judge=_judge,
    gives=_gives,
    default_config={"title": "Go on?"},
)
