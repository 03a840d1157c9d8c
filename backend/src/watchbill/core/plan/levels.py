"""Compiling one level of a flow: its own nodes, or those of a body within it."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from pydantic import BaseModel

from watchbill.core.expressions import Expression
from watchbill.core.expressions.shapes import ANY
from watchbill.core.flow.definition import MAX_DEPTH, Body, Edge, FlowDefinition, Node
from watchbill.core.flow.problems import Problem
from watchbill.core.foreseen import Foreseen
from watchbill.core.node_types import NodeType
from watchbill.core.plan import graph
from watchbill.core.plan.fields import (
    Templates,
    read_fields,
    read_inner,
    validate_config,
)
from watchbill.core.plan.foresight import foresee, foresee_end, local_shapes
from watchbill.core.plan.outcomes import doubled_outputs
from watchbill.core.plan.plan import Graph, Link, PlanNode
from watchbill.core.plan.reading import Read, read_as
from watchbill.core.plan.surroundings import Surroundings, allowed_at, input_fields, taken_ids, type_problems

ERROR_HANDLE = "error"


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
    nodes: dict[str, Node] = {}
    for node in kept:
        nodes.setdefault(node.id, node)
    problems = graph.duplicate_ids(level.nodes, level.edges)
    problems += taken_ids(kept, around)
    problems += graph.dangling_edges(nodes, level.edges, around.lost)
    # On a broken graph nobody knows what comes before what; everything else is judged all the same.
    whole = around.whole and not _broken(problems)
    problems += type_problems(kept, around)
    edges = [edge for edge in level.edges if edge.source in nodes and edge.target in nodes]
    edges = [edge for edge in edges if edge.source != edge.target]
    order, stuck = graph.topological_order(nodes, edges)
    if stuck:
        problems.append(graph.cycle_problem(stuck, edges))
        edges = graph.without_cycles(order, stuck, edges)
    return _Level(edges, around, nodes, [*order, *stuck], problems, whole and not stuck).compile()


def _broken(problems: Sequence[Problem]) -> bool:
    return any(problem.severity == "error" for problem in problems)


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read of a node: its templates and bare expressions, and what is known of them."""

    templates: Templates
    conditions: Mapping[str, Expression]
    foreseen: Foreseen | None


