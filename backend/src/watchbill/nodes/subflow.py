"""Sub-flow: runs another flow as one step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.flow.definition import FlowDefinition
from watchbill.core.flow.problems import Problem
from watchbill.core.node_types import BodyType, NodeType, Rounds
from watchbill.nodes.input import Config as InputConfig
from watchbill.nodes.input import check_inputs


class Config(BaseModel):
    """Which flow is run, and what it is given. A run writes the flow itself into `flow`, so that it keeps
    what it was started with."""

    model_config = ConfigDict(extra="forbid")

    flow_id: UUID | None = Field(None, title="Flow", json_schema_extra={"format": "flow"})
    version: Annotated[int, Field(ge=1)] | None = Field(
        None, title="Version", description="Otherwise the published one, or the draft while there is none."
    )
    inputs: dict[str, Any] = Field(
        default={}, max_length=100, title="Inputs", json_schema_extra={"format": "template-map"}
    )
    flow: FlowDefinition | None = Field(None, json_schema_extra={"format": "hidden"})


def _check(config: Any) -> list[Problem]:
    if config.flow_id is None and config.flow is None:
        return [Problem(field="flow_id", code="config_missing", message="Choose the flow to run.")]
    return []


def _rounds(config: Mapping[str, Any]) -> Rounds:
    node = next(node for node in config["flow"]["nodes"] if node["type"] == "input")
    inputs, errors = check_inputs(InputConfig.model_validate(node.get("config", {})), config["inputs"])
    if errors:
        raise NodeError(ErrorKind.USER, errors[0].message, code=errors[0].code)
    return Rounds(total=1, items=[None], inputs=inputs)


def _gather(results: Sequence[Any]) -> Any:
    return results[0]


TYPE = NodeType(
    kind="subflow",
    title="Sub-flow",
    description="Runs another flow as one step.",
    group="flow",
    icon="workflow",
    keywords=("workflow", "call", "reuse", "child", "function"),
    config=Config,
    body=BodyType(
        read=lambda config: config.flow,
        field="flow",
        rounds=_rounds,
        gather=_gather,
        isolated=True,
    ),
    check=_check,
    default_config={"inputs": {}},
)
