"""SQL of the queue: which executions run, which wait, and what limits them. ActiveExecution and the limits
are public and named whole."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.features.executions.tables import ActiveExecution

# As the journal's SQL has it where it claims: what the operator set, or the installation's (0 for any
# number), and not more than the tenant's admins want.
_MAY_RUN = text("""
SELECT least(nullif(coalesce((SELECT running FROM public.tenant_limits WHERE tenant_id = :tenant),
                             CAST(:installation AS int)), 0),
             (SELECT max_running FROM public.tenant_settings WHERE tenant_id = :tenant))
""")


async def may_run(session: AsyncSession, tenant_id: UUID, installation: int) -> int | None:
    """How many executions of the tenant may run at a time; None for any number."""
    return await session.scalar(_MAY_RUN, {"tenant": tenant_id, "installation": installation})


async def running(session: AsyncSession, row: ActiveExecution, *, of_flow: bool = False) -> int:
    """How many executions of its tenant, or of its flow, run now."""
    query = select(func.count()).where(
        ActiveExecution.tenant_id == row.tenant_id, ActiveExecution.owner.is_not(None)
    )
    if of_flow:
        query = query.where(ActiveExecution.flow_id == row.flow_id)
    return (await session.scalar(query)) or 0


async def waiting_before(session: AsyncSession, row: ActiveExecution, *, of_flow: bool = False) -> int:
    """How many executions of its tenant, or of its flow, wait for a worker longer."""
    query = select(func.count()).where(
        ActiveExecution.tenant_id == row.tenant_id,
        ActiveExecution.owner.is_(None),
        ActiveExecution.due_at <= func.now(),
        tuple_(ActiveExecution.due_at, ActiveExecution.execution_id) < tuple_(row.due_at, row.execution_id),
    )
    if of_flow:
        query = query.where(ActiveExecution.flow_id == row.flow_id)
    return (await session.scalar(query)) or 0
