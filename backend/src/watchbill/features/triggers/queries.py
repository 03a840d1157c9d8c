"""SQL of triggers. The session's transaction sees one tenant; Hook is public."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, func, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.tenancy import TenantScope
from watchbill.features.executions.tables import Execution
from watchbill.features.flows.tables import Flow
from watchbill.features.identity.tables import Tenant
from watchbill.features.triggers.tables import Firing, Hook, Trigger
from watchbill.kit import due_work
from watchbill.kit.database.paging import Page, decode_cursor, encode_cursor, fetch_page

# Due work of this kind has the id of a trigger.
SCHEDULE = "schedule"
# A firing, and the status of its execution.
Fired = tuple[Firing, str | None]
_OVER = ("completed", "failed", "cancelled")


async def page(
    session: AsyncSession, wanted: Page, flow_ids: Collection[UUID] | None
) -> tuple[Sequence[Trigger], str | None]:
    """One page of triggers of these flows, or of all; those of deleted flows are not shown."""
    query = select(Trigger).join(Flow, Flow.id == Trigger.flow_id).where(Flow.deleted_at.is_(None))
    if flow_ids is not None:
        query = query.where(Trigger.flow_id.in_(flow_ids))
    return await fetch_page(session, query, Trigger, wanted)


async def by_id(session: AsyncSession, id_: UUID, *, lock: bool = False) -> Trigger | None:
    """The trigger of that id; `lock` keeps others from changing it until the transaction ends."""
    query = select(Trigger).where(Trigger.id == id_)
    return await session.scalar(query.with_for_update() if lock else query)


async def made_by(
    session: AsyncSession, user_id: UUID, kinds: Collection[str], *, lock: bool = False
) -> Sequence[Trigger]:
    """The triggers of these kinds that somebody made and that are switched on."""
    query = select(Trigger).where(Trigger.created_by == user_id, Trigger.is_active, Trigger.kind.in_(kinds))
    return (await session.scalars(query.with_for_update() if lock else query)).all()


async def any_there(session: AsyncSession) -> bool:
    """Whether there is any trigger; it waits for no row that somebody holds."""
    return await session.scalar(select(Trigger.id).limit(1)) is not None


async def set_due(session: AsyncSession, scope: TenantScope, trigger_id: UUID, at: datetime | None) -> None:
    """Say when a schedule is due next, or with None that it is not."""
    if at is None:
        await due_work.drop(session, SCHEDULE, scope.tenant_id, trigger_id)
    else:
        await due_work.put(session, SCHEDULE, scope.tenant_id, at, trigger_id)


async def find_hook(session: AsyncSession, token_digest: str) -> Hook | None:
    """Where the address of a webhook leads, unless its tenant is suspended."""
    return await session.scalar(
        select(Hook)
        .join(Tenant, Tenant.id == Hook.tenant_id)
        .where(Hook.token_digest == token_digest, Tenant.status == "active")
    )


async def delete_hooks(session: AsyncSession, trigger_id: UUID) -> None:
    """Close every address of a webhook."""
    await session.execute(delete(Hook).where(Hook.trigger_id == trigger_id))


async def earlier(
    session: AsyncSession, trigger_id: UUID, signature: str | None, request_key: str | None
) -> Firing | None:
    """The firing of a call with this signature or key."""
    query = select(Firing).where(Firing.trigger_id == trigger_id)
    for column, value in ((Firing.signature, signature), (Firing.request_key, request_key)):
        if value is not None and (found := await session.scalar(query.where(column == value))):
            return found
    return None


async def active_executions(session: AsyncSession, trigger_id: UUID) -> Sequence[UUID]:
    """Executions that the trigger started and that are not over."""
    query = (
        select(Execution.id)
        .join(Firing, Firing.execution_id == Execution.id)
        .where(Firing.trigger_id == trigger_id, Execution.status.not_in(_OVER))
    )
    return (await session.scalars(query)).all()


async def queued(session: AsyncSession, trigger_id: UUID) -> Sequence[Firing]:
    """Firings that wait for their turn, the oldest first."""
    query = select(Firing).where(Firing.trigger_id == trigger_id, Firing.outcome == "queued")
    return (await session.scalars(query.order_by(Firing.at))).all()


def _with_status() -> Select[Firing, str]:
    return select(Firing, Execution.status).outerjoin(Execution, Execution.id == Firing.execution_id)


async def newest(session: AsyncSession, trigger_ids: Sequence[UUID]) -> dict[UUID, Fired]:
    """The newest firing of each trigger that has one."""
    last = (
        select(Firing.id)
        .where(Firing.trigger_id == Trigger.id)
        .order_by(Firing.created_at.desc(), Firing.id.desc())
        .limit(1)
        .lateral()
    )
    ids = select(last.c.id).select_from(Trigger).join(last, text("true")).where(Trigger.id.in_(trigger_ids))
    rows = await session.execute(_with_status().where(Firing.id.in_(ids)))
    return {row[0].trigger_id: (row[0], row[1]) for row in rows}


async def firings(
    session: AsyncSession, trigger_id: UUID, limit: int, cursor: str | None
) -> tuple[list[Fired], str | None]:
    """One page of a trigger's firings, newest first, and the next page's cursor."""
    query = _with_status().where(Firing.trigger_id == trigger_id)
    if cursor is not None:
        query = query.where(tuple_(Firing.created_at, Firing.id) < tuple_(*decode_cursor(cursor)))
    query = query.order_by(Firing.created_at.desc(), Firing.id.desc()).limit(limit + 1)
    rows: list[Fired] = [(row[0], row[1]) for row in await session.execute(query)]
    return rows[:limit], encode_cursor(rows[limit - 1][0]) if len(rows) > limit else None


async def forget(session: AsyncSession, trigger_id: UUID, before: datetime) -> None:
    """Remove what came of a trigger before that time, except what still waits."""
    await session.execute(
        delete(Firing).where(
            Firing.trigger_id == trigger_id, Firing.created_at < before, Firing.outcome != "queued"
        )
    )


async def skip_queued(session: AsyncSession, trigger_id: UUID, message: str) -> None:
    """Give up what waits for its turn."""
    values: dict[str, Any] = {"outcome": "skipped", "message": message}
    condition = (Firing.trigger_id == trigger_id, Firing.outcome == "queued")
    await session.execute(update(Firing).where(*condition).values(values))


async def count(session: AsyncSession, flow_id: UUID) -> int:
    """How many triggers a flow has."""
    return await session.scalar(select(func.count()).where(Trigger.flow_id == flow_id)) or 0
