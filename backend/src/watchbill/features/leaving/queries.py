"""SQL of what a member has at work. The session's transaction sees the tenant's tables with the service's
rights."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.features.executions.tables import ActiveExecution, Execution
from watchbill.features.identity.tables import ApiKey


async def keys(session: AsyncSession, tenant_id: UUID, user_id: UUID) -> Sequence[ApiKey]:
    """The keys that act for somebody in a tenant, the oldest first."""
    query = select(ApiKey).where(ApiKey.tenant_id == tenant_id, ApiKey.user_id == user_id)
    return (await session.scalars(query.order_by(ApiKey.created_at, ApiKey.id))).all()


async def active_executions(session: AsyncSession, tenant_id: UUID, user_id: UUID) -> int:
    """How many executions that somebody started are not over."""
    query = (
        select(func.count())
        .select_from(ActiveExecution)
        .join(Execution, Execution.id == ActiveExecution.execution_id)
        .where(ActiveExecution.tenant_id == tenant_id, Execution.created_by == user_id)
    )
    return await session.scalar(query) or 0
