"""/executions, and the two routes that start one: /flows/{id}/execute and /crews/{id}/test."""

from __future__ import annotations

from contextlib import ExitStack, nullcontext
from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic import BaseModel

from watchbill.core.events import ExecutionStatus
from watchbill.core.json.parts import written
from watchbill.features.executions import cancelling, control, exchanges, forking, service, starting, waiting
from watchbill.features.executions.exchanges import NodePath
from watchbill.features.executions.ports import ExecutionPorts, ports_of
from watchbill.features.executions.schemas import (
    CrewTestRequest,
    EventPage,
    ExchangePage,
    ExecuteRequest,
    ExecutionDetail,
    ExecutionResult,
    ExecutionSummary,
    ForkRequest,
    NodePage,
)
from watchbill.features.flows.computing import UntilGone
from watchbill.features.identity.access import Access, database, require
from watchbill.features.identity.limits.crowds import Crowds, Measured, crowds_of, until_answered
from watchbill.features.identity.reach import only
from watchbill.kit.database.paging import Listed
from watchbill.kit.database.transactions import Database
from watchbill.kit.requests.bodies import BodyRoute
from watchbill.kit.requests.large_answers import PartsResponse

router = APIRouter(tags=["executions"], route_class=BodyRoute)
Ports = Annotated[ExecutionPorts, Depends(ports_of)]
Writer = Annotated[Access, require("executions:write")]
Reader = Annotated[Access, require("executions:read")]
# Ends when the answer is sent, which a slow reader may delay.
Place = Annotated[ExitStack, Depends(until_answered, scope="request")]
CrowdsDep = Annotated[Crowds, Depends(crowds_of)]
Key = Annotated[
    str | None,
    Header(
        min_length=1, max_length=200, description="A request with the same key returns the first execution."
    ),
]
After = Annotated[int, Query(ge=0, le=2**31 - 1, description="Only events with a greater seq.")]
Limit = Annotated[int, Query(ge=1, le=1000)]


@router.post("/flows/{flow_id}/execute", status_code=202)
async def execute_flow(
    flow_id: UUID,
    form: ExecuteRequest,
    access: Annotated[Access, require("flows:execute")],
    ports: Ports,
    crowds: CrowdsDep,
    request: Request,
    idempotency_key: Key = None,
) -> ExecutionResult:
    """Run a flow. Nothing is stored when the flow has problems, the inputs do not fit, or the client leaves
    while the flow is checked. With `options.wait_seconds` the answer has the outputs, if the execution is
    over by then."""
    ports = _until_gone(ports, request)
    seconds = form.options.wait_seconds
    # Before it begins: whoever is refused may ask again, and nothing has happened.
    with crowds.waiting.place(access.identity) if seconds else nullcontext():
        started = await starting.execute_flow(access, ports, flow_id, form, idempotency_key)
        pending = ExecutionResult(**dict(started), outputs=None)
        return await waiting.result(access, ports, request, pending, seconds) if seconds else pending


@router.post("/crews/{crew_id}/test", status_code=202)
async def test_crew(
    crew_id: UUID,
    form: CrewTestRequest,
    access: Annotated[Access, require("flows:execute")],
    ports: Ports,
    request: Request,
) -> ExecutionSummary:
    """Run a crew by itself."""
    return await starting.test_crew(access, _until_gone(ports, request), crew_id, form)


def _measured(ports: ExecutionPorts, access: Access, crowds: Crowds, place: ExitStack) -> ExecutionPorts:
    """The ports for a request that may read megabytes."""
    return replace(ports, read=Measured(crowds.reads, access.identity, place).read)


def _until_gone(ports: ExecutionPorts, request: Request) -> ExecutionPorts:
    """The ports for a request whose computations nobody needs once its client has left."""
    return replace(ports, compute=UntilGone(ports.compute, request))


