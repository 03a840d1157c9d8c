"""/flows: drafts, versions, validation and examples."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path

from watchbill.features.flows import examples, queries, service
from watchbill.features.flows.schemas import (
    Examples,
    FlowCreate,
    FlowDetail,
    FlowPatch,
    FlowReplace,
    FlowSummary,
    FlowVersionDetail,
    FlowVersions,
    FlowVersionSummary,
    ValidateRequest,
    Validation,
)
from watchbill.features.identity.access import Access, require
from watchbill.kit.paging import Listed, PageQuery

router = APIRouter(prefix="/flows", tags=["flows"])
Reader = Annotated[Access, require("flows:read")]
Writer = Annotated[Access, require("flows:write")]
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("")
async def list_flows(access: Reader, page: PageQuery) -> Listed[FlowSummary]:
    """Flows, newest first."""
    return await service.page(access.session, page)


@router.post("", status_code=201)
async def create_flow(form: FlowCreate, access: Writer) -> FlowDetail:
    """Store a new flow."""
    return FlowDetail.model_validate(await service.create(access.session, form, access.identity.user_id))


@router.post("/validate")
async def validate_flow(form: ValidateRequest, access: Reader) -> Validation:
    """Check a definition without storing it."""
    return await service.validate(access.session, form.definition)


@router.get("/examples")
async def list_examples(access: Reader) -> Examples:
    """Flows that come with Watchbill, to start from."""
    return Examples(items=examples.load())


@router.get("/{flow_id}")
async def get_flow(flow_id: UUID, access: Reader) -> FlowDetail:
    """A flow with its draft."""
    return FlowDetail.model_validate(await service.get(access.session, flow_id))


@router.put("/{flow_id}")
async def replace_flow(flow_id: UUID, form: FlowReplace, access: Writer) -> FlowDetail:
    """Save a whole flow; 409 when someone else saved it meanwhile."""
    return FlowDetail.model_validate(await service.replace(access.session, flow_id, form))


@router.patch("/{flow_id}")
async def patch_flow(flow_id: UUID, form: FlowPatch, access: Writer) -> FlowDetail:
    """Save some fields of a flow."""
    return FlowDetail.model_validate(await service.patch(access.session, flow_id, form))


@router.delete("/{flow_id}", status_code=204)
async def delete_flow(flow_id: UUID, access: Writer) -> None:
    """Delete a flow; its executions stay."""
    await service.delete(access.session, flow_id)


@router.post("/{flow_id}/duplicate", status_code=201)
async def duplicate_flow(flow_id: UUID, access: Writer) -> FlowDetail:
    """Copy a flow's draft into a new flow."""
    copy = await service.duplicate(access.session, flow_id, access.identity.user_id)
    return FlowDetail.model_validate(copy)


@router.post("/{flow_id}/publish", status_code=201)
async def publish_flow(flow_id: UUID, access: Writer) -> FlowVersionDetail:
    """Freeze the draft as the next version."""
    frozen = await service.publish(access.session, flow_id, access.identity.user_id)
    return FlowVersionDetail.model_validate(frozen)


@router.get("/{flow_id}/versions")
async def list_versions(flow_id: UUID, access: Reader) -> FlowVersions:
    """Published versions, newest first."""
    flow = await service.get(access.session, flow_id)
    rows = await queries.versions(access.session, flow.id)
    return FlowVersions(items=[FlowVersionSummary.model_validate(row) for row in rows])


@router.get("/{flow_id}/versions/{number}")
async def get_version(flow_id: UUID, number: Number, access: Reader) -> FlowVersionDetail:
    """One published version with its definition."""
    return FlowVersionDetail.model_validate(await service.get_version(access.session, flow_id, number))
