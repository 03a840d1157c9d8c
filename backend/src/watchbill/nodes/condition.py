"""Condition: takes the first branch whose expression is true, or the one for everything else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from watchbill.core.computing_budget import Budget, OverBudget
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.expressions import ExpressionError, parse
from watchbill.core.expressions.shapes import TEXT, Shape, map_of
from watchbill.core.flow.definition import Id
from watchbill.core.flow.problems import Problem
from watchbill.core.foreseen import Foreseen
from watchbill.core.form_hints import form
from watchbill.core.node_types import NodeResult, NodeType


class Case(BaseModel):
    """A branch: its name, and the CEL expression that must be true to take it."""

    model_config = ConfigDict(extra="forbid")

    handle: Annotated[Id, Field(title="Branch", json_schema_extra=form(order=1, identifies=True))]
    when: str = Field(min_length=1, title="When", json_schema_extra=form("cel", order=2, lines=1))


class Config(BaseModel):
    """Branches in the order they are tried, and the one taken when none fits."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    cases: list[Case] = Field(min_length=1, max_length=50, title="Branches", json_schema_extra=form(order=1))
    otherwise: Annotated[Id, Field(alias="else", title="Otherwise", json_schema_extra=form(order=2))] = (
        "otherwise"
    )


def _check(config: Config) -> list[Problem]:
    """Branches of one name: an edge would not tell which it leaves from."""
    named = [(f"cases.{index}.handle", case.handle) for index, case in enumerate(config.cases)]
    seen: set[str] = set()
    problems: list[Problem] = []
    for field, name in [*named, ("else", config.otherwise)]:
        if name in seen:
            text = f"Two branches are called `{name}`. Give this one another name."
            problems.append(Problem(field=field, code="duplicate_branch", message=text))
        seen.add(name)
    return problems


def _judge(foreseen: Foreseen) -> list[Problem]:
    return [
        Problem(
            field=f"cases.{index}.when",
            code="branch_never_taken",
            message=f"The branch `{name}` is never taken: {why}. Change the condition, or remove the branch.",
            severity="warning",
        )
        for index, name, why in _never_taken(foreseen)
    ]


def _idle(foreseen: Foreseen) -> frozenset[str]:
    cases: list[Any] = foreseen.config["cases"]
    always = any(foreseen.fixed.get(("cases", index, "when")) is True for index in range(len(cases)))
    otherwise = {foreseen.config.get("else", "otherwise")} if always else set[str]()
    return frozenset(otherwise.union(name for _, name, _ in _never_taken(foreseen)))


def _never_taken(foreseen: Foreseen) -> Iterator[tuple[int, str, str]]:
    """Branches whose condition is false, or in whose place an earlier one is taken: index, name and why."""
    before: dict[str, str] = {}
    always: str | None = None
    for index, case in enumerate(foreseen.config["cases"]):
        field, name, when = ("cases", index, "when"), case["handle"], case["when"].strip()
        if always is not None:
            why = f"the branch `{always}` before it is always taken"
        elif when in before:
            why = f"the branch `{before[when]}` before it has the same condition"
        elif foreseen.fixed.get(field) is False:
            why = "its condition is never true"
        else:
            before[when] = name
            always = name if foreseen.fixed.get(field) is True else None
            continue
        yield index, name, why


def _gives(_foreseen: Foreseen) -> Shape:
    return map_of({"branch": TEXT})


def _evaluate(
    config: Any,
    *,
    inputs: Mapping[str, Any],
    scope: Mapping[str, Any],
    budget: Budget,
    now: datetime | None,
) -> NodeResult:
    for index, case in enumerate(config["cases"]):
        try:
            value = parse(case["when"]).evaluate(scope, budget, now)
        except (ExpressionError, OverBudget) as error:
            error.at(("cases", index, "when"))
            raise
        if not isinstance(value, bool):
            text = f"The expression of branch `{case['handle']}` gave {value!r:.80} instead of true or false."
            raise NodeError(ErrorKind.USER, text, code="not_boolean")
        if value:
            return NodeResult({"branch": case["handle"]}, handle=case["handle"])
    otherwise = config.get("else", "otherwise")
    return NodeResult({"branch": otherwise}, handle=otherwise)


TYPE = NodeType(
    kind="condition",
    title="Condition",
    description="Takes one of several branches.",
    group="logic",
    icon="split",
    keywords=("if", "else", "switch", "case", "branch", "router", "route", "decide"),
    config=Config,
    evaluate=_evaluate,
    check=_check,
    judge=_judge,
    gives=_gives,
    idle=_idle,
    expressions=(("cases", "*", "when"),),
    listed_handles={"list": "cases", "name": "handle", "otherwise": "else"},
    default_config={"cases": [{"handle": "yes", "when": ""}], "else": "no"},
)
