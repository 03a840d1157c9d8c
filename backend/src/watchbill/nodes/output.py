"""Output: what a run gives back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from watchbill.core.node_types import NodeResult, NodeType


class Config(BaseModel):
    """Named values, each a template."""

    model_config = ConfigDict(extra="forbid")

    values: dict[str, Any] = Field(
        min_length=1, max_length=100, title="Values", json_schema_extra={"format": "template-map"}
    )


def _evaluate(config: Any, *, inputs: Mapping[str, Any], scope: Mapping[str, Any]) -> NodeResult:
    return NodeResult(config["values"])


TYPE = NodeType(
    kind="output",
    title="Output",
    description="Gives the run's result back.",
    group="flow",
    icon="log-out",
    config=Config,
    evaluate=_evaluate,
    fixed_handles=(),
    default_config={"values": {"result": ""}},
)
