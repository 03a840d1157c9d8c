"""Compiling a flow: every problem is found at once, and a flow without errors becomes a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from watchbill.core.flow.definition import MAX_BYTES, FlowDefinition
from watchbill.core.flow.problems import Problem
from watchbill.core.node_types import NodeType
from watchbill.core.plan.levels import compile_level
from watchbill.core.plan.plan import Graph, Plan
from watchbill.core.plan.reading import read_definition
from watchbill.core.plan.surroundings import Surroundings


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
    return _compiled(definition, types, judged=True)


def _compiled(definition: object, types: Mapping[str, NodeType], *, judged: bool) -> Compilation:
    read = read_definition(definition)
    if read.flow is None:
        return Compilation(None, read.problems)
    around = Surroundings(types, judged=judged, lost=read.lost, whole=read.whole)
    graph, found = compile_level(read.flow, around)
    plan = None if graph is None or read.problems else Plan(read.flow, graph)
    return Compilation(plan, (*read.problems, *found))


def stored_plan(definition: object, types: Mapping[str, NodeType]) -> Plan:
    """The plan that an execution began with, compiled again; with an `obstacle` where this version does not
    accept it any more. What it reads was judged when it began: it is not refused now for what it may do."""
    compiled = _compiled(definition, types, judged=False)
    if compiled.plan is not None:
        return compiled.plan
    obstacle = next(problem for problem in compiled.problems if problem.severity == "error")
    return Plan(FlowDefinition.model_validate({"nodes": []}), Graph({}, ()), obstacle)


def too_large(size: int) -> Problem | None:
    """The problem of a definition whose JSON text has `size` bytes, if that is too many."""
    if size <= MAX_BYTES:
        return None
    text = f"The definition has {size:,} bytes; at most {MAX_BYTES:,} are allowed. Split the flow up."
    return Problem(code="definition_too_large", message=text)
