"""Transform: new values from earlier ones, without calling anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from watchbill.core.node_types import NodeResult, NodeType


class Config(BaseModel):
    """Named values, each a template; the node's output is the object they make."""

    model_config = ConfigDict(extra="forbid")

    values: dict[str, Any] = Field(
        min_length=1, max_length=100, title="Values", json_schema_extra={"format": "template-map"}
    )


def _evaluate(config: Any, *, inputs: Mapping[str, Any], scope: Mapping[str, Any]) -> NodeResult:
    return NodeResult(config["values"])


TYPE = NodeType(
    kind="transform",
    title="Transform",
    description="Builds new values from earlier ones.",
    group="logic",
    icon="braces",
    config=Config,
    evaluate=_evaluate,
    default_config={"values": {"value": ""}},
)
