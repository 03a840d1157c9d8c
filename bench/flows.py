"""The flows that are measured."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

Node = dict[str, Any]
Definition = dict[str, Any]

_INPUT: Node = {"id": "in", "type": "input", "config": {"fields": [{"name": "topic", "type": "string"}]}}
_OUTPUT: Node = {"id": "out", "type": "output", "config": {"values": {"topic": "{{ inputs.topic }}"}}}


def _line(middle: list[Node]) -> Definition:
    """input, then the nodes one after another, then output."""
    nodes = [_INPUT, *middle, _OUTPUT]
    edges = [{"id": f"{a['id']}-{b['id']}", "source": a["id"], "target": b["id"]} for a, b in pairwise(nodes)]
    return {"schema": "watchbill.flow/v1", "nodes": nodes, "edges": edges}


def transforms(count: int) -> Definition:
    """A line of nodes that only compute."""
    config = {"values": {"value": "{{ inputs.topic }}"}}
    return _line([{"id": f"step_{i}", "type": "transform", "config": config} for i in range(count)])


def fan(width: int) -> Definition:
    """One node, then so many side by side, then one that joins them."""
    config = {"values": {"value": "{{ inputs.topic }}"}}
    first = {"id": "first", "type": "transform", "config": config}
    wide = [{"id": f"side_{i}", "type": "transform", "config": config} for i in range(width)]
    join = {"id": "join", "type": "transform", "config": config}
    pairs = [
        ("in", "first"),
        *(("first", node["id"]) for node in wide),
        *((node["id"], "join") for node in wide),
        ("join", "out"),
    ]
    edges = [{"id": f"{a}-{b}", "source": a, "target": b} for a, b in pairs]
    nodes = [_INPUT, first, *wide, join, _OUTPUT]
    return {"schema": "watchbill.flow/v1", "nodes": nodes, "edges": edges}


def calls(url: str, count: int) -> Definition:
    """A line of HTTP requests."""
    return _line([{"id": f"call_{i}", "type": "http_request", "config": {"url": url}} for i in range(count)])


def long_and_parked(rows: int) -> Definition:
    """A Map over rows, in each of which is a Map over as many items; then a wait of an hour."""
    items = "{{ [" + ", ".join(map(str, range(rows))) + "] }}"
    cell = {"id": "cell", "type": "transform", "config": {"values": {"x": "{{ item }}"}}}
    row = {"id": "row", "type": "map", "config": {"items": items, "body": {"nodes": [cell], "edges": []}}}
    each = {"id": "each", "type": "map", "config": {"items": items, "body": {"nodes": [row], "edges": []}}}
    return _line([each, {"id": "nap", "type": "wait", "config": {"seconds": 3600}}])


def questions(count: int) -> Definition:
    """A line of single LLM calls."""
    config = {"prompt": "Say something about {{ inputs.topic }}."}
    return _line([{"id": f"ask_{i}", "type": "llm", "config": config} for i in range(count)])


def agent() -> Definition:
    """One CrewAI agent with one task."""
    config = {
        "agent": {"role": "Writer", "goal": "Write about {{ inputs.topic }}", "backstory": "You write well."},
        "task": {"description": "Write about {{ inputs.topic }}", "expected_output": "A paragraph."},
    }
    return _line([{"id": "write", "type": "agent", "config": config}])
