"""What child processes compute for the engine: a node's configuration or result, and the end of an iteration.

An argument has the `node` as its flow defines it, without its body, and the part of the `scope` that it
reads. An answer has what was computed, or the `failure` of the node.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from watchbill.core.computing_budget import OverBudget, full
from watchbill.core.errors import NodeError
from watchbill.core.flow.definition import Node
from watchbill.core.plan import PlanNode
from watchbill.core.plan.fields import Reader, dotted, read_fields, read_inner
from watchbill.engine import evaluating
from watchbill.engine.limits import too_much
from watchbill.nodes.registry import NODE_TYPES


def render(argument: Any) -> Any:
    """{config, seen}: what stands in the node's configuration once it is evaluated."""
    node, scope, now = _read(argument)

    def work() -> dict[str, Any]:
        found = evaluating.render(node, scope, full(), now)
        return {"config": found.config, "seen": found.seen}

    return _answered(work)


def evaluate(argument: Any) -> Any:
    """{seen, output, handle, size} of a pure node; `seen` also beside a failure."""
    node, scope, now = _read(argument)
    budget, known = full(), dict[str, Any]()

    def work() -> dict[str, Any]:
        found = evaluating.render(node, scope, budget, now)
        known["seen"] = found.seen
        result = evaluating.evaluate(node, found.config, scope, budget, now)
        return {"output": result.output, "handle": result.handle, "size": result.size}

    answer = _answered(work)
    return known | answer


def close(argument: Any) -> Any:
    """{result, size, enough} of an iteration."""
    node, scope, now = _read(argument)

    def work() -> dict[str, Any]:
        found = evaluating.close(node, scope, argument["fallback"], full(), now)
        return {"result": found.result, "size": found.size, "enough": found.enough}

    return _answered(work)


def _answered(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return work()
    except NodeError as error:
        return _failure(error)
    except OverBudget as error:
        return _failure(too_much(str(error), [dotted(error.path)] if error.path else []))


def _failure(error: NodeError) -> dict[str, Any]:
    return {"failure": {"kind": error.kind.value, "code": error.error_code, "message": error.detail}}


def _read(argument: Any) -> tuple[PlanNode, dict[str, Any], datetime]:
    return _node(argument["node"]), argument["scope"], datetime.fromisoformat(argument["now"])


def _node(definition: Any) -> PlanNode:
    """The node, compiled again; the plan it comes from had no problems."""
    node = Node.model_validate(definition)
    type_ = NODE_TYPES[node.type]
    reader = Reader()
    fields, conditions, _ = read_fields(node, type_, lambda _: None, reader)
    result, until, _ = read_inner(node, type_.body, lambda _: None, reader) if type_.body else ([], None, [])
    return PlanNode(node, type_, tuple(fields), conditions, (), 0, None, tuple(result), until)
