"""Forking: a new execution that takes over what another one did before a node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from watchbill.core.errors import Conflict, FieldError, InvalidInput, NotFound
from watchbill.core.events import (
    Event,
    ExecutionQueued,
    ExecutionStatus,
    NodeStatus,
    Origin,
)
from watchbill.core.json.text import demand_exact
from watchbill.core.plan import Plan, PlanNode
from watchbill.features.executions import plans, service
from watchbill.features.executions.kept import Kept, end_of, events_of, kept_nodes, same_json, told
from watchbill.features.executions.plans import require_accepted
from watchbill.features.executions.ports import ExecutionPorts
from watchbill.features.executions.queries import executions as queries
from watchbill.features.executions.queries import journal as journal_queries
from watchbill.features.executions.schemas import ExecutionSummary, ForkRequest
from watchbill.features.executions.service import Folded
from watchbill.features.executions.tables import Execution
from watchbill.features.flows import chosen_version
from watchbill.features.identity.access import Access
from watchbill.kit.audit import call

# What they got and gave may have two megabytes.
_NODES_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class _Target:
    """What the new execution runs, on which inputs."""

    plan: Plan
    digest: str
    version: int | None
    inputs: dict[str, Any]


async def fork(
    access: Access, ports: ExecutionPorts, execution_id: UUID, form: ForkRequest
) -> ExecutionSummary:
    """Start a new execution that takes over what was done before `from_node`, or all that is done.

    What leads to the node is not run again and costs nothing; outputs that are given replace what those nodes
    gave, and whatever comes after them runs again too. It runs the same plan, or another version of the flow:
    then whatever changed, and what comes after it, also runs again. No more than some nodes' values are held
    at a time: large outputs are copied where they are stored.

    Raises:
        NotFound: no such execution, or no such version of its flow.
        InvalidInput: a node does not exist, an output names no branch of its node or is none that it could
            give, or the version has problems or asks for other inputs.
        Conflict: a stored output that is needed is gone, the execution ran no flow, or its flow is switched
            off.
    """
    row = await queries.find(access.session, execution_id, "inputs")
    if row is None:
        raise _none()
    origin, flow_name, _ = row
    found = await service.folded(access.session, ports.reading(access.scope), origin, values=False)
    target = await _target(access, ports, origin, found, form)
    _check(form, target.plan.nodes)
    kept = kept_nodes(
        found.state,
        target.plan,
        from_node=form.from_node,
        edited=form.outputs.keys(),
        same_inputs=same_json(target.inputs, origin.inputs),
    )
    new = Execution(
        id=uuid4(),
        flow_id=origin.flow_id,
        flow_version=target.version,
        plan_digest=target.digest,
        status=ExecutionStatus.PENDING,
        inputs=target.inputs,
        forked_from=execution_id,
        created_by=access.identity.user_id,
    )
    if flow_name is not None:
        call(new, flow_name)
    edited = [
        told(new.id, end_of(one, form.outputs), one.seq, one.node.id)
        for one in kept
        if one.node.id in form.outputs
    ]
    async with access.work.outside():
        await _copy_outputs(access, ports, execution_id, new.id, kept, form)
        edited = await ports.history.without_large_outputs(access.scope, edited)
    # The clean-up must not take it away meanwhile, nor its plan.
    if not await queries.held(access.session, execution_id):
        raise _none()
    queued = ExecutionQueued(
        flow_id=origin.flow_id,
        version=target.version,
        inputs=target.inputs,
        forked_from=Origin(execution_id=execution_id, from_node=form.from_node or _first(target.plan, kept)),
    )
    limit = await queries.flow_limit(access.session, origin.flow_id)
    stored = await queries.insert_execution(
        access.session,
        access.scope,
        new,
        [told(new.id, queued, 1)],
        limit,
        last_seq=kept[-1].seq if kept else 1,
    )
    if not stored:
        raise Conflict("The flow was cleaned up a moment ago. Try again.", code="plan_gone")
    await _write(access, found, execution_id, new.id, kept, {event.seq: event for event in edited}, form)
    access.work.after_commit(partial(ports.hints.execute, access.scope, new.id))
    return service.summary(new, flow_name, None)


async def _target(
    access: Access, ports: ExecutionPorts, origin: Execution, found: Folded, form: ForkRequest
) -> _Target:
    if form.version is None:
        require_accepted(found.state)
        return _Target(found.state.plan, origin.plan_digest, origin.flow_version, origin.inputs)
    if origin.flow_id is None:
        raise Conflict("This execution tested a crew, which has no versions.", code="no_flow")
    session, scope = access.session, access.scope
    chosen = await chosen_version.choose(session, origin.flow_id, form.version)
    prepared = await plans.of_flow(session, scope, chosen, ports.compute, anew=True)
    inputs = prepared.inputs(origin.inputs)
    definition = await queries.plan_definition(session, prepared.digest)
    plan = await service.planned(session, ports.reading(scope), definition)
    return _Target(plan, prepared.digest, chosen.version, inputs)


def _first(plan: Plan, kept: Sequence[Kept]) -> str:
    """Where the new execution begins: at the first node that it does not take over, if there is one."""
    done = {one.node.id for one in kept}
    return next((id_ for id_ in plan.nodes if id_ not in done), plan.entry)


async def _copy_outputs(
    access: Access,
    ports: ExecutionPorts,
    source: UUID,
    target: UUID,
    kept: Sequence[Kept],
    form: ForkRequest,
) -> None:
    aside = {
        one.was.output_ref: one
        for one in kept
        if one.was.status is NodeStatus.COMPLETED and one.was.output_ref and one.node.id not in form.outputs
    }
    if not aside:
        return
    seqs = {reference: one.seq for reference, one in aside.items()}
    lost = await ports.history.copy_outputs(access.scope, source, target, seqs)
    if lost is not None:
        text = f"The stored output of `{aside[lost].node.id}` is gone, so a fork cannot begin after it."
        raise Conflict(text, code="output_lost")


async def _write(
    access: Access,
    found: Folded,
    source: UUID,
    target: UUID,
    kept: Sequence[Kept],
    edited: Mapping[int, Event],
    form: ForkRequest,
) -> None:
    """Store the events that tell what the nodes did, at no cost: it was paid before."""
    for start in range(0, len(kept), _NODES_AT_ONCE):
        some = kept[start : start + _NODES_AT_ONCE]
        await service.give_values(access.session, source, found, [one.node.id for one in some])
        events = [event for one in some for event in events_of(target, one, form.outputs, edited)]
        await journal_queries.write_events(access.session, events)
        for one in some:
            one.was.input = one.was.output = None


def _check(form: ForkRequest, known: Mapping[str, PlanNode]) -> None:
    demand_exact(form.outputs, ("body", "outputs"), "A value of `outputs`")
    begin = [("from_node", form.from_node)] if form.from_node is not None else []
    names = [*begin, *(("outputs", id_) for id_ in form.outputs)]
    errors = tuple(
        FieldError(("body", field, name), "unknown_node", f"The flow has no node `{name}`.")
        for field, name in names
        if name not in known
    )
    if errors:
        raise InvalidInput(errors[0].message, code="unknown_node", errors=errors)
    for id_, value in form.outputs.items():
        if known[id_].type.kind == "output" and not isinstance(value, dict):
            # What the execution gives is made of them.
            text = f"The output of `{id_}` must be an object: values by their names."
            error = FieldError(("body", "outputs", id_), "not_an_object", text)
            raise InvalidInput(text, code="not_an_object", errors=(error,))


def _none() -> NotFound:
    return NotFound("There is no such execution.", code="execution_not_found")
