"""Compiling a flow: every problem is found in one pass, and a flow without errors becomes a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from pydantic import ValidationError

from watchbill.core.flow.definition import MAX_BYTES, MAX_NODES, FlowDefinition
from watchbill.core.flow.problems import Problem
from watchbill.core.node_types import NodeType
from watchbill.core.plan.fields import dotted, sentence
from watchbill.core.plan.levels import Surroundings, compile_level
from watchbill.core.plan.plan import Graph, Plan


@dataclass(frozen=True, slots=True)
class Compilation:
    """The plan if nothing stands in the way, and all problems: errors and warnings."""

    plan: Plan | None
    problems: tuple[Problem, ...]

    @property
    def valid(self) -> bool:
        """Whether the flow can run."""
        return self.plan is not None


def compile_flow(definition: object, types: Mapping[str, NodeType]) -> Compilation:
    """Check a definition, given as parsed JSON, and index it for running.

    Never raises for a bad definition: whatever is wrong comes back as problems. A problem inside a body names
    its node by path: `each.write` is the node `write` in the body of `each`.
    """
    flow, problems = _parse(definition)
    if flow is None:
        return Compilation(None, tuple(problems))
    graph, found = compile_level(flow, Surroundings(types))
    return Compilation(None if graph is None else Plan(flow, graph), (*problems, *found))


def stored_plan(definition: object, types: Mapping[str, NodeType]) -> Plan:
    """The plan that an execution began with, compiled again; with an `obstacle` where this version does not
    accept it any more."""
    compiled = compile_flow(definition, types)
    if compiled.plan is not None:
        return compiled.plan
    obstacle = next(problem for problem in compiled.problems if problem.severity == "error")
    return Plan(FlowDefinition.model_validate({"nodes": []}), Graph({}, ()), obstacle)


def _parse(definition: object) -> tuple[FlowDefinition | None, list[Problem]]:
    if isinstance(definition, FlowDefinition):
        return definition, []
    try:
        return FlowDefinition.model_validate(definition), []
    except ValidationError as error:
        return None, [
            _shape_problem(definition, dict(item)) for item in error.errors(include_url=False)[:200]
        ]


def _shape_problem(definition: object, item: Mapping[str, Any]) -> Problem:
    """A structural error, tied to its node or edge where there is one."""
    loc: tuple[str | int, ...] = item["loc"]
    message = sentence(item["type"], item["msg"])
    if item["type"] == "too_long" and loc == ("nodes",):
        return Problem(code="too_many_nodes", message=f"A flow has at most {MAX_NODES:,} nodes; split it up.")
    if len(loc) >= 2 and loc[0] in ("nodes", "edges") and isinstance(loc[1], int):
        entry = cast("Mapping[str, Any]", definition)[loc[0]][loc[1]]
        id_ = cast("Mapping[str, Any]", entry).get("id") if isinstance(entry, Mapping) else None
        if isinstance(id_, str):
            key = "node_id" if loc[0] == "nodes" else "edge_id"
            problem = Problem(field=dotted(loc[2:]), code="schema_invalid", message=message)
            return problem.model_copy(update={key: id_})
    return Problem(field=dotted(loc) or None, code="schema_invalid", message=message)


def too_large(size: int) -> Problem | None:
    """The problem of a definition whose JSON text has `size` bytes, if that is too many."""
    if size <= MAX_BYTES:
        return None
    text = f"The definition has {size:,} bytes; at most {MAX_BYTES:,} are allowed. Split the flow up."
    return Problem(code="definition_too_large", message=text)
