"""Finding a question and answering it, however the person came to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import Conflict, Forbidden, InvalidInput, NotFound
from watchbill.core.events import ExecutionStatus
from watchbill.core.tenancy import TenantScope
from watchbill.features.approvals import queries
from watchbill.features.approvals.schemas import AnswerRequest, ApprovalOut, AskedByMail
from watchbill.features.approvals.tables import Approval
from watchbill.features.executions.ports import ExecutionPorts
from watchbill.features.executions.queries.executions import ask
from watchbill.features.executions.tables import Execution
from watchbill.features.identity.permissions import RANKS, Role
from watchbill.kit.audit import trail_of
from watchbill.kit.database.paging import decode_cursor, encode_cursor
from watchbill.kit.database.transactions import Work
from watchbill.nodes.input import Config as FormConfig
from watchbill.nodes.input import check_values


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, the execution that asks it, and the name of its flow."""

    approval: Approval
    execution: Execution
    flow_name: str | None
    mails: tuple[AskedByMail, ...] = ()

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
        return "This question is closed: nothing waits for its answer."

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
                "mailed": self.mails,
            }
        )


_WHO: dict[Role, str] = {"admin": "an admin", "member": "a member or an admin"}


async def find(session: AsyncSession, approval_id: UUID, *, lock: bool = False) -> Asked:
    """A question; `lock` keeps others from answering it until the transaction ends.

    Raises:
        NotFound: there is none of that id.
    """
    found = await queries.find(session, approval_id, lock=lock)
    if found is None:
        raise NotFound("There is no such question.", code="approval_not_found")
    (asked,) = await _asked(session, [found])
    return asked


async def page(
    session: AsyncSession,
    flow_ids: Collection[UUID] | None,
    *,
    open: bool | None,
    limit: int,
    cursor: str | None,
) -> tuple[list[Asked], str | None]:
    """One page of questions, of these flows or of all, the newest first, and the next page's cursor.

    Raises:
        kit.paging.BadCursor: the cursor is not one that a list gave out.
    """
    before = decode_cursor(cursor) if cursor else None
    rows, more = await queries.newest(session, flow_ids, open=open, before=before, limit=limit)
    return await _asked(session, rows), encode_cursor(rows[-1][0]) if more else None


async def _asked(session: AsyncSession, rows: Sequence[queries.Found]) -> list[Asked]:
    mails: dict[UUID, list[AskedByMail]] = defaultdict(list)
    for id_, email, status, escalated in await queries.mails(session, [row[0] for row in rows]):
        mails[id_].append(
            AskedByMail.model_validate({"email": email, "status": status, "escalated": escalated})
        )
    return [Asked(*row, tuple(mails[row[0].id])) for row in rows]


async def answer(
    work: Work, scope: TenantScope, ports: ExecutionPorts, asked: Asked, user_id: UUID, form: AnswerRequest
) -> None:
    """Answer a question that is open and locked; the execution goes on at once.

    Raises:
        InvalidInput: the form is not filled in as it must be.
    """
    approval = asked.approval
    if trail := trail_of(work.session):
        trail.about("approvals", approval.id, approval.title)
    approval.answer = {
        "approved": form.approved,
        "by": await queries.name(work.session, user_id),
        "comment": form.comment,
        "values": _values(approval, form) if form.approved else {},
    }
    approval.answered_by, approval.answered_at = user_id, datetime.now(UTC)
    await ask(work.session, scope, approval.execution_id)
    work.after_commit(partial(ports.hints.wake, approval.execution_id))
    work.after_commit(partial(ports.hints.execute, scope, approval.execution_id))
    await work.session.flush()


def _values(approval: Approval, form: AnswerRequest) -> dict[str, object]:
    """What was filled in, with defaults.

    Raises:
        InvalidInput: with an error for each field that is missing, unknown or of the wrong type.
    """
    config = FormConfig.model_validate({"fields": approval.fields})
    values, errors = check_values(
        config, form.values, place="values", word="field", whose="question", exact=True
    )
    if errors:
        raise InvalidInput(errors[0].message, code="values_invalid", errors=tuple(errors))
    return values
