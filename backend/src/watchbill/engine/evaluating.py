"""What a node computes without I/O: its configuration, a pure node's result, and how an iteration ends.

The same functions run on the event loop with a small budget, and in a child process with the whole one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from watchbill.core.computing_budget import Budget, OverBudget
from watchbill.core.errors import ErrorKind, NodeError
from watchbill.core.expressions import ExpressionError
from watchbill.core.node_types import NodeResult
from watchbill.core.plan import PlanNode
from watchbill.core.plan.fields import dotted
from watchbill.engine.limits import is_light, refuse_deep, refuse_inexact, refuse_large, shown


@dataclass(frozen=True, slots=True)
class Rendered:
    """A node's configuration with every template evaluated, and as the journal shows it."""

    config: dict[str, Any]
    seen: Any


@dataclass(frozen=True, slots=True)
class Closing:
    """What an iteration gave with its size as JSON, and whether it was the last one that is needed."""

    result: Any
    size: int
    enough: bool


def render(
    node: PlanNode, scope: Mapping[str, Any], budget: Budget, now: datetime | None, *, light: bool = False
) -> Rendered:
    """The node's configuration; `now` is what `now()` gives in it. `light` is for the event loop: a large one
    is over budget.

    Raises:
        NodeError: kind user, when an expression in it cannot be evaluated; kind limit, when what it gives
            cannot be stored.
        OverBudget: it takes more than it may.
    """
    if light:
        _demand_light(_visible(node, node.node.config))
    try:
        config = node.render(scope, budget, now)
    except ExpressionError as error:
        raise _failed(error) from error
    visible = _visible(node, config)
    if light:
        _demand_light(visible)
    refuse_deep(visible, "input")
    refuse_inexact(visible, "input")
    return Rendered(config, shown(visible) if node.type.accepts_input else None)


def evaluate(
    node: PlanNode,
    config: dict[str, Any],
    scope: Mapping[str, Any],
    budget: Budget,
    now: datetime | None,
    *,
    light: bool = False,
) -> NodeResult:
    """What a pure node gives, as every store can hold it. For `light` see `render`.

    Raises:
        NodeError, OverBudget: see `render`.
    """
    if node.type.evaluate is None:
        raise AssertionError(f"{node.type.kind} is not a pure node type")
    try:
        result = node.type.evaluate(config, inputs=scope["inputs"], scope=scope, budget=budget, now=now)
    except ExpressionError as error:
        raise _failed(error) from error
    if light:
        _demand_light(result.output)
    return checked(result)


def close(
    node: PlanNode,
    scope: Mapping[str, Any],
    fallback: Any,
    budget: Budget,
    now: datetime | None,
    *,
    light: bool = False,
) -> Closing:
    """How an iteration of the node's body ends; `fallback` is its result where the node names none. For
    `light` see `render`.

    Raises:
        NodeError, OverBudget: see `render`.
    """
    if light and node.type.body is not None and node.type.body.result is not None:
        _demand_light(node.node.config.get(node.type.body.result))
    try:
        result = node.result_of(scope, budget, now)
        result = fallback if result is None else result
        if light:
            _demand_light(result)
        found = checked(NodeResult(result))
        return Closing(found.output, found.size, node.ends_after(scope, budget, now))
    except ExpressionError as error:
        raise _failed(error) from error


def checked(result: NodeResult) -> NodeResult:
    """The result as every store can hold it, so that a replay sees what the first execution saw.

    Raises:
        NodeError: kind limit: it is too large or too deep; kind user: it could not be kept as it is.
    """
    refuse_deep(result.output, "output")
    refuse_inexact(result.output, "output")
    size = len(orjson.dumps(result.output))
    refuse_large(size, value=result.output)
    # A copy in JSON's own types, which nobody changes afterwards.
    return NodeResult(orjson.loads(orjson.dumps(result.output)), result.handle, size)


def _failed(error: ExpressionError) -> NodeError:
    """The same, for whoever reads why the node failed."""
    where = f"`{dotted(error.path)}`: " if error.path else ""
    return NodeError(ErrorKind.USER, f"{where}{error.message}", code=error.code)


def _demand_light(value: Any) -> None:
    """Leave what is large to a child process, before any time is spent on it."""
    if not is_light(value):
        raise OverBudget("size")


def _visible(node: PlanNode, config: dict[str, Any]) -> dict[str, Any]:
    """The configuration without the body's own part."""
    if node.type.body is None:
        return config
    return {key: value for key, value in config.items() if key not in node.type.body.inner}
