"""/triggers and /schedule-preview: what starts flows by itself."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query
from starlette.requests import HTTPConnection

from watchbill.features.executions.ports import ExecutionPorts
from watchbill.features.executions.ports import ports_of as execution_ports
from watchbill.features.identity.access import Access, require
from watchbill.features.triggers import firing, service
from watchbill.features.triggers.firing import Call
from watchbill.features.triggers.schedule import MAX_LENGTH
from watchbill.features.triggers.schemas import (
    FiringOut,
    NewSecret,
    Rotation,
    RunNow,
    SchedulePreview,
    TriggerIn,
    TriggerMade,
    TriggerOut,
    TriggerPatch,
)
from watchbill.features.triggers.service import TriggerPorts
from watchbill.kit.clock import now
from watchbill.kit.database.paging import Listed, PageQuery
from watchbill.kit.requests.bodies import BodyRoute

router = APIRouter(tags=["triggers"], route_class=BodyRoute)


async def ports_of(connection: HTTPConnection) -> TriggerPorts:
    """The ports that the app's lifespan put into its state."""
    return connection.app.state.triggers


Ports = Annotated[TriggerPorts, Depends(ports_of)]
Executions = Annotated[ExecutionPorts, Depends(execution_ports)]
Reader = Annotated[Access, require("triggers:read")]
Writer = Annotated[Access, require("triggers:write")]


@router.get("/schedule-preview")
async def preview_schedule(
    access: Annotated[Access, require("triggers:read", "open")],
    cron: Annotated[str, Query(min_length=1, max_length=MAX_LENGTH)],
    timezone: Annotated[str, Query(min_length=1, max_length=60)] = "UTC",
    count: Annotated[int, Query(ge=1, le=20)] = 5,
) -> SchedulePreview:
    """When a schedule would run, in its time zone."""
    return await service.preview(cron, timezone, count)


@router.get("/triggers")
async def list_triggers(
    access: Annotated[Access, require("triggers:read", "route")],
    ports: Ports,
    page: PageQuery,
    flow_id: UUID | None = None,
) -> Listed[TriggerOut]:
    """Triggers, newest first."""
    items, cursor = await service.page(access.session, access.identity, ports.keys, page, flow_id)
    return Listed(items=items, next_cursor=cursor)


@router.post("/triggers", status_code=201)
async def create_trigger(
    form: TriggerIn, access: Annotated[Access, require("triggers:write", "route")], ports: Ports
) -> TriggerMade:
    """Add a schedule or a webhook to a flow. A webhook's secret is shown this once."""
    trigger, secret = await service.create(access.session, access.identity, ports.keys, form)
    shown = await service.shown(access.session, access.identity, ports.keys, trigger)
    return TriggerMade(**shown.model_dump(), secret=secret)


@router.get("/triggers/{trigger_id}")
async def get_trigger(trigger_id: UUID, access: Reader, ports: Ports) -> TriggerOut:
    """One trigger."""
    trigger = await service.get(access.session, trigger_id)
    return await service.shown(access.session, access.identity, ports.keys, trigger)


@router.patch("/triggers/{trigger_id}")
async def change_trigger(trigger_id: UUID, form: TriggerPatch, access: Writer, ports: Ports) -> TriggerOut:
    """Change a trigger, or switch it on and off."""
    trigger = await service.change(access.session, access.identity, trigger_id, form)
    return await service.shown(access.session, access.identity, ports.keys, trigger)


@router.delete("/triggers/{trigger_id}", status_code=204)
async def delete_trigger(trigger_id: UUID, access: Writer) -> None:
    """Remove a trigger; its executions stay."""
    await service.delete(access.session, access.scope, trigger_id)


@router.post("/triggers/{trigger_id}/rotate-secret")
async def rotate_secret(
    trigger_id: UUID, access: Writer, ports: Ports, form: Rotation | None = None
) -> NewSecret:
    """Give a webhook a new secret, shown only once. The old secret works for a while longer."""
    keep = (form or Rotation(keep_seconds=24 * 3600)).keep_seconds
    secret, until = await service.rotate_secret(access.session, access.identity, ports.keys, trigger_id, keep)
    return NewSecret(secret=secret, previous_until=until)


@router.post("/triggers/{trigger_id}/run", status_code=202)
async def run_trigger(
    trigger_id: UUID,
    access: Annotated[Access, require("flows:execute")],
    ports: Executions,
    form: RunNow | None = None,
) -> FiringOut:
    """Start the trigger's flow now, whether it is switched on or not."""
    trigger = await service.get(access.session, trigger_id)
    body = form.body if form else None
    sent = orjson.dumps(body) if form and "body" in form.model_fields_set else b""
    given: dict[str, Any] = {"scheduled_at": now().isoformat(), "body": body, "headers": {}, "query": {}}
    given |= {"content_type": "application/json" if sent else "", "size": len(sent)}
    fired = await firing.start(
        access.session, access.scope, trigger, Call("manual", now(), given), ports.compute
    )
    if fired.execution_id is not None:
        access.work.after_commit(partial(ports.hints.execute, access.scope, fired.execution_id))
    return service.shown_firing((fired, "pending"))


@router.get("/triggers/{trigger_id}/firings")
async def list_firings(
    trigger_id: UUID,
    access: Reader,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Listed[FiringOut]:
    """When a trigger was due or called, and what happened then, newest first."""
    items, following = await service.firings(access.session, trigger_id, limit, cursor)
    return Listed(items=items, next_cursor=following)
