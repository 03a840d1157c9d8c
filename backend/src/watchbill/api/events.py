"""The shapes of event data in the OpenAPI document: no route names them one by one, but clients need them."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from watchbill.core.events import DATA_MODELS

_REF = "#/components/schemas/{model}"


def add_event_shapes(schemas: dict[str, Any]) -> None:
    """Add a schema per event type to a document's, and say at Event which belongs to which type."""
    models = [(model, "serialization") for model in DATA_MODELS.values()]
    _, definitions = models_json_schema(models, ref_template=_REF)  # type: ignore[arg-type]
    for name, schema in definitions["$defs"].items():
        schemas.setdefault(name, schema)
    listed = ", ".join(f"{type_}: {model.__name__}" for type_, model in DATA_MODELS.items())
    schemas["Event"]["properties"]["data"]["description"] = f"Its fields depend on `type` ({listed})."
