"""Named values: what Output and Transform are configured with, and give."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from watchbill.core.budget import Budget
from watchbill.core.node_types import NodeResult


class Config(BaseModel):
    """Named values, each a template; the node's output is the object they make."""

    model_config = ConfigDict(extra="forbid")

    values: dict[str, Any] = Field(
        min_length=1, max_length=100, title="Values", json_schema_extra={"format": "template-map"}
    )
    order: list[str] = Field(
        default=[],
        max_length=100,
        title="Order",
        description="The names as their author put them, as values are stored without an order.",
        json_schema_extra={"format": "hidden"},
    )


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
