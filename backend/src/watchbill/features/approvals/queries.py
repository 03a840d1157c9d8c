"""SQL of questions. The session's transaction sees one tenant."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, Text, cast, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.events import ExecutionStatus
from watchbill.core.tenancy import TenantScope
from watchbill.features.approvals.tables import Approval
from watchbill.features.executions.queries.executions import without_values
from watchbill.features.executions.tables import Execution
from watchbill.features.flows.tables import Flow
from watchbill.features.identity.tables import Membership, User
from watchbill.features.notifications.tables import Delivery

# A question, the execution that asks it, and the name of its flow.
Found = tuple[Approval, Execution, str | None]
# Of one page: a question may have megabytes, and so may its answer.
_MOST_CHARACTERS = 2 * 1024 * 1024
_LENGTH = (
    func.length(Approval.details)
    + func.length(cast(Approval.fields, Text))
    + func.coalesce(func.length(cast(Approval.answer, Text)), 0)
)
_FINAL = [status for status in ExecutionStatus if status.final]


def _rows() -> Select[Approval, Execution, str]:
    return (
        select(Approval, Execution, Flow.name)
        .join(Execution, Execution.id == Approval.execution_id)
        .outerjoin(Flow, Flow.id == Execution.flow_id)
        .options(*without_values())
    )


async def find(session: AsyncSession, approval_id: UUID, *, lock: bool = False) -> Found | None:
    """A question; `lock` keeps others from changing it until the transaction ends."""
    query = _rows().where(Approval.id == approval_id)
    if lock:
        query = query.with_for_update(of=Approval)
    row = (await session.execute(query)).one_or_none()
    return None if row is None else (row[0], row[1], row[2])


async def newest(
    session: AsyncSession,
    flow_ids: Collection[UUID] | None,
    *,
    open: bool | None,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> tuple[Sequence[Found], bool]:
    """Questions of these flows, or of all, newest first, that come after the cursor `before`; with `open`
    only open or closed ones. They are fewer where they are long, and one in any case; and
    whether there are more."""
    query = (
        select(Approval.id, _LENGTH)
        .join(Execution, Execution.id == Approval.execution_id)
        .order_by(Approval.created_at.desc(), Approval.id.desc())
        .limit(limit + 1)
    )
    if open is not None:
        still = Approval.closed_at.is_(None) & Approval.answer.is_(None) & Execution.status.not_in(_FINAL)
        query = query.where(still if open else ~still)
    if flow_ids is not None:
        query = query.where(Execution.flow_id.in_(flow_ids))
    if before:
        query = query.where(tuple_(Approval.created_at, Approval.id) < tuple_(*before))
    room, ids = _MOST_CHARACTERS, list[UUID]()
    found = (await session.execute(query)).all()
    for id_, length in found[:limit]:
        room -= length
        if ids and room < 0:
            break
        ids.append(id_)
    wanted = _rows().where(Approval.id.in_(ids)).order_by(Approval.created_at.desc(), Approval.id.desc())
    return [(row[0], row[1], row[2]) for row in await session.execute(wanted)], len(ids) < len(found)


async def mails(
    session: AsyncSession, approvals: Sequence[Approval]
) -> Sequence[tuple[UUID, str, str, bool]]:
    """The mails that ask these questions, as they are asked now: the question's id, the address, how far the
    mail is, and whether it was sent because nobody had answered."""
    query = (
        select(Approval.id, Delivery.recipient, Delivery.status, Delivery.escalated)
        .join(Delivery, (Delivery.approval_id == Approval.id) & (Delivery.asked_at == Approval.created_at))
        .where(Approval.id.in_([approval.id for approval in approvals]))
        .order_by(Delivery.escalated, Delivery.recipient)
    )
    return [(row[0], row[1], row[2], row[3]) for row in await session.execute(query)]


async def name(session: AsyncSession, user_id: UUID) -> str | None:
    """What somebody is called: by name, or else by address."""
    query = select(User.full_name, User.email).where(User.id == user_id)
    person = (await session.execute(query)).one_or_none()
    return (person[0] or person[1]) if person else None


async def approval(session: AsyncSession, execution_id: UUID, node_id: str) -> Approval | None:
    """The question of an execution's node."""
    return await session.get(Approval, (execution_id, node_id))


async def people_of(
    session: AsyncSession, scope: TenantScope, roles: Collection[str], addresses: Collection[str], limit: int
) -> Sequence[tuple[UUID, str, str]]:
    """Active people of a tenant who have one of these roles or one of these addresses (in lower case): ids,
    addresses and roles, whoever was there first coming first."""
    query = (
        select(User.id, User.email, Membership.role)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.tenant_id == scope.tenant_id, User.status == "active")
        .where(or_(Membership.role.in_(roles), func.lower(User.email).in_(addresses)))
        .order_by(Membership.created_at, User.id)
        .limit(limit)
    )
    return [(row[0], row[1], row[2]) for row in await session.execute(query)]


async def person(session: AsyncSession, scope: TenantScope, user_id: UUID) -> tuple[str, str] | None:
    """Address and role of somebody who is active in the tenant."""
    query = (
        select(User.email, Membership.role)
        .join(Membership, Membership.user_id == User.id)
        .where(User.id == user_id, Membership.tenant_id == scope.tenant_id, User.status == "active")
    )
    row = (await session.execute(query)).one_or_none()
    return None if row is None else (row[0], row[1])
