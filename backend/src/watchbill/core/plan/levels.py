"""Compiling one level of a flow: its own nodes, or those of a body within it."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, cast

from pydantic import BaseModel

from watchbill.core.expressions import Expression, Reference
from watchbill.core.flow.definition import MAX_DEPTH, Body, FlowDefinition, Node
from watchbill.core.flow.problems import Problem
from watchbill.core.node_types import NodeType
from watchbill.core.plan import graph
from watchbill.core.plan.fields import (
    Allowed,
    Reader,
    Templates,
    read_fields,
    read_inner,
    validate_config,
)
from watchbill.core.plan.outcomes import doubled_outputs
from watchbill.core.plan.plan import Graph, Link, PlanNode

ERROR_HANDLE = "error"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known around a level.

    Args:
        types: every node type by kind.
        reader: reads the expressions of all levels.
        inputs: names of the declared inputs; None while they cannot be read.
        visible: ids of nodes around it that have finished before it begins.
        names: all ids around it, which its own must differ from.
        local: further names that its expressions may read.
        path: the node whose body it is, ending in a dot; empty for the flow itself.
        depth: how many bodies it lies in.
        body: whether it is the body of a node that repeats it, so it has no Input and Output of its own.
    """

    types: Mapping[str, NodeType]
    reader: Reader = field(default_factory=Reader)
    inputs: frozenset[str] | None = None
    visible: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    local: frozenset[str] = frozenset()
    path: str = ""
    depth: int = 0
    body: bool = False


def compile_level(
    level: FlowDefinition | Body, around: Surroundings
) -> tuple[Graph | None, tuple[Problem, ...]]:
    """The level's graph unless an error stands in the way, and all its problems with those of its bodies."""
    graph_, problems = _compile(level, around)
    named = tuple(
        problem.model_copy(update={"node_id": around.path + problem.node_id})
        if problem.node_id and around.path
        else problem
        for problem in problems
    )
    return graph_, named


def _compile(level: FlowDefinition | Body, around: Surroundings) -> tuple[Graph | None, list[Problem]]:
    kept = [node for node in level.nodes if node.type not in around.types or around.types[node.type].runs]
    nodes = {node.id: node for node in kept}
    problems = graph.duplicate_ids(level.nodes, level.edges)
    problems += _taken(kept, around)
    problems += graph.dangling_edges(nodes, level.edges)
    problems += _type_problems(kept, around)
    if _broken(problems):
        # References and reachability mean nothing on a broken graph; the fields can still be checked.
        return None, [*problems, *_field_problems(kept, around)]
    order, stuck = graph.topological_order(nodes, level.edges)
    if stuck:
        cycle = graph.cycle_problem(stuck, level.edges)
        return None, [cycle, *_field_problems(kept, around)]
    return _Level(level, around, nodes, order, problems).compile()


def _broken(problems: Sequence[Problem]) -> bool:
    return any(problem.severity == "error" for problem in problems)


def _taken(nodes: Sequence[Node], around: Surroundings) -> list[Problem]:
    text = "A node outside this body has the id `{}`; give this one another."
    return [
        Problem(node_id=node.id, code="duplicate_node_id", message=text.format(node.id))
        for node in nodes
        if node.id in around.names
    ]


def _type_problems(nodes: Sequence[Node], around: Surroundings) -> list[Problem]:
    problems = [
        Problem(
            node_id=node.id,
            field="type",
            code="unknown_node_type",
            message=f"There is no node type `{node.type}`. Known: {', '.join(sorted(around.types))}.",
        )
        for node in nodes
        if node.type not in around.types
    ]
    if around.body:
        if not nodes:
            text = "Nothing stands in this body yet; open it and add a node."
            problems.append(Problem(code="empty_body", message=text))
        text = "Input and Output belong to a whole flow; remove this node from the body."
        problems += [
            Problem(node_id=node.id, code="not_in_a_body", message=text)
            for node in nodes
            if node.type in ("input", "output")
        ]
        return problems
    for kind, type_ in around.types.items():
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


def _field_problems(nodes: Sequence[Node], around: Surroundings) -> list[Problem]:
    problems: list[Problem] = []
    for node in nodes:
        if type_ := around.types.get(node.type):
            problems += validate_config(node, type_)[1]
            problems += read_fields(node, type_, lambda _reference: None, around.reader)[2]
    return problems


def _allowed(around: Surroundings, own: Container[str], upstream: Callable[[str], bool]) -> Allowed:
    """Says what may be read at one place: `own` are the nodes of its level, `upstream` tells which of them
    have finished by then."""

    def allowed(reference: Reference) -> tuple[str, str] | None:
        name = reference.name
        if reference.root not in ("inputs", "nodes"):
            if reference.root in around.local:
                return None
            return "reference_unknown_local", f"`{reference.root}` is known only inside a Map or a Loop."
        if name is None:
            return None
        if reference.root == "inputs":
            if around.inputs is None or name in around.inputs:
                return None
            return "reference_unknown_input", f"The Input node has no field `{name}`."
        if name in around.visible or (name in own and upstream(name)):
            return None
        if name not in own and name not in around.names:
            return "reference_unknown_node", f"There is no node `{name}`."
        text = f"`{name}` does not run before this node; connect it upstream first."
        return "reference_not_upstream", text

    return allowed


