"""The OpenAPI document beyond what the routes say: shapes of events and flows, and how answers are sent."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from watchbill.api.events import add_event_shapes
from watchbill.api.flow_shapes import add_flow_shapes
from watchbill.api.problems import ProblemDetails, ProblemResponse

_PROBLEM = {"$ref": f"#/components/schemas/{ProblemDetails.__name__}"}
_HEADERS = {"RequestId": {"description": "Search the logs for it.", "schema": {"type": "string"}}}
_ID = {"X-Request-ID": {"$ref": "#/components/headers/RequestId"}}
# Problems that any route may answer with, and what the document calls them.
PROBLEMS = {
    "4XX": ("Refused", "What is wrong, and where."),
    "503": ("Unavailable", "A service that Watchbill needs does not answer now."),
}


def publish_document(app: FastAPI) -> None:
    """Make the app publish its document whole."""
    original = app.openapi

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            _complete(original())
        return original()

    app.openapi = document


def _complete(document: dict[str, Any]) -> None:
    parts: dict[str, Any] = document["components"]
    add_event_shapes(parts["schemas"])
    add_flow_shapes(parts["schemas"])
    parts["headers"] = _HEADERS
    content = {ProblemResponse.media_type: {"schema": _PROBLEM}}
    parts["responses"] = {
        name: {"description": description, "headers": _ID, "content": content}
        for name, description in PROBLEMS.values()
    }
    for operations in document["paths"].values():
        for operation in operations.values():
            operation["responses"] = {
                status: _described(status, response) for status, response in operation["responses"].items()
            }


def _described(status: str, response: dict[str, Any]) -> dict[str, Any]:
    """FastAPI gives problems the content type of the route's answers; theirs is one of their own."""
    schemas = [body.get("schema") for body in response.get("content", {}).values()]
    if status in PROBLEMS and _PROBLEM in schemas:
        return {"$ref": f"#/components/responses/{PROBLEMS[status][0]}"}
    return {**response, "headers": {**response.get("headers", {}), **_ID}}
