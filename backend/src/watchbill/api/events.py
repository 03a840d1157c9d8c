"""The shapes of event data in the OpenAPI document: no route names them one by one, but clients need them."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from watchbill.core.events import DATA_MODELS

_REF = "#/components/schemas/{model}"


def publish_event_shapes(app: FastAPI) -> None:
    """Add a schema per event type to the app's document, and say at Event which belongs to which type."""
    original = app.openapi

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            schemas: dict[str, Any] = original()["components"]["schemas"]
            models = [(model, "serialization") for model in DATA_MODELS.values()]
            _, definitions = models_json_schema(models, ref_template=_REF)  # type: ignore[arg-type]
            for name, schema in definitions["$defs"].items():
                schemas.setdefault(name, schema)
            listed = ", ".join(f"{type_}: {model.__name__}" for type_, model in DATA_MODELS.items())
            schemas["Event"]["properties"]["data"]["description"] = f"Its shape goes by `type` ({listed})."
        return original()

    app.openapi = document
