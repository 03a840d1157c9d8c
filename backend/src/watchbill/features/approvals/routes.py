"""/approvals: the inbox of what executions ask people, and their answers."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from watchbill.features.approvals import service
from watchbill.features.approvals.schemas import AnswerRequest, ApprovalOut
from watchbill.features.executions.ports import ExecutionPorts, ports_of
from watchbill.features.identity.access import Access, require
from watchbill.features.identity.reach import only
from watchbill.kit.database.paging import Listed
from watchbill.kit.requests.bodies import BodyRoute

router = APIRouter(prefix="/approvals", tags=["approvals"], route_class=BodyRoute)
Reader = Annotated[Access, require("executions:read")]


@router.get("")
async def list_approvals(
    access: Annotated[Access, require("executions:read", "route")],
    open: Annotated[bool | None, Query(description="Only open questions, or only closed ones.")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Listed[ApprovalOut]:
    """Questions that executions ask, newest first."""
    found, following = await service.page(
        access.session, only(access.identity), open=open, limit=limit, cursor=cursor
    )
    return Listed(items=[asked.shown() for asked in found], next_cursor=following)


@router.get("/{approval_id}")
async def get_approval(approval_id: UUID, access: Reader) -> ApprovalOut:
    """One question."""
    return (await service.find(access.session, approval_id)).shown()


@router.post("/{approval_id}/answer")
async def answer_approval(
    approval_id: UUID,
    form: AnswerRequest,
    access: Annotated[Access, require("executions:write")],
    ports: Annotated[ExecutionPorts, Depends(ports_of)],
) -> ApprovalOut:
    """Answer a question; the execution goes on at once. The first answer counts."""
    asked = await service.find(access.session, approval_id, lock=True)
    asked.demand(access.identity.role)
    await service.answer(access.work, access.scope, ports, asked, access.identity.user_id, form)
    return asked.shown()
