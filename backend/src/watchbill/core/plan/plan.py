"""The plan: a checked flow, indexed for running."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from watchbill.core.expressions import Expression, Template
from watchbill.core.expressions.template import Path, replaced
from watchbill.core.flow.definition import FlowDefinition, Node
from watchbill.core.node_types import NodeType


@dataclass(frozen=True, slots=True)
class Link:
    """An outgoing edge: where it leads, and the handle it leaves from (None: the default one)."""

    target: str
    handle: str | None


@dataclass(frozen=True, slots=True, eq=False)
class PlanNode:
    """A node ready to run. `incoming` counts its edges; `fields` are its templates by path in the config."""

    node: Node
    type: NodeType
    fields: tuple[tuple[Path, Template], ...]
    conditions: Mapping[str, Expression]
    links: tuple[Link, ...]
    incoming: int

    @property
    def id(self) -> str:
        """The node's id in the flow."""
        return self.node.id

    def render(self, scope: Mapping[str, Any]) -> dict[str, Any]:
        """The configuration with every template evaluated over `inputs` and `nodes`.

        Raises:
            ExpressionError: one of them cannot be evaluated.
        """
        config: Any = self.node.config
        for path, template in self.fields:
            config = replaced(config, path, template.render(scope))
        return config


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A flow without problems. `nodes` is in topological order; `entry` is the input node."""

    definition: FlowDefinition
    nodes: Mapping[str, PlanNode]
    entry: str
