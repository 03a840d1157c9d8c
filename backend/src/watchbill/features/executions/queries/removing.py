"""SQL of the clean-up: executions that ended long enough ago, their logs, and plans that nothing runs. Each
call is part of a transaction that sees one tenant."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.features.executions.tables import ActiveExecution, Execution, StoredPlan


async def ended(
    session: AsyncSession,
    before: datetime,
    limit: int,
    *,
    with_logs: bool = False,
    among: Sequence[UUID] | None = None,
) -> Sequence[UUID]:
    """Executions that ended before a moment, held until the transaction ends; those that somebody else holds,
    to resume or fork them, are left out. `with_logs` asks for those whose logs are still there, `among` for
    some of these only."""
    logs = Execution.logs_removed.is_(False) if with_logs else Execution.logs_removed.in_((False, True))
    query = (
        select(Execution.id)
        .where(logs, Execution.finished_at < before, _over())
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    if among is not None:
        query = query.where(Execution.id.in_(among))
    return (await session.scalars(query)).all()


def _over() -> ColumnElement[bool]:
    return ~exists().where(ActiveExecution.execution_id == Execution.id)


async def note_logs_removed(session: AsyncSession, ids: Collection[UUID]) -> None:
    """Note that the history of these executions has holes from now on."""
    await session.execute(update(Execution).where(Execution.id.in_(ids)).values(logs_removed=True))


async def remove(session: AsyncSession, ids: Collection[UUID]) -> int:
    """Delete executions with their journal, snapshots and questions, and the plans that only they ran;
    returns how many plans."""
    deleted = delete(Execution).where(Execution.id.in_(ids)).returning(Execution.plan_digest)
    digests = set((await session.scalars(deleted)).all())
    # Who starts an execution of such a plan at this moment holds it, or waits here and stores it again.
    held = select(StoredPlan.digest).where(StoredPlan.digest.in_(digests)).with_for_update(skip_locked=True)
    free = (await session.scalars(held)).all()
    unused = ~exists().where(Execution.plan_digest == StoredPlan.digest)
    gone = delete(StoredPlan).where(StoredPlan.digest.in_(free), unused).returning(StoredPlan.digest)
    return len((await session.scalars(gone)).all())


async def logs_removed(session: AsyncSession, execution_id: UUID) -> bool:
    """Whether numbers of trace events are missing for good."""
    query = select(Execution.logs_removed).where(Execution.id == execution_id)
    return bool(await session.scalar(query))
