"""The shape of a flow definition in the OpenAPI document: routes take any object as a draft, but clients need
to know what one looks like."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from watchbill.core.flow.definition import FlowDefinition

_REF = "#/components/schemas/{model}"


def add_flow_shapes(schemas: dict[str, Any]) -> None:
    """Add the schema of a definition, and those of its parts, to a document's."""
    _, definitions = models_json_schema([(FlowDefinition, "validation")], ref_template=_REF)
    for name, schema in definitions["$defs"].items():
        schemas.setdefault(name, schema)
