"""Named values: what Output and Transform are configured with, and give."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from watchbill.core.computing_budget import Budget
from watchbill.core.expressions.shapes import Shape
from watchbill.core.foreseen import Foreseen
from watchbill.core.form_hints import form
from watchbill.core.node_types import NodeResult

_NO_NAME = re.compile(r"\s.*|.*\s|.*[\x00-\x1f\x7f].*|.{201,}|", re.DOTALL)


def _name(text: str) -> str:
    if _NO_NAME.fullmatch(text):
        raise ValueError("A name has 1 to 200 characters, no line breaks, and no spaces around it.")
    return text


# Any text names a field of JSON; one that is no identifier is read as `nodes.x.output["a name"]`.
ValueName = Annotated[str, AfterValidator(_name)]


class Config(BaseModel):
    """Named values, each a template; the node's output is the object they make."""

    model_config = ConfigDict(extra="forbid")

    values: dict[ValueName, Any] = Field(
        min_length=1,
        max_length=100,
        title="Values",
        json_schema_extra=form("template-map", order=1, order_in="order"),
    )
    order: list[str] = Field(
        default=[],
        max_length=100,
        title="Order",
        description="The names as their author put them, as values are stored without an order.",
        json_schema_extra=form("hidden"),
    )


def gives(foreseen: Foreseen) -> Shape:
    """What is known of the values."""
    return foreseen.shape("values")


def evaluate(
    config: Any,
    *,
    inputs: Mapping[str, Any],
    scope: Mapping[str, Any],
    budget: Budget,
    now: datetime | None,
) -> NodeResult:
    """The values, which were rendered already."""
    return NodeResult(config["values"])