@dataclass(slots=True)
class _Level:
    """A level whose graph is sound: its fields, bodies and handles are still to be judged."""

    level: FlowDefinition | Body
    around: Surroundings
    nodes: dict[str, Node]
    order: list[str]
    problems: list[Problem]

    def compile(self) -> tuple[Graph | None, list[Problem]]:
        edges = self.level.edges
        links: dict[str, list[Link]] = {id_: [] for id_ in self.order}
        incoming = dict.fromkeys(self.order, 0)
        for edge in edges:
            links[edge.source].append(Link(edge.target, edge.source_handle))
            incoming[edge.target] += 1
        entries = self._entries(incoming)
        before = graph.ancestors(self.order, edges)
        position = {id_: index for index, id_ in enumerate(self.order)}
        plan_nodes: dict[str, PlanNode] = {}
        ports: dict[str, list[str | None]] = {}
        for id_ in self.order:
            written, type_ = self.nodes[id_], self.around.types[self.nodes[id_].type]
            config, found = validate_config(written, type_)
            node = written
            if config is not None:
                node = written.model_copy(update={"config": type_.meant(written.config)})
            if config is not None:
                ports[id_] = type_.handles(node.config)
            upstream = partial(_is_before, before[id_], position)
            allowed = _allowed(self.around, self.nodes, upstream)
            templates, conditions, more = read_fields(node, type_, allowed, self.around.reader)
            self.problems += [*found, *more]
            body, result, until = self._body(node, type_, config, before[id_])
            plan_nodes[id_] = PlanNode(
                node,
                type_,
                tuple(templates),
                conditions,
                tuple(links[id_]),
                incoming[id_],
                body,
                tuple(result),
                until,
            )
        self.problems += self._handle_problems(ports)
        if not _broken(self.problems) and not self.around.body:
            handles = {
                id_: [*found, ERROR_HANDLE] if self.nodes[id_].on_error == "branch" else found
                for id_, found in ports.items()
            }
            self.problems += doubled_outputs(self.nodes, self.order, edges, handles)
        if _broken(self.problems):
            return None, self.problems
        return Graph(plan_nodes, tuple(entries)), self.problems

    def _entries(self, incoming: Mapping[str, int]) -> list[str]:
        """The nodes to begin with. In a flow that is the Input node, and all others must be behind it."""
        if self.around.body:
            return [id_ for id_ in self.order if incoming[id_] == 0]
        entry = next(node.id for node in self.nodes.values() if node.type == "input")
        found = graph.reachable(entry, self.level.edges)
        text = "Nothing leads here from the Input node, so it would never run. Connect or remove it."
        self.problems += [
            Problem(node_id=id_, code="unreachable", message=text) for id_ in self.order if id_ not in found
        ]
        text = "Nothing can come before the Input node."
        self.problems += [
            Problem(edge_id=edge.id, code="input_has_source", message=text)
            for edge in self.level.edges
            if edge.target == entry
        ]
        fields = _input_fields(self.nodes[entry])
        self.around = replace(self.around, inputs=fields)
        return [entry]

    def _body(
        self, node: Node, type_: NodeType, config: BaseModel | None, before: int
    ) -> tuple[Graph | None, Templates, Expression | None]:
        spec = type_.body
        if spec is None or config is None:
            return None, [], None
        body = spec.read(config)
        if body is None:
            return None, [], None
        if self.around.depth >= MAX_DEPTH:
            text = f"Bodies and sub-flows may lie {MAX_DEPTH} deep; this one lies deeper."
            self.problems.append(Problem(node_id=node.id, code="too_deep", message=text))
            return None, [], None
        path, depth = f"{self.around.path}{node.id}.", self.around.depth + 1
        if spec.isolated:
            inner = Surroundings(self.around.types, self.around.reader, path=path, depth=depth)
        else:
            upstream = {id_ for index, id_ in enumerate(self.order) if before >> index & 1}
            inner = replace(
                self.around,
                visible=self.around.visible | upstream,
                names=self.around.names | self.nodes.keys(),
                local=self.around.local | spec.locals,
                path=path,
                depth=depth,
                body=True,
            )
        found, problems = compile_level(body, inner)
        # They carry the whole path already, which is added to this level's own problems only.
        self.problems += [
            problem.model_copy(update={"node_id": (problem.node_id or "").removeprefix(self.around.path)})
            if problem.node_id
            else problem.model_copy(update={"node_id": node.id})
            for problem in problems
        ]
        own = {inner_node.id for inner_node in body.nodes}
        result, until, more = read_inner(
            node, spec, _allowed(inner, own, own.__contains__), self.around.reader
        )
        self.problems += more
        return found, result, until

    def _handle_problems(self, ports: Mapping[str, list[str | None]]) -> list[Problem]:
        problems: list[Problem] = []
        for edge in self.level.edges:
            if edge.source not in ports:
                continue
            handles = list(ports[edge.source])
            if self.nodes[edge.source].on_error == "branch":
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


def _is_before(before: int, position: Mapping[str, int], id_: str) -> bool:
    return bool(before >> position[id_] & 1)


def _input_fields(node: Node) -> frozenset[str] | None:
    """Names of the declared inputs, or None while they cannot be read."""
    fields: Any = node.config.get("fields")
    if not isinstance(fields, list):
        return None
    return frozenset(
        str(cast("Mapping[str, Any]", field)["name"])
        for field in cast("list[Any]", fields)
        if isinstance(field, Mapping) and "name" in field
    )