@router.get("/executions")
async def list_executions(
    access: Annotated[Access, require("executions:read", "route")],
    flow_id: UUID | None = None,
    status: Annotated[list[ExecutionStatus] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Listed[ExecutionSummary]:
    """Executions, newest first."""
    return await service.page(
        access.session,
        flow_ids=only(access.identity, flow_id),
        statuses=status or [],
        limit=limit,
        cursor=cursor,
    )


@router.get("/executions/{execution_id}", response_model=ExecutionDetail)
async def get_execution(
    execution_id: UUID,
    access: Reader,
    ports: Ports,
    crowds: CrowdsDep,
    place: Place,
    as_of: Annotated[
        int | None, Query(ge=1, le=2**31 - 1, description="The state right after the event with this seq.")
    ] = None,
    iterations: Annotated[
        bool, Query(description="Whether the nodes in bodies of Map and Loop are listed too.")
    ] = True,
) -> Response:
    """An execution with its nodes, as its journal tells, now or at an earlier moment."""
    reading = _measured(ports, access, crowds, place).reading(access.scope)
    found = await service.detail(access.session, reading, execution_id, as_of=as_of, iterations=iterations)
    return await _answer(found)


@router.get("/executions/{execution_id}/nodes", response_model=NodePage)
async def list_nodes(
    execution_id: UUID,
    access: Reader,
    ports: Ports,
    crowds: CrowdsDep,
    place: Place,
    after: Annotated[int, Query(ge=0, le=2**31 - 1, description="How many to skip at the beginning.")] = 0,
    limit: Limit = 200,
) -> Response:
    """Nodes of an execution, those in bodies of Map and Loop too, page by page."""
    reading = _measured(ports, access, crowds, place).reading(access.scope)
    return await _answer(
        await service.node_page(access.session, reading, execution_id, after=after, limit=limit)
    )


@router.get("/executions/{execution_id}/events", response_model=EventPage)
async def list_events(
    execution_id: UUID,
    access: Reader,
    ports: Ports,
    crowds: CrowdsDep,
    place: Place,
    after: After = 0,
    limit: Limit = 500,
) -> Response:
    """Every event, journal and trace, in order."""
    await service.require(access.session, execution_id)
    await access.work.finish()
    read = _measured(ports, access, crowds, place).read
    events, more = await ports.history.page(access.scope, execution_id, after=after, limit=limit, read=read)
    return await _answer(service.event_page(events, more=more))


@router.get("/executions/{execution_id}/logs", response_model=EventPage)
async def list_logs(
    execution_id: UUID,
    access: Reader,
    ports: Ports,
    crowds: CrowdsDep,
    place: Place,
    type: Annotated[list[str] | None, Query(max_length=20, description="Only these event types.")] = None,
    after: After = 0,
    limit: Limit = 500,
) -> Response:
    """The trace: model calls, streamed text, tasks, tools and log lines."""
    await service.require(access.session, execution_id)
    await access.work.finish()
    read = _measured(ports, access, crowds, place).read
    events, more = await ports.history.trace(
        access.scope, execution_id, types=type or [], after=after, limit=limit, read=read
    )
    return await _answer(service.event_page(events, more=more))


@router.get("/executions/{execution_id}/exchanges", response_model=ExchangePage)
async def list_exchanges(
    execution_id: UUID,
    access: Reader,
    ports: Ports,
    crowds: CrowdsDep,
    place: Place,
    node_id: Annotated[
        list[NodePath] | None, Query(max_length=50, description="Only of these nodes, by their paths.")
    ] = None,
    after: Annotated[int, Query(ge=0, le=2**53)] = 0,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Response:
    """What was sent to models, tools and other services, and what they answered, in order."""
    await service.require(access.session, execution_id)
    await access.work.finish()
    read = _measured(ports, access, crowds, place).read
    page = await exchanges.page(
        ports.history, access.scope, execution_id, nodes=node_id or [], after=after, limit=limit, read=read
    )
    return await _answer(page)


async def _answer(found: BaseModel) -> Response:
    """What may have megabytes, written and sent in parts."""
    return PartsResponse(await written(found), media_type="application/json")


@router.post("/executions/{execution_id}/cancel", status_code=202)
async def cancel_execution(
    execution_id: UUID,
    access: Writer,
    ports: Ports,
    db: Annotated[Database, Depends(database)],
) -> ExecutionSummary:
    """Stop an execution. The answer comes when it has stopped, or after two seconds."""
    return await cancelling.cancel(access, ports, db, execution_id)


@router.post("/executions/{execution_id}/pause", status_code=202)
async def pause_execution(execution_id: UUID, access: Writer, ports: Ports) -> ExecutionSummary:
    """Pause an execution. Nodes that are running finish, and no other node starts."""
    return await control.pause(access, ports, execution_id)


@router.post("/executions/{execution_id}/resume", status_code=202)
async def resume_execution(
    execution_id: UUID, access: Writer, ports: Ports, crowds: CrowdsDep, place: Place
) -> ExecutionSummary:
    """Continue a paused execution, or run a failed or cancelled one again from where it stopped. Finished
    nodes are not run again."""
    return await control.resume(access, _measured(ports, access, crowds, place), execution_id)


@router.post("/executions/{execution_id}/fork", status_code=202)
async def fork_execution(
    execution_id: UUID,
    form: ForkRequest,
    access: Annotated[Access, require("flows:execute")],
    ports: Ports,
    crowds: CrowdsDep,
    place: Place,
    request: Request,
) -> ExecutionSummary:
    """Start a new execution that takes over what this one did before a node. Outputs can be edited. The new
    execution runs the same definition or another version of the flow."""
    ports = _until_gone(_measured(ports, access, crowds, place), request)
    return await forking.fork(access, ports, execution_id, form)
