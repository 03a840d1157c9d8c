"""A workflow file: reads it, checks it, and turns `name=value` into the inputs it declares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from watchbill.cli.reading import NotRunnable, read_object
from watchbill.core.flow.definition import MAX_DEPTH
from watchbill.core.flow.problems import Problem
from watchbill.core.json.text import NotExact, read_exactly
from watchbill.core.plan import compile_flow
from watchbill.nodes.input import TYPE as INPUT
from watchbill.nodes.input import check_inputs
from watchbill.nodes.registry import NODE_TYPES

_TEXT_TYPES = ("string", "text")
# What is a name in a definition stays one where YAML would read `true` or `1`.
_NODE_TEXTS = (
    *(("id",), ("type",), ("label",), ("config", "else"), ("config", "cases", "*", "handle")),
    *(("config", "fields", "*", name) for name in ("name", "type", "label", "description")),
    ("config", "fields", "*", "options", "*"),
)
_EDGE_TEXTS = (("id",), ("source",), ("target",), ("source_handle",))
_LEVELS = [
    (*root, *("nodes", "*", "config", "body") * depth)
    for root in ((), ("definition",))
    for depth in range(MAX_DEPTH + 1)
]
_TEXTS = frozenset(
    (
        ("name",),
        ("description",),
        *((*level, "nodes", "*", *path) for level in _LEVELS for path in _NODE_TEXTS),
        *((*level, "edges", "*", *path) for level in _LEVELS for path in _EDGE_TEXTS),
    )
)


@dataclass(frozen=True, slots=True)
class Workflow:
    """A checked file: its name, a description, the definition, and the inputs for this execution."""

    name: str
    description: str | None
    definition: dict[str, Any]
    inputs: dict[str, Any]

    @property
    def labels(self) -> dict[str, str]:
        """What people call each node, in the order of the file."""
        return {node["id"]: node.get("label") or node["id"] for node in self.definition["nodes"]}

    @property
    def outputs(self) -> list[str]:
        """The names of the values it gives back, in the order of the file."""
        nodes = (node for node in self.definition["nodes"] if node["type"] == "output")
        return list(dict.fromkeys(name for node in nodes for name in node["config"]["values"]))


def read_workflow(file: Path, pairs: Sequence[str], inputs_file: Path | None) -> Workflow:
    """Read and check everything that can be checked without a server.

    The file is a definition, or an object with `definition` and, if wanted, `name` and `description`.

    Raises:
        NotRunnable: a file cannot be read, the flow has problems, or the inputs do not fit.
    """
    content = read_object(file, _TEXTS)
    definition = content.get("definition", content)
    compilation = compile_flow(definition, NODE_TYPES)
    if compilation.plan is None:
        raise NotRunnable([_sentence(file, problem) for problem in compilation.problems])
    entry = compilation.plan.nodes[compilation.plan.entry].node
    config = INPUT.config.model_validate(entry.config)
    given = read_object(inputs_file) if inputs_file else {}
    types = {field["name"]: field.get("type", "string") for field in entry.config.get("fields", ())}
    named = [_pair(pair, types) for pair in pairs]
    if twice := sorted({name for name, _ in named if [name for name, _ in named].count(name) > 1}):
        raise NotRunnable([f"The input `{name}` is given twice." for name in twice])
    given |= dict(named)
    _, errors = check_inputs(config, given)  # type: ignore[arg-type]
    if errors:
        raise NotRunnable([f"{error.message}{_offer(error.code, types)}" for error in errors])
    name = str(content.get("name") or file.stem)
    return Workflow(name, content.get("description"), definition, given)


def _pair(pair: str, types: dict[str, str]) -> tuple[str, Any]:
    name, equals, text = pair.partition("=")
    if not equals:
        raise NotRunnable([f"An input is written NAME=VALUE, not {pair!r}."])
    wanted = types.get(name, "string")
    if wanted in _TEXT_TYPES:
        return name, text
    try:
        return name, read_exactly(text)
    except NotExact as fault:
        raise NotRunnable([f"The input `{name}` cannot be kept as it is: {fault}."]) from fault
    except ValueError as error:
        example = {"list": '["a", "b"]', "object": '{"a": 1}', "boolean": "true"}.get(wanted, "3")
        raise NotRunnable(
            [f"The input `{name}` is of type {wanted}; write it like {name}={example}."]
        ) from error


def _offer(code: str, types: dict[str, str]) -> str:
    if code == "missing":
        return " Give it with --input NAME=VALUE."
    if code == "unknown_input" and types:
        return f" It has: {', '.join(types)}."
    return ""


def _sentence(file: Path, problem: Problem) -> str:
    where = (
        f"node {problem.node_id}" if problem.node_id else f"edge {problem.edge_id}" if problem.edge_id else ""
    )
    place = ", ".join(part for part in (where, problem.field or "") if part)
    return f"{file}: {place}: {problem.message}" if place else f"{file}: {problem.message}"
