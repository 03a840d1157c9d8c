"""What is known around one level of a flow: which nodes may stand in it, and what may be read there."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from watchbill.core.expressions import Reference
from watchbill.core.flow.definition import Node
from watchbill.core.flow.problems import Problem
from watchbill.core.node_types import NodeType
from watchbill.core.plan.fields import Allowed, Reader
from watchbill.core.plan.foresight import Sight


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known around a level.

    Args:
        types: every node type by kind.
        reader: reads the expressions of all levels.
        sight: what is known of the values that its expressions read.
        inputs: names of the declared inputs; None while they cannot be read.
        visible: ids of nodes around it that have finished before it begins.
        names: all ids around it, which its own must differ from.
        local: further names that its expressions may read.
        path: the node whose body it is, ending in a dot; empty for the flow itself.
        depth: how many bodies it lies in.
        body: whether it is the body of a node that repeats it, so it has no Input and Output of its own.
        judged: whether values are judged too. What was accepted once and is stored is not judged again.
        lost: ids of nodes that could not be read, so that nothing is known of what lies behind them.
        whole: whether everything of the level could be read.
    """

    types: Mapping[str, NodeType]
    reader: Reader = field(default_factory=Reader)
    sight: Sight = field(default_factory=Sight)
    inputs: frozenset[str] | None = None
    visible: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    local: frozenset[str] = frozenset()
    path: str = ""
    depth: int = 0
    body: bool = False
    judged: bool = True
    lost: frozenset[str] = frozenset()
    whole: bool = True


def taken_ids(nodes: Sequence[Node], around: Surroundings) -> list[Problem]:
    text = "A node outside this body has the id `{}`; give this node another id."
    return [
        Problem(node_id=node.id, code="duplicate_node_id", message=text.format(node.id))
        for node in nodes
        if node.id in around.names
    ]


def type_problems(nodes: Sequence[Node], around: Surroundings) -> list[Problem]:
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
            text = "This body is empty. Open it and add a node."
            problems.append(Problem(code="empty_body", message=text))
        text = "A body cannot have Input or Output nodes. Remove this node."
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
                message=f"A flow can have only {type_.limit} {type_.title} node. Remove this node.",
            )
            for node in extra
        ]
    if not any(node.type == "input" for node in nodes):
        problems.append(
            Problem(code="no_input", message="The flow has no Input node. Add an Input node to start from.")
        )
    if not any(node.type == "output" for node in nodes):
        text = "The flow has no Output node, so its executions have no result. Add an Output node."
        problems.append(Problem(code="no_output", message=text, severity="warning"))
    return problems


def allowed_at(around: Surroundings, own: Container[str], upstream: Callable[[str], bool]) -> Allowed:
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
        if name in around.lost:
            return None
        if name not in own and name not in around.names:
            return "reference_unknown_node", f"There is no node `{name}`."
        text = f"`{name}` does not run before this node; connect it upstream first."
        return "reference_not_upstream", text

    return allowed


def input_fields(node: Node) -> frozenset[str] | None:
    """Names of the declared inputs, or None while they cannot be read."""
    fields: Any = node.config.get("fields")
    if not isinstance(fields, list):
        return None
    named = (
        cast("Mapping[str, Any]", field) for field in cast("list[Any]", fields) if isinstance(field, Mapping)
    )
    return frozenset(str(field["name"]) for field in named if "name" in field)
