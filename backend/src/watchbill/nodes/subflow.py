"""Sub-flow: runs another flow as one node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, cast
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.expressions.shapes import ANY, Shape, map_of
from watchbill.core.flow.definition import FlowDefinition
from watchbill.core.flow.problems import Problem
from watchbill.core.foreseen import Foreseen
from watchbill.core.form_hints import form
from watchbill.core.node_types import BodyType, IterationRules, NodeType
from watchbill.nodes.input import Config as InputConfig
from watchbill.nodes.input import InputField, check_inputs, field_shape, mismatch


class Config(BaseModel):
    """Which flow to run, and its inputs. Starting an execution writes the flow itself into `flow`, so that it
    keeps what it was started with."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=form(widget="subflow"))

    flow_id: UUID | None = Field(None, title="Flow", json_schema_extra=form("flow"))
    version: Annotated[int, Field(ge=1)] | None = Field(
        None, title="Version", description="Empty: the published version, or the draft if there is none."
    )
    inputs: dict[str, Any] = Field(
        default={}, max_length=100, title="Inputs", json_schema_extra=form("template-map")
    )
    flow: FlowDefinition | None = Field(None, json_schema_extra=form("hidden"))


def _check(config: Any) -> list[Problem]:
    if config.flow_id is None and config.flow is None:
        return [Problem(field="flow_id", code="config_missing", message="Choose the flow to run.")]
    return []


def _judge(foreseen: Foreseen) -> list[Problem]:
    """What the flow asks for and is not given, and what it is given and does not take."""
    form = _form(foreseen.config.get("flow"))
    if form is None:
        return []
    given: Mapping[str, Any] = foreseen.config.get("inputs", {})
    known = {field.name: field for field in form.fields}
    problems: list[Problem] = []
    for name in given:
        if name not in known:
            text = f"The flow chosen here has no input `{name[:100]}`. Remove this one, or rename it."
            problems.append(Problem(field=f"inputs.{name[:200]}", code="unknown_input", message=text))
    for name, field in known.items():
        if problem := _wrong_input(field, foreseen, given):
            problems.append(problem.model_copy(update={"field": f"inputs.{name}"}))
    return problems


def _wrong_input(field: InputField, foreseen: Foreseen, given: Mapping[str, Any]) -> Problem | None:
    name = field.name
    if given.get(name) is None:
        if not field.required or field.default is not None:
            return None
        text = f"The flow chosen here requires the input `{name}`. Give it a value."
        return Problem(code="input_missing", message=text)
    shape = foreseen.shape("inputs", name)
    if foreseen.known("inputs", name) and (value := foreseen.value("inputs", name)) is not None:
        if why := mismatch(field, value):
            return Problem(code="input_unfit", message=f"The input `{name}` {why}. Give it another value.")
        if value == "" and field.required:
            text = f"The input `{name}` is empty, and the flow chosen here requires it. Give it a value."
            return Problem(code="input_empty", message=text, severity="warning")
        return None
    taken = field_shape(field.model_copy(update={"required": field.required and field.default is None}))
    if taken.kinds and not shape.may_be(*taken.kinds):
        text = f"The input `{name}` takes {taken.words}; this always gives {shape.words}."
        return Problem(code="input_unfit", message=f"{text} Give it another value.")
    return None


def _form(flow: Any) -> InputConfig | None:
    """The form of the flow that is run; None while it cannot be read."""
    node = next((node for node in _nodes(flow) if node.get("type") == "input"), None)
    try:
        return None if node is None else InputConfig.model_validate(node.get("config", {}))
    except ValidationError:
        return None


def _gives(foreseen: Foreseen) -> Shape:
    """The outputs of the flow, each of which may be missing."""
    nodes = _nodes(foreseen.config.get("flow"))
    if not nodes:
        return ANY
    names: dict[str, Shape] = {}
    for node in nodes:
        config: dict[str, Any] = node.get("config") or {}
        values = config.get("values") if node.get("type") == "output" else None
        if isinstance(values, dict):
            names.update(dict.fromkeys(cast("dict[str, Any]", values), ANY))
    return map_of(names)


def _nodes(flow: Any) -> list[dict[str, Any]]:
    return cast("dict[str, Any]", flow).get("nodes", []) if isinstance(flow, Mapping) else []


def _rules(config: Mapping[str, Any]) -> IterationRules:
    node = next(node for node in config["flow"]["nodes"] if node["type"] == "input")
    inputs, errors = check_inputs(InputConfig.model_validate(node.get("config", {})), config["inputs"])
    if errors:
        raise NodeError(ErrorKind.USER, errors[0].message, code=errors[0].code)
    return IterationRules(total=1, items=[None], inputs=inputs)


def _gather(results: Sequence[Any]) -> Any:
    return results[0]


TYPE = NodeType(
    kind="subflow",
    title="Sub-flow",
    description="Runs another flow as one node.",
    group="flow",
    icon="workflow",
    keywords=("workflow", "call", "reuse", "child", "function"),
    config=Config,
    body=BodyType(
        read=lambda config: config.flow,
        field="flow",
        rules=_rules,
        gather=_gather,
        isolated=True,
    ),
    check=_check,
    judge=_judge,
    gives=_gives,
    default_config={"inputs": {}},
)
