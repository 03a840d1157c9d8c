"""Small flows for tests, written down as users would."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from watchbill.core.plan import Plan, compile_flow
from watchbill.nodes.registry import NODE_TYPES


def node(id_: str, type_: str, config: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {"id": id_, "type": type_, "config": config, **rest}


def edge(source: str, target: str, handle: str | None = None) -> dict[str, Any]:
    return {
        "id": f"{source}-{target}-{handle or ''}",
        "source": source,
        "target": target,
        "source_handle": handle,
    }


def flow(nodes: list[dict[str, Any]], edges: list[dict[str, Any]], **rest: Any) -> dict[str, Any]:
    return {"schema": "watchbill.flow/v1", "nodes": nodes, "edges": edges, **rest}


def input_node(*names: str, **types: str) -> dict[str, Any]:
    """Texts by name, and fields of other types, such as `rows="list"`."""
    typed = [{"name": name, "type": type_} for name, type_ in types.items()]
    return node("in", "input", {"fields": [*({"name": name} for name in names), *typed]})


def transform(id_: str, value: Any = "{{ inputs.topic }}", **rest: Any) -> dict[str, Any]:
    return node(id_, "transform", {"values": {"value": value}}, **rest)


def llm(id_: str, prompt: str = "{{ inputs.topic }}", **rest: Any) -> dict[str, Any]:
    return node(id_, "llm", {"prompt": prompt}, **rest)


def output(id_: str = "out", **values: Any) -> dict[str, Any]:
    return node(id_, "output", {"values": values or {"topic": "{{ inputs.topic }}"}})


def planned(definition: dict[str, Any]) -> Plan:
    """The flow as it is executed."""
    compilation = compile_flow(definition, NODE_TYPES)
    assert compilation.plan is not None, compilation.problems
    return compilation.plan


# Needs no model and no input.
ANSWER = flow(
    [node("start", "input", {"fields": []}), node("end", "output", {"values": {"answer": "42"}})],
    [edge("start", "end")],
)


def chain(length: int) -> dict[str, Any]:
    """input -> length transforms in a row -> output."""
    names = ["in", *(f"step_{index}" for index in range(length)), "out"]
    edges = [edge(a, b) for a, b in pairwise(names)]
    return flow([input_node("topic"), *(transform(name) for name in names[1:-1]), output()], edges)


def branching() -> dict[str, Any]:
    """input -> llm -> condition -> one of two outputs."""
    check = {"cases": [{"handle": "long", "when": "size(nodes.ask.output) > 5"}], "else": "short"}
    return flow(
        [
            input_node("topic"),
            llm("ask"),
            node("check", "condition", check),
            output("long_out", answer="{{ nodes.ask.output }}"),
            output("short_out", answer="{{ nodes.ask.output }}"),
        ],
        [
            edge("in", "ask"),
            edge("ask", "check"),
            edge("check", "long_out", "long"),
            edge("check", "short_out", "short"),
        ],
    )
