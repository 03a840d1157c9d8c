"""/flows."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request

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
    FlowSummary,
    FlowVersionOut,
    FlowVersionSummary,
    PublishRequest,
    ValidateRequest,
    Validation,
)
from watchbill.features.identity.access import Access, require
from watchbill.features.identity.aside import Aside, aside_of
from watchbill.features.identity.crowds import Crowds, crowds_of
from watchbill.features.identity.reach import only
from watchbill.kit.bodies import BodyRoute
from watchbill.kit.paging import Listed, PageQuery

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
    return FlowOut.model_validate(await service.create(access.session, access.identity, form))


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
    """Check a definition without storing it. It is given up when the client leaves."""
    if problem := checking.too_large(form.definition):
        return Validation(valid=False, problems=[problem])
    reaching.demand(access.identity, form.definition)
    with crowds.slow.place(access.identity):
        check = checking.check(access.session, access.scope, form.definition, compute)
        return await unless_gone(request, check)


@router.get("/{flow_id}")
async def get_flow(flow_id: UUID, access: Reader) -> FlowOut:
    """One flow with its draft."""
    return FlowOut.model_validate(await service.get(access.session, flow_id))


@router.put("/{flow_id}")
async def replace_flow(flow_id: UUID, form: FlowReplacement, access: Writer) -> FlowOut:
    """Replace a flow's draft."""
    return FlowOut.model_validate(await service.change(access.session, access.identity, flow_id, form))


@router.patch("/{flow_id}")
async def change_flow(
    flow_id: UUID, form: FlowPatch, access: Writer, aside: Annotated[Aside, Depends(aside_of)]
) -> FlowOut:
    """Change part of a flow."""
    form = await service.spelled(access, aside, flow_id, form)
    return FlowOut.model_validate(await service.change(access.session, access.identity, flow_id, form))


@router.delete("/{flow_id}", status_code=204)
async def delete_flow(flow_id: UUID, access: Writer) -> None:
    """Delete a flow; its executions stay readable."""
    await service.delete(access.session, flow_id)


@router.post("/{flow_id}/duplicate", status_code=201)
async def duplicate_flow(flow_id: UUID, access: Writer) -> FlowOut:
    """Copy a flow's draft into a new flow."""
    return FlowOut.model_validate(await service.duplicate(access.session, access.identity, flow_id))


@router.post("/{flow_id}/publish", status_code=201)
async def publish_flow(
    flow_id: UUID,
    access: Writer,
    compute: ComputeDep,
    request: Request,
    form: PublishRequest | None = None,
) -> FlowVersionOut:
    """Freeze the draft as the next version; 422 says what stands in the way. It is given up when the client
    leaves while the draft is checked."""
    wanted, checks = form.version if form else None, UntilGone(compute, request)
    version = await service.publish(access.session, access.scope, checks, access.identity, flow_id, wanted)
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
