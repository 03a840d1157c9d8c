"""JSON Schemas that are correct and hardly meant: they say nothing, or no value satisfies them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard, cast

from watchbill.core.schemas.checking import SchemaProblem
from watchbill.core.schemas.parts import Path, subschemas

# Keywords that a value can break, or that hold schemas which it can.
_SAYING = frozenset(
    (
        *(
            "$dynamicRef",
            "$recursiveRef",
            "$ref",
            "additionalItems",
            "additionalProperties",
            "allOf",
            "anyOf",
        ),
        *("const", "contains", "contentSchema", "dependencies", "dependentRequired", "dependentSchemas"),
        *("else", "enum", "exclusiveMaximum", "exclusiveMinimum", "format", "if", "items", "maxContains"),
        *("maxItems", "maxLength", "maxProperties", "maximum", "minContains", "minItems", "minLength"),
        *("minProperties", "minimum", "multipleOf", "not", "oneOf", "pattern", "patternProperties"),
        *("prefixItems", "properties", "propertyNames", "required", "then", "type", "unevaluatedItems"),
        *("unevaluatedProperties", "uniqueItems"),
    )
)
_REMARKS = frozenset(
    (
        *("$anchor", "$comment", "$defs", "$dynamicAnchor", "$id", "$recursiveAnchor", "$schema"),
        *("$vocabulary", "contentEncoding", "contentMediaType", "default", "definitions", "deprecated"),
        *("description", "example", "examples", "id", "nullable", "readOnly", "title", "writeOnly"),
    )
)
_RANGES = (("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems"))
_MOST = 5


def check_meaning(schema: Mapping[str, Any]) -> list[SchemaProblem]:
    """What a schema without faults can hardly mean: problems of the codes schema_says_nothing, where it lets
    every value pass, and schema_impossible, where it lets none."""
    found: list[SchemaProblem] = []
    waiting: list[tuple[Mapping[str, Any], Path]] = [(schema, ())]
    while waiting and len(found) < _MOST:
        one, path = waiting.pop()
        found += [SchemaProblem(path, *problem) for problem in _problems(one)]
        waiting += [(inner, place) for inner, place in subschemas(one, path) if isinstance(inner, Mapping)]
    return found


def _problems(schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    odd = [key for key in schema if key not in _SAYING and key not in _REMARKS and not key.startswith("x-")]
    if odd and _SAYING.isdisjoint(schema):
        text = (
            f"This says nothing about the answer: `{odd[0][:40]}` is not a keyword of JSON Schema."
            ' To ask for such a field, write {"type": "object", "properties": {…}}.'
        )
        yield "schema_says_nothing", text
    for low, high in _RANGES:
        least, most = schema.get(low), schema.get(high)
        if _is_number(least) and _is_number(most) and least > most:
            yield "schema_impossible", f"No value satisfies this: `{low}` is larger than `{high}`."
    properties, required = schema.get("properties"), schema.get("required")
    if schema.get("additionalProperties") is False and "patternProperties" not in schema:
        known: Mapping[str, Any] = {}
        if isinstance(properties, Mapping):
            known = cast("Mapping[str, Any]", properties)
        listed = cast("list[Any]", required) if isinstance(required, list) else []
        for name in listed:
            if name not in known and schema.get("type", "object") == "object":
                text = (
                    f"No object satisfies this: `{str(name)[:40]}` is required, and is no property. Add it."
                )
                yield "schema_impossible", text


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
