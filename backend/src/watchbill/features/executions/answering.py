"""Finding a question and answering it, however the person came to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import Conflict, FieldError, Forbidden, InvalidInput, NotFound
from watchbill.core.events import ExecutionStatus
from watchbill.core.tenancy import TenantScope
from watchbill.features.executions import queries
from watchbill.features.executions.backend import ExecutionBackend
from watchbill.features.executions.schemas import AnswerRequest, ApprovalOut
from watchbill.features.executions.tables import Approval, Execution
from watchbill.features.flows.tables import Flow
from watchbill.features.identity.permissions import RANKS, Role
from watchbill.features.identity.tables import User
from watchbill.kit.db import Work
from watchbill.nodes.input import Config as FormConfig
from watchbill.nodes.input import check_inputs


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, the execution that asks it, and the name of its flow."""

    approval: Approval
    execution: Execution
    flow_name: str | None

    @property
    def open(self) -> bool:
        """Whether it can still be answered."""
        over = ExecutionStatus(self.execution.status).final
        return self.approval.answer is None and self.approval.closed_at is None and not over

    def demand(self, role: Role) -> None:
        """Insist on the question being open, and on a role that may answer it.

        Raises:
            Forbidden: the role may not.
            Conflict: the question is closed; the message says by whom or by what.
        """
        needed: Role = "admin" if self.approval.role == "admin" else "member"
        if RANKS[role] < RANKS[needed]:
            raise Forbidden(f"Only {_WHO[needed]} may answer this.", code="role_required")
        if not self.open:
            raise Conflict(self._why_closed(), code="approval_closed")

    def _why_closed(self) -> str:
        if self.approval.answer is not None:
            by = self.approval.answer.get("by") or "Somebody"
            return f"{by} answered this question already."
        return "This question is closed already: nobody waits for the answer any more."

    def shown(self) -> ApprovalOut:
        """As the API tells of it."""
        approval, execution = self.approval, self.execution
        over = execution.finished_at if ExecutionStatus(execution.status).final else None
        return ApprovalOut.model_validate(
            {
                "id": approval.id,
                "execution_id": approval.execution_id,
                "flow_id": execution.flow_id,
                "flow_name": self.flow_name,
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


_WHO: dict[Role, str] = {"admin": "an admin", "member": "a member or an admin"}


def rows() -> Select[Approval, Execution, str]:
    """All questions, each with its execution and the flow's name."""
    return (
        select(Approval, Execution, Flow.name)
        .join(Execution, Execution.id == Approval.execution_id)
        .outerjoin(Flow, Flow.id == Execution.flow_id)
    )


async def find(session: AsyncSession, approval_id: UUID, *, lock: bool = False) -> Asked:
    """A question; `lock` keeps others from answering it until the transaction ends.

    Raises:
        NotFound: there is none of that id.
    """
    query = rows().where(Approval.id == approval_id)
    if lock:
        query = query.with_for_update(of=Approval)
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise NotFound("There is no such question.", code="approval_not_found")
    return Asked(row[0], row[1], row[2])


async def answer(
    work: Work, scope: TenantScope, parts: ExecutionBackend, asked: Asked, user_id: UUID, form: AnswerRequest
) -> None:
    """Answer a question that is open and locked; the execution goes on at once.

    Raises:
        InvalidInput: the form is not filled in as it must be.
    """
    approval = asked.approval
    approval.answer = {
        "approved": form.approved,
        "by": await _name(work.session, user_id),
        "comment": form.comment,
        "values": _values(approval, form) if form.approved else {},
    }
    approval.answered_by, approval.answered_at = user_id, datetime.now(UTC)
    await queries.wake(work.session, scope, approval.execution_id)
    work.after_commit(partial(parts.hints.wake, approval.execution_id))
    work.after_commit(partial(parts.hints.execute, scope, approval.execution_id))
    await work.session.flush()


async def _name(session: AsyncSession, user_id: UUID) -> str | None:
    query = select(User.full_name, User.email).where(User.id == user_id)
    person = (await session.execute(query)).one_or_none()
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