@dataclass(slots=True)
class _Level:
    """A level whose nodes can be put in an order: its fields, bodies and handles are still to be judged. With
    a graph that is not `whole` nothing is said of what comes before what."""

    edges: Sequence[Edge]
    around: Surroundings
    nodes: dict[str, Node]
    order: list[str]
    problems: list[Problem]
    whole: bool

    def compile(self) -> tuple[Graph | None, list[Problem]]:
        links: dict[str, list[Link]] = {id_: [] for id_ in self.order}
        incoming = dict.fromkeys(self.order, 0)
        for edge in self.edges:
            links[edge.source].append(Link(edge.target, edge.source_handle))
            incoming[edge.target] += 1
        entries = self._entries(incoming)
        before = graph.ancestors(self.order, self.edges)
        position = {id_: index for index, id_ in enumerate(self.order)}
        plan_nodes: dict[str, PlanNode] = {}
        ports: dict[str, list[str | None]] = {}
        idle: set[tuple[str, str | None]] = set()
        for id_ in self.order:
            type_ = self.around.types.get(self.nodes[id_].type)
            if type_ is None:
                self.around.sight.nodes[id_] = ANY
                continue
            upstream = partial(_is_before, before[id_], position) if self.whole else position.__contains__
            node, config, read = self._node(self.nodes[id_], type_, upstream)
            if config is not None or type_.listed_handles is None:
                ports[id_] = type_.handles(node.config)
            if read.foreseen is not None:
                idle |= {(id_, handle) for handle in type_.idle(read.foreseen)}
            body, result, until = self._body(node, type_, config, before[id_], read.foreseen)
            plan_nodes[id_] = PlanNode(
                node,
                type_,
                tuple(read.templates),
                read.conditions,
                tuple(links[id_]),
                incoming[id_],
                body,
                tuple(result),
                until,
            )
        self.problems += self._handle_problems(ports)
        self.problems += self._doubled_outputs(ports)
        self.problems += self._never_reached(entries, idle)
        if not self.whole or _broken(self.problems):
            return None, self.problems
        return Graph(plan_nodes, tuple(entries)), self.problems

    def _node(
        self, written: Node, type_: NodeType, upstream: Callable[[str], bool]
    ) -> tuple[Node, BaseModel | None, _Read]:
        """The node as its author means it, its typed configuration if valid, and what was read of it."""
        around = self.around
        config, found = validate_config(written, type_, judged=around.judged)
        node = written
        if config is not None:
            node = written.model_copy(update={"config": type_.meant(written.config)})
        allowed = allowed_at(around, self.nodes, upstream)
        templates, conditions, more = read_fields(node, type_, allowed, around.reader)
        self.problems += [*found, *more]
        foreseen: Foreseen | None = None
        if around.judged and config is not None:
            foreseen, problems = foresee(node, type_, templates, conditions, around.sight)
            said = {problem.field for problem in (*found, *more)}
            self.problems += [problem for problem in problems if problem.field not in said]
        around.sight.note(node, ANY if foreseen is None else type_.gives(foreseen))
        return node, config, _Read(templates, conditions, foreseen)

    def _doubled_outputs(self, ports: Mapping[str, list[str | None]]) -> list[Problem]:
        """Nothing where it is not known which branches there are."""
        if not self.whole or self.around.body or len(ports) < len(self.order):
            return []
        handles = {
            id_: [*found, ERROR_HANDLE] if self.nodes[id_].on_error == "branch" else found
            for id_, found in ports.items()
        }
        return doubled_outputs(self.nodes, self.order, self.edges, handles)

    def _never_reached(
        self, entries: Sequence[str], idle: Container[tuple[str, str | None]]
    ) -> list[Problem]:
        """Nodes that only branches lead to which are never taken."""
        if not self.whole:
            return []
        taken = [edge for edge in self.edges if (edge.source, edge.source_handle) not in idle]
        if len(taken) == len(self.edges):
            return []
        reached = set[str]().union(*(graph.reachable(entry, taken) for entry in entries))
        connected = set[str]().union(*(graph.reachable(entry, self.edges) for entry in entries))
        text = "This never runs: the branches that lead here are never taken. Change their conditions."
        return [
            Problem(node_id=id_, code="never_runs", message=text, severity="warning")
            for id_ in self.order
            if id_ in connected and id_ not in reached
        ]

    def _entries(self, incoming: Mapping[str, int]) -> list[str]:
        """The nodes to begin with. In a flow that is the Input node, and all others must be behind it."""
        if self.around.body:
            return [id_ for id_ in self.order if incoming[id_] == 0]
        entry = next((node.id for node in self.nodes.values() if node.type == "input"), None)
        if entry is None:
            return []
        if self.whole:
            found = graph.reachable(entry, self.edges)
            text = "No edge leads here from the Input node, so this node never runs. Connect it or remove it."
            self.problems += [
                Problem(node_id=id_, code="unreachable", message=text)
                for id_ in self.order
                if id_ not in found and self.nodes[id_].type != "input"
            ]
        text = "Nothing can come before the Input node. Remove this edge."
        self.problems += [
            Problem(edge_id=edge.id, code="input_has_source", message=text)
            for edge in self.edges
            if edge.target == entry
        ]
        self._read_inputs(self.nodes[entry])
        return [entry]

    def _read_inputs(self, entry: Node) -> None:
        """What expressions may read as `inputs`."""
        self.around = replace(self.around, inputs=input_fields(entry))
        type_ = self.around.types[entry.type]
        if validate_config(entry, type_, judged=False)[0] is not None:
            self.around.sight.inputs = type_.gives(Foreseen(entry.config))

    def _body(
        self,
        node: Node,
        type_: NodeType,
        config: BaseModel | None,
        before: int,
        foreseen: Foreseen | None,
    ) -> tuple[Graph | None, Templates, Expression | None]:
        spec = type_.body
        if spec is None:
            return None, [], None
        # What is wrong with the node, or with its body, hides nothing of what is in it.
        read = (
            Read(spec.read(config))
            if config is not None
            else read_as(FlowDefinition if spec.isolated else Body, node.config.get(spec.field))
        )
        if (body := read.flow) is None:
            return None, [], None
        if self.around.depth >= MAX_DEPTH:
            text = (
                f"Bodies and sub-flows may be nested {MAX_DEPTH} levels deep; this one is deeper."
                " Move it one level up."
            )
            self.problems.append(Problem(node_id=node.id, code="too_deep", message=text))
            return None, [], None
        inner = self._inside(node, type_, before, foreseen)
        inner = replace(inner, whole=read.whole, lost=inner.lost | read.lost)
        found, problems = compile_level(body, inner)
        # They carry the whole path already, which is added to this level's own problems only.
        self.problems += [
            problem.model_copy(update={"node_id": (problem.node_id or "").removeprefix(self.around.path)})
            if problem.node_id
            else problem.model_copy(
                update={"node_id": node.id, "field": problem.field or f"config.{spec.field}"}
            )
            for problem in problems
        ]
        own = {inner_node.id for inner_node in body.nodes}
        result, until, more = read_inner(
            node, spec, allowed_at(inner, own, own.__contains__), self.around.reader
        )
        self.problems += more
        if self.around.judged and not more:
            named = (str(spec.until), until) if until is not None else None
            self.problems += foresee_end(node, result, named, inner.sight, own)
        return found, result, until

    def _inside(self, node: Node, type_: NodeType, before: int, foreseen: Foreseen | None) -> Surroundings:
        """What is known around the node's body."""
        around, spec = self.around, type_.body
        path, depth = f"{around.path}{node.id}.", around.depth + 1
        handled = node.on_error != "fail" or (spec is not None and spec.tolerates(node.config))
        if spec is None or spec.isolated:
            sight = around.sight.isolated(handled=handled)
            return Surroundings(
                around.types, around.reader, sight, path=path, depth=depth, judged=around.judged
            )
        upstream = {id_ for index, id_ in enumerate(self.order) if before >> index & 1}
        return replace(
            around,
            sight=around.sight.inside(local_shapes(type_, foreseen), handled=handled),
            visible=around.visible | (upstream if self.whole else self.nodes.keys()),
            names=around.names | self.nodes.keys(),
            local=around.local | spec.locals,
            path=path,
            depth=depth,
            body=True,
        )

    def _handle_problems(self, ports: Mapping[str, list[str | None]]) -> list[Problem]:
        problems: list[Problem] = []
        for edge in self.edges:
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
