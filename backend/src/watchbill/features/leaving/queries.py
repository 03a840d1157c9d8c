"""SQL of what a member has at work. The session's transaction sees the tenant's tables with the service's
rights."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.features.executions.tables import ActiveExecution, Execution
from watchbill.features.identity.tables import ApiKey
from watchbill.features.triggers.tables import Trigger


async def keys(session: AsyncSession, tenant_id: UUID, user_id: UUID) -> Sequence[ApiKey]:
    """The keys that act for somebody in a tenant, the oldest first."""
    query = select(ApiKey).where(ApiKey.tenant_id == tenant_id, ApiKey.user_id == user_id)
    return (await session.scalars(query.order_by(ApiKey.created_at, ApiKey.id))).all()


async def active_triggers(
    session: AsyncSession, user_id: UUID, kinds: Collection[str], *, lock: bool = False
) -> Sequence[Trigger]:
    """The triggers of these kinds that somebody made and that are switched on."""
    query = select(Trigger).where(Trigger.created_by == user_id, Trigger.is_active, Trigger.kind.in_(kinds))
    return (await session.scalars(query.with_for_update() if lock else query)).all()


async def active_executions(session: AsyncSession, tenant_id: UUID, user_id: UUID) -> int:
    """How many executions that somebody started are not over."""
    query = (
        select(func.count())
        .select_from(ActiveExecution)
        .join(Execution, Execution.id == ActiveExecution.execution_id)
        .where(ActiveExecution.tenant_id == tenant_id, Execution.created_by == user_id)
    )
    return await session.scalar(query) or 0


async def cancel_executions(session: AsyncSession, tenant_id: UUID, user_id: UUID) -> Sequence[UUID]:
    """Mark whatever somebody started and that is not over as to be cancelled; returns which executions."""
    theirs = select(Execution.id).where(Execution.created_by == user_id)
    statement = (
        update(ActiveExecution)
        .where(ActiveExecution.tenant_id == tenant_id, ActiveExecution.execution_id.in_(theirs))
        .values(cancel_requested=True, wakes=ActiveExecution.wakes + 1, due_at=func.now())
        .returning(ActiveExecution.execution_id)
    )
    return (await session.scalars(statement)).all()
