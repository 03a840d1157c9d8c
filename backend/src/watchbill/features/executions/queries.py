"""SQL of executions. The session's transaction sees one tenant; ActiveExecution is public and named whole."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.events import Event
from watchbill.core.tenancy import TenantScope
from watchbill.features.executions.tables import ActiveExecution, Execution, ExecutionEvent, StoredPlan
from watchbill.features.flows.tables import Flow

# An execution, its flow's name, and whether it is asked to cancel (None once it is over).
Found = tuple[Execution, str | None, bool | None]


async def keep_plan(session: AsyncSession, digest: str, definition: dict[str, Any]) -> None:
    """Store a plan unless it is there."""
    await session.execute(
        insert(StoredPlan).values(digest=digest, definition=definition).on_conflict_do_nothing()
    )


async def by_idempotency_key(session: AsyncSession, key: str) -> Execution | None:
    """The execution that a request with this key made."""
    return await session.scalar(select(Execution).where(Execution.idempotency_key == key))


async def insert_execution(
    session: AsyncSession, scope: TenantScope, execution: Execution, queued: Event
) -> None:
    """Store a pending execution, its first event, and the row that workers find it by.

    Raises:
        sqlalchemy.exc.IntegrityError: another request stored one with its idempotency key; the transaction
            goes on without this one.
    """
    async with session.begin_nested():
        session.add(execution)
    session.add_all(
        [
            ExecutionEvent(
                execution_id=execution.id,
                seq=queued.seq,
                type=queued.type,
                node_id=None,
                timestamp=queued.timestamp,
                data=queued.data,
            ),
            ActiveExecution(
                execution_id=execution.id,
                tenant_id=scope.tenant_id,
                plan_digest=execution.plan_digest,
                last_seq=queued.seq,
            ),
        ]
    )
    await session.flush()


def _with_flow() -> Select[Execution, str, bool]:
    return (
        select(Execution, Flow.name, ActiveExecution.cancel_requested)
        .outerjoin(Flow, Flow.id == Execution.flow_id)
        .outerjoin(ActiveExecution, ActiveExecution.execution_id == Execution.id)
    )


async def find(session: AsyncSession, execution_id: UUID) -> Found | None:
    """The execution, its flow's name, and whether it is asked to cancel."""
    row = (await session.execute(_with_flow().where(Execution.id == execution_id))).one_or_none()
    return None if row is None else (row[0], row[1], row[2])


async def plan_definition(session: AsyncSession, digest: str) -> dict[str, Any]:
    """The definition a plan was made from."""
    return (await session.scalars(select(StoredPlan.definition).where(StoredPlan.digest == digest))).one()


async def newest(
    session: AsyncSession,
    *,
    flow_id: UUID | None,
    statuses: Sequence[str],
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[Found]:
    """Executions, newest first, that come after the cursor `before`."""
    query = _with_flow().order_by(Execution.created_at.desc(), Execution.id.desc()).limit(limit)
    if flow_id:
        query = query.where(Execution.flow_id == flow_id)
    if statuses:
        query = query.where(Execution.status.in_(statuses))
    if before:
        query = query.where(tuple_(Execution.created_at, Execution.id) < tuple_(*before))
    return [(row[0], row[1], row[2]) for row in await session.execute(query)]


async def journal(session: AsyncSession, execution_id: UUID, after: int, limit: int) -> list[Event]:
    """Events of the journal with seq > after."""
    rows = await session.scalars(
        select(ExecutionEvent)
        .where(ExecutionEvent.execution_id == execution_id, ExecutionEvent.seq > after)
        .order_by(ExecutionEvent.seq)
        .limit(limit)
    )
    return [
        Event(
            seq=row.seq,
            execution_id=row.execution_id,
            type=row.type,
            node_id=row.node_id,
            timestamp=row.timestamp,
            data=row.data,
        )
        for row in rows
    ]


async def request_cancel(session: AsyncSession, scope: TenantScope, execution_id: UUID) -> bool:
    """Mark an active execution as to be cancelled; False when it is over."""
    result = await session.execute(
        update(ActiveExecution)
        .where(ActiveExecution.execution_id == execution_id, ActiveExecution.tenant_id == scope.tenant_id)
        .values(cancel_requested=True)
        .returning(ActiveExecution.execution_id)
    )
    return result.one_or_none() is not None
