"""The inbox: what executions ask people, and their answers."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from sqlalchemy import Select, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import Conflict, FieldError, Forbidden, InvalidInput, NotFound
from watchbill.core.events import ExecutionStatus
from watchbill.features.executions import queries
from watchbill.features.executions.backend import ExecutionBackend, backend
from watchbill.features.executions.schemas import AnswerRequest, ApprovalOut
from watchbill.features.executions.tables import Approval, Execution
from watchbill.features.flows.tables import Flow
from watchbill.features.identity.access import Access, require
from watchbill.features.identity.permissions import RANKS
from watchbill.features.identity.tables import User
from watchbill.kit.paging import Listed, decode_cursor, encode_cursor
from watchbill.nodes.input import Config as FormConfig
from watchbill.nodes.input import check_inputs

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
    query = _rows().order_by(Approval.created_at.desc(), Approval.id.desc()).limit(limit + 1)
    if open is not None:
        still = Approval.closed_at.is_(None) & Approval.answer.is_(None) & Execution.status.not_in(_FINAL)
        query = query.where(still if open else ~still)
    if cursor:
        query = query.where(tuple_(Approval.created_at, Approval.id) < tuple_(*decode_cursor(cursor)))
    rows = (await access.session.execute(query)).all()
    items = [_shown(row[0], row[1], row[2]) for row in rows[:limit]]
    last = rows[limit - 1][0] if len(rows) > limit else None
    return Listed(items=items, next_cursor=encode_cursor(last) if last else None)


@router.get("/{approval_id}")
async def get_approval(
    approval_id: UUID, access: Annotated[Access, require("executions:read")]
) -> ApprovalOut:
    """One question."""
    approval, execution, name = await _find(access.session, approval_id)
    return _shown(approval, execution, name)


@router.post("/{approval_id}/answer")
async def answer_approval(
    approval_id: UUID,
    form: AnswerRequest,
    access: Annotated[Access, require("executions:write")],
    parts: Annotated[ExecutionBackend, Depends(backend)],
) -> ApprovalOut:
    """Answer a question; the execution goes on at once. The first answer counts."""
    approval, execution, name = await _find(access.session, approval_id, lock=True)
    if RANKS[access.identity.role] < RANKS["admin" if approval.role == "admin" else "member"]:
        raise Forbidden("Only an admin may answer this.", code="role_required")
    over = ExecutionStatus(execution.status).final
    if approval.answer is not None or approval.closed_at is not None or over:
        raise Conflict("This question is closed already.", code="approval_closed")
    approval.answer = {
        "approved": form.approved,
        "by": await _name(access),
        "comment": form.comment,
        "values": _values(approval, form) if form.approved else {},
    }
    approval.answered_by, approval.answered_at = access.identity.user_id, datetime.now(UTC)
    await queries.wake(access.session, access.scope, approval.execution_id)
    access.work.after_commit(partial(parts.hints.wake, approval.execution_id))
    access.work.after_commit(partial(parts.hints.execute, access.scope, approval.execution_id))
    await access.session.flush()
    return _shown(approval, execution, name)


async def _name(access: Access) -> str | None:
    query = select(User.full_name, User.email).where(User.id == access.identity.user_id)
    person = (await access.session.execute(query)).one_or_none()
    return (person[0] or person[1]) if person else None


def _values(approval: Approval, form: AnswerRequest) -> dict[str, object]:
    """What was filled in, with defaults.

    Raises:
        InvalidInput: with an error for each field that is missing, unknown or of the wrong type.
    """
    values, errors = check_inputs(FormConfig.model_validate({"fields": approval.fields}), form.values)
    if errors:
        places = tuple(FieldError(("values", *error.loc[1:]), error.code, error.message) for error in errors)
        raise InvalidInput(errors[0].message, code="values_invalid", errors=places)
    return values


def _rows() -> Select[Approval, Execution, str]:
    return (
        select(Approval, Execution, Flow.name)
        .join(Execution, Execution.id == Approval.execution_id)
        .outerjoin(Flow, Flow.id == Execution.flow_id)
    )


async def _find(
    session: AsyncSession, approval_id: UUID, *, lock: bool = False
) -> tuple[Approval, Execution, str | None]:
    query = _rows().where(Approval.id == approval_id)
    if lock:
        query = query.with_for_update(of=Approval)
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise NotFound("There is no such question.", code="approval_not_found")
    return row[0], row[1], row[2]


def _shown(approval: Approval, execution: Execution, flow_name: str | None) -> ApprovalOut:
    over = execution.finished_at if ExecutionStatus(execution.status).final else None
    return ApprovalOut.model_validate(
        {
            "id": approval.id,
            "execution_id": approval.execution_id,
            "flow_id": execution.flow_id,
            "flow_name": flow_name,
            "node_id": approval.node_id,
            "title": approval.title,
            "details": approval.details,
            "role": approval.role,
            "fields": approval.fields,
            "due_at": approval.due_at,
            "asked_at": approval.created_at,
            "answer": approval.answer,
            "answered_at": approval.answered_at,
            "closed_at": approval.closed_at or over,
        }
    )
