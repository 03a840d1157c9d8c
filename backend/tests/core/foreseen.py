"""Flows that are sure to fail, or are not, and what compiling says of them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from tests.core.flows import edge, flow, node, output, transform
from watchbill.core.flow.problems import Problem
from watchbill.core.plan import compile_flow
from watchbill.nodes.registry import NODE_TYPES

FIELDS: list[dict[str, Any]] = [
    {"name": "n", "type": "integer"},
    {"name": "x", "type": "number"},
    {"name": "t"},
    {"name": "b", "type": "boolean"},
    {"name": "l", "type": "list"},
    {"name": "o", "type": "object"},
    {"name": "maybe", "required": False},
    {"name": "filled", "type": "integer", "required": False, "default": 3},
]
SCHEMA = {"type": "object", "properties": {"title": {"type": "string"}, "tags": {"type": "array"}}}
CLOSED = {**SCHEMA, "additionalProperties": False}


def of(*nodes: dict[str, Any], fields: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """A flow of these nodes in a row, behind an Input node with a field of each type."""
    start = node("in", "input", {"fields": FIELDS if fields is None else fields})
    ids = ["in", *(one["id"] for one in nodes)]
    handles = {one["id"]: "approved" for one in nodes if one["type"] == "approval"}
    edges = [edge(a, b, handles.get(a)) for a, b in pairwise(ids)]
    return flow([start, *nodes], edges)


def problems(definition: Any) -> list[Problem]:
    found = [p for p in compile_flow(definition, NODE_TYPES).problems if p.code != "no_output"]
    for problem in found:
        assert problem.node_id or problem.edge_id or problem.code.startswith(("no_", "schema")), problem
        assert problem.message[-1] in ".`!", problem
    return found


def said(definition: Any) -> list[tuple[str, str | None, str | None, str]]:
    return [(p.code, p.node_id or p.edge_id, p.field, p.severity) for p in problems(definition)]


def condition(*cases: str, **rest: Any) -> dict[str, Any]:
    listed = [{"handle": f"c{index}", "when": when} for index, when in enumerate(cases)]
    return node("pick", "condition", {"cases": listed, **rest})


def http(**config: Any) -> dict[str, Any]:
    return node("call", "http_request", {"url": "https://example.com/", **config})


def asked(schema: dict[str, Any], value: str) -> tuple[dict[str, Any], ...]:
    return node("ask", "llm", {"prompt": "x", "output_schema": schema}), transform("a", value)


def each(items: Any, value: str = "{{ item }}", **rest: Any) -> dict[str, Any]:
    return node("each", "map", {"items": items, "body": {"nodes": [transform("in_it", value)]}, **rest})


def loop(until: str, **rest: Any) -> dict[str, Any]:
    return node("again", "loop", {"until": until, "body": {"nodes": [transform("in_it", "1")]}, **rest})


def wait(**config: Any) -> dict[str, Any]:
    return node("rest", "wait", config)


def approval(**config: Any) -> dict[str, Any]:
    return node("ok", "approval", config)


def subflow(fields: list[dict[str, Any]], out: str = "1", **inputs: Any) -> dict[str, Any]:
    inner = flow(
        [node("in", "input", {"fields": fields}), output("gives", answer=out)], [edge("in", "gives")]
    )
    return node("sub", "subflow", {"inputs": inputs, "flow": inner})
