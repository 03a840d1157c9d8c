"""Input: where a flow starts, and the fields of the form that starts it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

from watchbill.core.computing_budget import Budget
from watchbill.core.errors import FieldError
from watchbill.core.expressions.shapes import Shape, map_of
from watchbill.core.flow.definition import Id
from watchbill.core.flow.problems import Problem
from watchbill.core.foreseen import Foreseen
from watchbill.core.form_hints import form
from watchbill.core.json.text import inexact
from watchbill.core.node_types import NodeResult, NodeType

FieldType = Literal["string", "text", "integer", "number", "boolean", "list", "object"]

_ACCEPTS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "text": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "list": (list,),
    "object": (dict,),
}
_KINDS: dict[str, frozenset[str]] = {
    "string": frozenset({"string"}),
    "text": frozenset({"string"}),
    "integer": frozenset({"int"}),
    "number": frozenset({"int", "double"}),
    "boolean": frozenset({"bool"}),
    "list": frozenset({"list"}),
    "object": frozenset({"map"}),
}
# Of unknown fields, in one answer.
_MOST_ERRORS = 100
_WORDS = {"string": "text", "list": "a list", "object": "an object", "integer": "a whole number"}


def _exact(value: JsonValue) -> JsonValue:
    if fault := inexact(value):
        raise ValueError(f"This cannot be kept as it is: {fault}")
    return value


class InputField(BaseModel):
    """One field of the form that starts a flow."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Id, Field(title="Name", json_schema_extra=form(order=1, identifies=True))]
    type: FieldType = Field("string", title="Type", json_schema_extra=form(order=2))
    label: str = Field("", max_length=200, title="Label")
    description: str = Field("", max_length=2000, title="Help text")
    required: bool = Field(True, title="Required", json_schema_extra=form(order=3))
    default: Annotated[JsonValue, AfterValidator(_exact)] = Field(None, title="Default")
    options: list[str] = Field(
        default=[], max_length=200, title="Choices", description="Only these values can be chosen."
    )


class Config(BaseModel):
    """The fields of the form that starts the flow."""

    model_config = ConfigDict(extra="forbid")

    fields: list[InputField] = Field(
        default=[], max_length=100, title="Fields", json_schema_extra=form(order=1)
    )


def check_fields(fields: Sequence[InputField]) -> list[Problem]:
    """What is wrong with the fields of a form, whatever is filled in."""
    problems: list[Problem] = []
    seen: set[str] = set()
    for index, field in enumerate(fields):
        where = f"fields.{index}"
        if field.name in seen:
            text = f"Two fields are called `{field.name}`. Give this one another name."
            problems.append(Problem(field=f"{where}.name", code="duplicate_field", message=text))
        seen.add(field.name)
        if field.options and field.type not in ("string", "text"):
            text = (
                f"Choices are texts, and this field takes {_wanted(field)}. Remove them, or make it a text."
            )
            problems.append(Problem(field=f"{where}.options", code="options_unfit", message=text))
        elif field.default is not None and (why := mismatch(field, field.default)):
            text = f"The default {why}. Change it, or the type of the field."
            problems.append(Problem(field=f"{where}.default", code="default_unfit", message=text))
    return problems


def field_shape(field: InputField) -> Shape:
    """What is known of the value of a field."""
    kinds = _KINDS[field.type]
    if not field.required and field.default is None:
        kinds = kinds | {"null_type"}
    return Shape(kinds)


def check_inputs(
    config: Config, given: Mapping[str, Any], *, exact: bool = False
) -> tuple[dict[str, Any], list[FieldError]]:
    """The inputs with defaults filled in, and errors for what is missing, unknown or of a wrong type."""
    return check_values(config, given, place="inputs", word="input", whose="flow", exact=exact)


def check_values(
    config: Config, given: Mapping[str, Any], *, place: str, word: str, whose: str, exact: bool = False
) -> tuple[dict[str, Any], list[FieldError]]:
    """What was given for the fields of a form, with defaults filled in, and errors for what is missing,
    unknown, of a wrong type, or could not be kept as it is. They lie under `place`; the form is `whose`, and
    a field of it is a `word`. `exact` tells that all of it is known to be what can be kept: to see that of a
    hundred thousand values again would hold up the event loop. Nothing is converted: `1.0` is no whole
    number, and `1` is not true."""
    errors: list[FieldError] = []
    values: dict[str, Any] = {}
    known = {field.name for field in config.fields}
    for name in islice(given.keys() - known, _MOST_ERRORS):
        text = f"The {whose} has no {word} `{name}`."
        errors.append(FieldError((place, name), f"unknown_{word}", text))
    for field in config.fields:
        value = given.get(field.name)
        if value is None:
            value = field.default
        if value is None:
            if field.required:
                text = f"The {word} `{field.name}` is required."
                errors.append(FieldError((place, field.name), "missing", text))
            values[field.name] = None
            continue
        values[field.name] = value
        if not exact and (fault := inexact(value)):
            text = f"The {word} `{field.name}` cannot be kept as it is: {fault}."
            errors.append(FieldError((place, field.name, *fault.path), "not_exact", text))
        elif why := mismatch(field, value):
            errors.append(FieldError((place, field.name), "wrong_type", f"The {word} `{field.name}` {why}."))
    return values, errors


def mismatch(field: InputField, value: Any) -> str | None:
    """Why a value does not fit a field, as the end of a sentence about it."""
    accepted = _ACCEPTS[field.type]
    wanted = _wanted(field)
    # bool is an int in Python, not in JSON
    if not isinstance(value, accepted) or (isinstance(value, bool) and bool not in accepted):
        return f"must be {wanted}"
    if field.options and value not in field.options:
        return f"must be one of: {', '.join(field.options)}"
    return None


def _wanted(field: InputField) -> str:
    return _WORDS.get(field.type, f"a {field.type}" if field.type != "text" else "text")


def _check(config: Config) -> list[Problem]:
    return check_fields(config.fields)


def _gives(foreseen: Foreseen) -> Shape:
    config = Config.model_validate(foreseen.config)
    return map_of({field.name: field_shape(field) for field in config.fields})


def _evaluate(
    config: Any,
    *,
    inputs: Mapping[str, Any],
    scope: Mapping[str, Any],
    budget: Budget,
    now: datetime | None,
) -> NodeResult:
    return NodeResult(dict(inputs))


TYPE = NodeType(
    kind="input",
    title="Input",
    description="Starts the flow and asks for its inputs.",
    group="flow",
    icon="log-in",
    keywords=("start", "begin", "trigger", "form", "parameters"),
    config=Config,
    evaluate=_evaluate,
    check=_check,
    gives=_gives,
    verbatim=frozenset({"fields"}),
    accepts_input=False,
    limit=1,
    default_config={"fields": [{"name": "topic", "type": "string", "required": True}]},
)
