"""Condition: takes the first branch whose expression is true, or the one for everything else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from watchbill.core.budget import Budget, OverBudget
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.expressions import ExpressionError, parse
from watchbill.core.flow.definition import Id
from watchbill.core.node_types import NodeResult, NodeType


class Case(BaseModel):
    """A branch: its name, and the CEL expression that must be true to take it."""

    model_config = ConfigDict(extra="forbid")

    handle: Annotated[Id, Field(title="Branch")]
    when: str = Field(min_length=1, title="When", json_schema_extra={"format": "cel"})


class Config(BaseModel):
    """Branches in the order they are tried, and the one taken when none fits."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    cases: list[Case] = Field(min_length=1, max_length=50, title="Branches")
    otherwise: Annotated[Id, Field(alias="else", title="Otherwise")] = "otherwise"

    @model_validator(mode="after")
    def _unique(self) -> Config:
        names = [case.handle for case in self.cases]
        for name in {name for name in [*names, self.otherwise] if [*names, self.otherwise].count(name) > 1}:
            raise ValueError(f"Two branches are called `{name}`.")
        return self


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
    expressions=(("cases", "*", "when"),),
    listed_handles={"list": "cases", "name": "handle", "otherwise": "else"},
    default_config={"cases": [{"handle": "yes", "when": ""}], "else": "no"},
)
