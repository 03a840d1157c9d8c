"""Compiling a flow: every problem is found in one pass, and a flow without errors becomes a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from pydantic import ValidationError

from watchbill.core.expressions import Reference
from watchbill.core.flow.definition import MAX_BYTES, MAX_NODES, FlowDefinition, Node
from watchbill.core.flow.problems import Problem
from watchbill.core.node_types import NodeType
from watchbill.core.plan import graph
from watchbill.core.plan.fields import Allowed, dotted, read_fields, sentence, validate_config
from watchbill.core.plan.plan import Link, Plan, PlanNode

ERROR_HANDLE = "error"


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

    Never raises for a bad definition: whatever is wrong comes back as problems.
    """
    flow, problems = _parse(definition)
    if flow is None:
        return Compilation(None, tuple(problems))
    nodes = {node.id: node for node in flow.nodes}
    problems += graph.duplicate_ids(flow.nodes, flow.edges)
    problems += graph.dangling_edges(nodes, flow.edges)
    problems += _type_problems(flow.nodes, types)
    if any(problem.severity == "error" for problem in problems):
        # References and reachability mean nothing on a broken graph; the fields can still be checked.
        return Compilation(None, (*problems, *_field_problems(flow.nodes, types)))
    order, stuck = graph.topological_order(nodes, flow.edges)
    if stuck:
        cycle = graph.cycle_problem(stuck, flow.edges)
        return Compilation(None, (cycle, *_field_problems(flow.nodes, types)))
    return _compile_graph(flow, nodes, order, types, problems)


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
        id_ = entry.get("id") if isinstance(entry, Mapping) else None
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


def _type_problems(nodes: Sequence[Node], types: Mapping[str, NodeType]) -> list[Problem]:
    problems = [
        Problem(
            node_id=node.id,
            field="type",
            code="unknown_node_type",
            message=f"There is no node type `{node.type}`. Known: {', '.join(sorted(types))}.",
        )
        for node in nodes
        if node.type not in types
    ]
    for kind, type_ in types.items():
        extra = [node for node in nodes if node.type == kind][type_.limit :] if type_.limit else []
        problems += [
            Problem(
                node_id=node.id,
                code="too_many_of_type",
                message=f"A flow has only {type_.limit} {type_.title} node; remove this one.",
            )
            for node in extra
        ]
    if not any(node.type == "input" for node in nodes):
        problems.append(
            Problem(code="no_input", message="The flow has no Input node; add one to start from.")
        )
    if not any(node.type == "output" for node in nodes):
        text = "The flow has no Output node, so a run gives no result."
        problems.append(Problem(code="no_output", message=text, severity="warning"))
    return problems


def _field_problems(nodes: Sequence[Node], types: Mapping[str, NodeType]) -> list[Problem]:
    problems: list[Problem] = []
    for node in nodes:
        if type_ := types.get(node.type):
            problems += validate_config(node, type_)[1]
            problems += read_fields(node, type_, lambda _reference: None)[2]
    return problems


def _compile_graph(
    flow: FlowDefinition,
    nodes: Mapping[str, Node],
    order: Sequence[str],
    types: Mapping[str, NodeType],
    problems: list[Problem],
) -> Compilation:
    entry = next(node.id for node in flow.nodes if node.type == "input")
    before = graph.ancestors(order, flow.edges)
    position = {id_: index for index, id_ in enumerate(order)}
    links: dict[str, list[Link]] = {id_: [] for id_ in order}
    incoming = dict.fromkeys(order, 0)
    for edge in flow.edges:
        links[edge.source].append(Link(edge.target, edge.source_handle))
        incoming[edge.target] += 1
    problems += _reach_problems(entry, order, flow)
    fields = _input_fields(nodes[entry])
    plan_nodes: dict[str, PlanNode] = {}
    ports: dict[str, list[str | None]] = {}
    for id_ in order:
        node, type_ = nodes[id_], types[nodes[id_].type]
        config, found = validate_config(node, type_)
        if config is not None:
            ports[id_] = type_.handles(node.config)
        templates, conditions, more = read_fields(node, type_, _allowed(id_, nodes, before, position, fields))
        problems += [*found, *more]
        plan_nodes[id_] = PlanNode(
            node, type_, tuple(templates), conditions, tuple(links[id_]), incoming[id_]
        )
    problems += _handle_problems(flow, nodes, ports)
    broken = any(problem.severity == "error" for problem in problems)
    return Compilation(None if broken else Plan(flow, plan_nodes, entry), tuple(problems))


def _reach_problems(entry: str, order: Sequence[str], flow: FlowDefinition) -> list[Problem]:
    found = graph.reachable(entry, flow.edges)
    text = "Nothing leads here from the Input node, so it would never run. Connect or remove it."
    problems = [Problem(node_id=id_, code="unreachable", message=text) for id_ in order if id_ not in found]
    problems += [
        Problem(edge_id=edge.id, code="input_has_source", message="Nothing can come before the Input node.")
        for edge in flow.edges
        if edge.target == entry
    ]
    return problems


def _input_fields(node: Node) -> set[str] | None:
    """Names of the declared inputs, or None while they cannot be read."""
    fields: Any = node.config.get("fields")
    if not isinstance(fields, list):
        return None
    return {
        str(field["name"])
        for field in cast("list[Any]", fields)
        if isinstance(field, Mapping) and "name" in field
    }


def _allowed(
    id_: str,
    nodes: Mapping[str, Node],
    before: Mapping[str, int],
    position: Mapping[str, int],
    fields: set[str] | None,
) -> Allowed:
    def allowed(reference: Reference) -> tuple[str, str] | None:
        name = reference.name
        if name is None:
            return None
        if reference.root == "inputs":
            if fields is None or name in fields:
                return None
            return "reference_unknown_input", f"The Input node has no field `{name}`."
        if name not in nodes:
            return "reference_unknown_node", f"There is no node `{name}`."
        if not before[id_] >> position[name] & 1:
            return (
                "reference_not_upstream",
                f"`{name}` does not run before this node; connect it upstream first.",
            )
        return None

    return allowed


def _handle_problems(
    flow: FlowDefinition,
    nodes: Mapping[str, Node],
    ports: Mapping[str, list[str | None]],
) -> list[Problem]:
    problems: list[Problem] = []
    for edge in flow.edges:
        if edge.source not in ports:
            continue
        handles = list(ports[edge.source])
        if nodes[edge.source].on_error == "branch":
            handles.append(ERROR_HANDLE)
        if edge.source_handle not in handles:
            names = ", ".join(f"`{handle}`" for handle in handles if handle) or "only the default one"
            text = f"`{edge.source}` has no branch `{edge.source_handle or 'default'}`; it has {names}."
            if not handles:
                text = f"Nothing can come after `{edge.source}`."
            problems.append(
                Problem(edge_id=edge.id, field="source_handle", code="edge_unknown_handle", message=text)
            )
    return problems
