"""The inbox: what executions ask people, and their answers."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from sqlalchemy import tuple_

from watchbill.core.events import ExecutionStatus
from watchbill.features.executions import answering
from watchbill.features.executions.answering import Asked
from watchbill.features.executions.backend import ExecutionBackend, backend
from watchbill.features.executions.schemas import AnswerRequest, ApprovalOut
from watchbill.features.executions.tables import Approval, Execution
from watchbill.features.identity.access import Access, require
from watchbill.kit.paging import Listed, decode_cursor, encode_cursor

router = APIRouter(prefix="/approvals", tags=["executions"])
_FINAL = [status for status in ExecutionStatus if status.final]


@router.get("")
async def list_approvals(
    access: Annotated[Access, require("executions:read")],
    open: Annotated[bool | None, Query(description="Only open questions, or only closed ones.")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Listed[ApprovalOut]:
    """What executions ask, the newest first."""
    query = answering.rows().order_by(Approval.created_at.desc(), Approval.id.desc()).limit(limit + 1)
    if open is not None:
        still = Approval.closed_at.is_(None) & Approval.answer.is_(None) & Execution.status.not_in(_FINAL)
        query = query.where(still if open else ~still)
    if cursor:
        query = query.where(tuple_(Approval.created_at, Approval.id) < tuple_(*decode_cursor(cursor)))
    rows = (await access.session.execute(query)).all()
    items = [Asked(row[0], row[1], row[2]).shown() for row in rows[:limit]]
    last = rows[limit - 1][0] if len(rows) > limit else None
    return Listed(items=items, next_cursor=encode_cursor(last) if last else None)


@router.get("/{approval_id}")
async def get_approval(
    approval_id: UUID, access: Annotated[Access, require("executions:read")]
) -> ApprovalOut:
    """One question."""
    return (await answering.find(access.session, approval_id)).shown()


@router.post("/{approval_id}/answer")
async def answer_approval(
    approval_id: UUID,
    form: AnswerRequest,
    access: Annotated[Access, require("executions:write")],
    parts: Annotated[ExecutionBackend, Depends(backend)],
) -> ApprovalOut:
    """Answer a question; the execution goes on at once. The first answer counts."""
    asked = await answering.find(access.session, approval_id, lock=True)
    asked.demand(access.identity.role)
    await answering.answer(access.work, access.scope, parts, asked, access.identity.user_id, form)
    return asked.shown()
