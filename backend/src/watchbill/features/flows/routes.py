"""/flows."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from watchbill.core.errors import TooManyRequests
from watchbill.core.ports.compute import Compute
from watchbill.features.flows import checking, reaching, service
from watchbill.features.flows.computing import UntilGone, compute_of, unless_gone
from watchbill.features.flows.examples import examples
from watchbill.features.flows.schemas import (
    Examples,
    FlowIn,
    FlowOut,
    FlowPatch,
    FlowReplacement,
    FlowSaved,
    FlowSummary,
    FlowVersionOut,
    FlowVersionSummary,
    PublishRequest,
    ValidateRequest,
    Validation,
)
from watchbill.features.identity.access import Access, require
from watchbill.features.identity.aside import Aside, aside_of
from watchbill.features.identity.limits.crowds import Crowds, crowds_of
from watchbill.features.identity.reach import only
from watchbill.kit.database.paging import Listed, PageQuery
from watchbill.kit.requests.bodies import BodyRoute

router = APIRouter(prefix="/flows", tags=["flows"], route_class=BodyRoute)
Reader = Annotated[Access, require("flows:read")]
Writer = Annotated[Access, require("flows:write")]
Lister = Annotated[Access, require("flows:read", "route")]
Visitor = Annotated[Access, require("flows:read", "open")]
ComputeDep = Annotated[Compute, Depends(compute_of)]
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("")
async def list_flows(access: Lister, page: PageQuery) -> Listed[FlowSummary]:
    """Flows, newest first, without their definitions."""
    rows, cursor = await service.page(access.session, page, only(access.identity))
    return Listed(items=[FlowSummary.model_validate(row) for row in rows], next_cursor=cursor)


@router.post("", status_code=201)
async def create_flow(form: FlowIn, access: Writer) -> FlowOut:
    """Add a flow. A draft may have problems."""
    return await service.shown(access.session, await service.create(access.session, access.identity, form))


@router.get("/examples")
async def list_examples(access: Visitor) -> Examples:
    """Example flows; create one by sending its definition to POST /flows."""
    return Examples(items=list(examples()))


@router.post("/validate")
async def validate_flow(
    form: ValidateRequest,
    access: Lister,
    crowds: Annotated[Crowds, Depends(crowds_of)],
    compute: ComputeDep,
    request: Request,
) -> Validation:
    """Check a definition without storing it. The check stops when the client disconnects."""
    if problem := checking.too_large(form.definition):
        return Validation(valid=False, problems=[problem])
    reaching.demand(access.identity, form.definition)
    return await _checked(access, crowds, compute, request, form.definition)


async def _checked(
    access: Access, crowds: Crowds, compute: Compute, request: Request, definition: object
) -> Validation:
    with crowds.slow.place(access.identity):
        check = checking.check(access.session, access.scope, definition, compute)
        return await unless_gone(request, check)


@router.get("/{flow_id}")
async def get_flow(flow_id: UUID, access: Reader) -> FlowOut:
    """One flow with its draft."""
    return await service.shown(access.session, await service.get(access.session, flow_id))


@router.put("/{flow_id}")
async def replace_flow(flow_id: UUID, form: FlowReplacement, access: Writer) -> FlowOut:
    """Replace a flow's draft."""
    flow = await service.change(access.session, access.identity, flow_id, form)
    return await service.shown(access.session, flow)


@router.patch("/{flow_id}")
async def change_flow(
    flow_id: UUID,
    form: FlowPatch,
    access: Writer,
    aside: Annotated[Aside, Depends(aside_of)],
    crowds: Annotated[Crowds, Depends(crowds_of)],
    compute: ComputeDep,
    request: Request,
) -> FlowSaved:
    """Change part of a flow. The change stays stored, whatever a check that was asked for finds."""
    if form.check:
        access.identity.demand("flows:read")
    form = await service.spelled(access, aside, flow_id, form)
    flow = await service.change(access.session, access.identity, flow_id, form)
    saved = FlowSaved(**dict(await service.shown(access.session, flow)))
    if form.check:
        # Stored before, or who leaves meanwhile would take it back.
        async with access.work.outside():
            pass
        with suppress(TooManyRequests):
            saved.validation = await _checked(access, crowds, compute, request, saved.definition)
    return saved


@router.delete("/{flow_id}", status_code=204)
async def delete_flow(flow_id: UUID, access: Writer) -> None:
    """Delete a flow; its executions stay readable."""
    await service.delete(access.session, flow_id)


@router.post("/{flow_id}/duplicate", status_code=201)
async def duplicate_flow(flow_id: UUID, access: Writer) -> FlowOut:
    """Copy a flow's draft into a new flow."""
    copy = await service.duplicate(access.session, access.identity, flow_id)
    return await service.shown(access.session, copy)


@router.post(
    "/{flow_id}/publish",
    status_code=201,
    responses={200: {"model": FlowVersionOut, "description": "The draft is the same as the newest version."}},
)
async def publish_flow(
    flow_id: UUID,
    access: Writer,
    compute: ComputeDep,
    request: Request,
    response: Response,
    form: PublishRequest | None = None,
) -> FlowVersionOut:
    """Publish the draft as the next version. 422 names the problems that prevent it. If the draft has not
    changed since the newest version, the answer is that version, with status 200. Nothing is published when
    the client disconnects while the draft is checked."""
    wanted, checks = form.version if form else None, UntilGone(compute, request)
    version, new = await service.publish(
        access.session, access.scope, checks, access.identity, flow_id, wanted
    )
    if not new:
        response.status_code = 200
    return FlowVersionOut.model_validate(version)


@router.get("/{flow_id}/versions")
async def list_versions(
    flow_id: UUID,
    access: Reader,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Listed[FlowVersionSummary]:
    """Published versions, newest first."""
    rows, following = await service.versions(access.session, flow_id, limit, cursor)
    items = [FlowVersionSummary.model_validate(row) for row in rows]
    return Listed(items=items, next_cursor=following)


@router.get("/{flow_id}/versions/{number}")
async def get_version(flow_id: UUID, number: Number, access: Reader) -> FlowVersionOut:
    """A published version with its definition."""
    return FlowVersionOut.model_validate(await service.version(access.session, flow_id, number))
