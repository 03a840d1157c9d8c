"""The plan: a checked flow, indexed for running."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watchbill.core.computing_budget import Budget, OverBudget
from watchbill.core.expressions import Expression, ExpressionError, Template
from watchbill.core.expressions.filling import filled
from watchbill.core.expressions.template import Path
from watchbill.core.flow.definition import FlowDefinition, Node
from watchbill.core.flow.problems import Problem
from watchbill.core.node_types import NodeType


@dataclass(frozen=True, slots=True)
class Link:
    """An outgoing edge: where it leads, and the handle it leaves from (None: the default one)."""

    target: str
    handle: str | None


@dataclass(frozen=True, slots=True, eq=False)
class PlanNode:
    """A node ready to run.

    `incoming` counts its edges; `fields` are its templates by path in the config, `conditions` its bare
    expressions by dotted path; `body`, `result` and `until` are set where its type runs a body.
    """

    node: Node
    type: NodeType
    fields: tuple[tuple[Path, Template], ...]
    conditions: Mapping[str, Expression]
    links: tuple[Link, ...]
    incoming: int
    body: Graph | None = None
    result: tuple[tuple[Path, Template], ...] = ()
    until: Expression | None = None

    @property
    def id(self) -> str:
        """The node's id in the flow."""
        return self.node.id

    def render(self, scope: Mapping[str, Any], budget: Budget, now: datetime | None) -> dict[str, Any]:
        """The configuration with every template evaluated over `inputs`, `nodes` and a body's locals; what
        belongs to its own body is left as it is.

        Args:
            scope: what they may read.
            budget: what all of them together may use.
            now: when the attempt began; the same attempt is always rendered with the same.

        Raises:
            ExpressionError: one of them cannot be evaluated.
            OverBudget: all of them together take more than they may. The path of either is noted.
        """
        found = [(path, _rendered(path, template, scope, budget, now)) for path, template in self.fields]
        return filled(self.node.config, found)

    def result_of(self, scope: Mapping[str, Any], budget: Budget, now: datetime | None) -> Any:
        """What an iteration of its body gives, by the template of its own for that; None without one.

        Raises:
            ExpressionError, OverBudget: see `render`.
        """
        body = self.type.body
        if body is None or body.isolated or body.result not in self.node.config:
            return None
        found = [(path, _rendered(path, template, scope, budget, now)) for path, template in self.result]
        return filled({body.result: self.node.config[body.result]}, found)[body.result]

    def ends_after(self, scope: Mapping[str, Any], budget: Budget, now: datetime | None) -> bool:
        """Whether the condition that ends its iterations holds.

        Raises:
            ExpressionError, OverBudget: see `render`; also when it gives neither true nor false.
        """
        if self.until is None or self.type.body is None:
            return False
        try:
            value = self.until.evaluate(scope, budget, now)
            if not isinstance(value, bool):
                text = f"The condition that ends the loop gave {value!r:.80} instead of true or false."
                raise ExpressionError("not_boolean", text)
        except (ExpressionError, OverBudget) as error:
            error.at((str(self.type.body.until),))
            raise
        return value


def _rendered(
    path: Path, template: Template, scope: Mapping[str, Any], budget: Budget, now: datetime | None
) -> Any:
    try:
        return template.render(scope, budget, now)
    except (ExpressionError, OverBudget) as error:
        error.at(path)
        raise


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """Nodes that run together: a flow's, or those of a body. `nodes` is in topological order; `entries` are
    the ones that nothing leads to."""

    nodes: Mapping[str, PlanNode]
    entries: tuple[str, ...]

    @property
    def ends(self) -> list[str]:
        """The nodes that lead nowhere."""
        return [id_ for id_, node in self.nodes.items() if not node.links]


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A flow without problems; `entry` is its input node.

    One that was stored by an older version and is not accepted any more has an `obstacle` instead of nodes:
    what was done by it can be told, and nothing goes on.
    """

    definition: FlowDefinition
    graph: Graph
    obstacle: Problem | None = None

    @property
    def refusal(self) -> str | None:
        """Why nothing goes on by it, for people; None when it can."""
        if self.obstacle is None:
            return None
        return (
            "This version of Watchbill does not accept the flow as it was when the execution began:"
            f" {self.obstacle.message} Change the flow and start it again."
        )

    @property
    def nodes(self) -> Mapping[str, PlanNode]:
        """The flow's own nodes in topological order, without those of bodies."""
        return self.graph.nodes

    @property
    def entry(self) -> str:
        """The input node's id."""
        return self.graph.entries[0]


def bare(plan: Plan) -> Plan:
    """The plan for telling what happened and nothing else: it has no nodes, so nothing is evaluated."""
    nothing = Problem(code="bare", message="It is only to be told what happened.")
    return plan if plan.obstacle is not None else Plan(plan.definition, Graph({}, ()), nothing)
