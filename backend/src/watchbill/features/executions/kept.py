"""What a fork takes over from the execution it begins with: nodes that are done, and are as they were;
and what its own journal tells of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

import orjson

from watchbill.core.errors import FieldError, InvalidInput
from watchbill.core.events import (
    Event,
    EventData,
    NodeCompleted,
    NodeFailed,
    NodeStarted,
    NodeStatus,
    envelope,
)
from watchbill.core.execution import ExecutionState, NodeState
from watchbill.core.plan import Plan, PlanNode
from watchbill.engine.large_outputs import reference_of


@dataclass(frozen=True, slots=True)
class Kept:
    """A node that is not run again: `seq` is the number of the event that ends it in the new journal; the one
    that starts it is before."""

    node: PlanNode
    was: NodeState
    seq: int


def kept_nodes(
    state: ExecutionState,
    plan: Plan,
    *,
    from_node: str | None,
    edited: Collection[str],
    same_inputs: bool,
) -> list[Kept]:
    """The nodes of the plan that are not run again, in topological order.

    Args:
        state: what was done, perhaps by another plan.
        from_node: runs again, with whatever comes after it; None for nothing but what is not done.
        edited: nodes whose outputs are given; what comes after them runs again.
        same_inputs: whether the new execution has the inputs that the old one had.
    """
    again = _again(state, plan, from_node, edited, same_inputs)
    kept: list[Kept] = []
    for id_, node in plan.nodes.items():
        was = state.nodes.get(id_)
        if id_ in edited or (id_ not in again and was is not None and _stands(was, node)):
            kept.append(Kept(node, was or NodeState(), 3 + 2 * len(kept)))
    return kept


def events_of(
    execution_id: UUID, one: Kept, outputs: Mapping[str, Any], stored: Mapping[int, Event]
) -> Iterator[Event]:
    """What the new journal tells of a node that is not run again: it began and ended, at no cost.

    Args:
        outputs: those that are given, by node.
        stored: events that were made before, by their numbers: such as those whose output is large.
    """
    yield told(execution_id, NodeStarted(attempt=1, input=one.was.input), one.seq - 1, one.node.id)
    yield stored.get(one.seq) or told(execution_id, end_of(one, outputs), one.seq, one.node.id)


def end_of(one: Kept, outputs: Mapping[str, Any]) -> EventData:
    """How the node ended: with the output that is given, or as it did.

    Raises:
        InvalidInput: the output names no branch of its node.
    """
    node, was = one.node, one.was
    if node.id in outputs:
        value = outputs[node.id]
        return NodeCompleted(attempt=1, output=value, handle=_handle(node, value))
    if was.status is NodeStatus.FAILED and was.error is not None:
        return NodeFailed(attempt=1, error=was.error, handled=True, handle=was.handle, output=was.output)
    if was.output_ref:
        reference = reference_of(one.seq)
        return NodeCompleted(attempt=1, output=None, output_ref=reference, handle=was.handle)
    return NodeCompleted(attempt=1, output=was.output, handle=was.handle)


def told(execution_id: UUID, data: EventData, seq: int, node_id: str | None = None) -> Event:
    """An event of the new journal, as of now."""
    return envelope(data, seq=seq, execution_id=execution_id, node_id=node_id, timestamp=datetime.now(UTC))


def _again(
    state: ExecutionState,
    plan: Plan,
    from_node: str | None,
    edited: Collection[str],
    same_inputs: bool,
) -> set[str]:
    """The nodes to run again: the one to begin at, those that changed, and all that come after them or after
    an edited one."""
    again = set[str]()
    if plan is not state.plan:
        again = _changed(state.plan, plan, same_inputs=same_inputs)
    if from_node is not None:
        again.add(from_node)
    for id_, node in plan.nodes.items():  # in topological order
        if id_ in again or id_ in edited:
            again |= {link.target for link in node.links}
    return again.difference(edited)


def _changed(old: Plan, new: Plan, *, same_inputs: bool) -> set[str]:
    """Nodes that do something else than before, or at another occasion."""
    led, leads = _arrows(old), _arrows(new)
    changed: set[str] = set()
    for id_, node in new.nodes.items():
        was = old.nodes.get(id_)
        if id_ == new.entry:
            # It gives what the execution was given, whatever else its form asks for.
            same = was is not None and was.type is node.type and same_inputs
        else:
            same = was is not None and _doing(was) == _doing(node) and led[id_] == leads[id_]
        if not same:
            changed.add(id_)
    return changed


def _arrows(plan: Plan) -> Mapping[str, set[tuple[str, str | None]]]:
    """Where each node is led to from, and by which branch."""
    arrows: dict[str, set[tuple[str, str | None]]] = {id_: set() for id_ in plan.nodes}
    for id_, node in plan.nodes.items():
        for link in node.links:
            arrows[link.target].add((id_, link.handle))
    return arrows


def _doing(node: PlanNode) -> bytes:
    """What decides what the node gives; how long it may take and how often it is tried does not."""
    it = node.node
    return orjson.dumps([it.type, it.config, it.on_error, it.default])


def same_json(one: Any, other: Any) -> bool:
    """Whether two values are written alike: Python takes `7` and `7.0` for equal."""
    return orjson.dumps(one) == orjson.dumps(other)


def _stands(was: NodeState, node: PlanNode) -> bool:
    if was.status is NodeStatus.COMPLETED:
        return True
    return was.status is NodeStatus.FAILED and was.error is not None and node.node.on_error != "fail"


def _handle(node: PlanNode, value: object) -> str | None:
    """The branch that an edited output takes: a node that branches names it in its output."""
    handles = node.type.handles(node.node.config)
    if None in handles or not handles:
        return None
    key = "decision" if node.type.wait else "branch"
    named = cast("Mapping[str, object]", value).get(key) if isinstance(value, Mapping) else None
    if named not in handles:
        names = ", ".join(f"`{handle}`" for handle in handles)
        text = f'The output of `{node.id}` must name its branch, as {{"{key}": ...}}: one of {names}.'
        error = FieldError(("body", "outputs", node.id), "unknown_branch", text)
        raise InvalidInput(text, code="unknown_branch", errors=(error,))
    return str(named)
