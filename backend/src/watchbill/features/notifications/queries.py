"""SQL of notifications. The session's transaction sees one tenant."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import any_, delete, exists, literal, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.tenancy import TenantScope
from watchbill.features.executions.tables import Execution
from watchbill.features.flows.tables import Flow
from watchbill.features.notifications.tables import (
    Delivery,
    Notification,
    NotifiedTenant,
)
from watchbill.kit import due_work
from watchbill.kit.database.paging import Page, fetch_page

# Due work of these kinds has the id of an execution that is over, which a trigger of the database notes, and
# that of a delivery.
END, DELIVERY = "end", "delivery"


async def page(
    session: AsyncSession, wanted: Page, flow_ids: Collection[UUID] | None
) -> tuple[Sequence[Notification], str | None]:
    """One page of notifications, of these flows or of all; those of deleted flows are not shown."""
    query = select(Notification).outerjoin(Flow, Flow.id == Notification.flow_id)
    query = query.where(Flow.deleted_at.is_(None))
    if flow_ids is not None:
        query = query.where(Notification.flow_id.in_(flow_ids))
    return await fetch_page(session, query, Notification, wanted)


async def by_id(session: AsyncSession, id_: UUID, *, lock: bool = False) -> Notification | None:
    """The notification of that id; `lock` keeps others from changing it until the transaction ends."""
    query = select(Notification).where(Notification.id == id_)
    if lock:
        # As it is now, whatever was read of it before.
        query = query.with_for_update().execution_options(populate_existing=True)
    return await session.scalar(query)


async def mark_tenant(session: AsyncSession, scope: TenantScope) -> None:
    """Say whether the tenant has a notification that is switched on."""
    if await session.scalar(select(exists().where(Notification.is_active))):
        row = insert(NotifiedTenant).values(tenant_id=scope.tenant_id)
        await session.execute(row.on_conflict_do_nothing())
    else:
        await session.execute(delete(NotifiedTenant).where(NotifiedTenant.tenant_id == scope.tenant_id))


async def interested(session: AsyncSession, execution: Execution) -> Sequence[Notification]:
    """Notifications about an execution's end."""
    query = select(Notification).where(
        Notification.is_active,
        literal(execution.status) == any_(Notification.statuses),
        or_(Notification.flow_id.is_(None), Notification.flow_id == execution.flow_id),
    )
    return (await session.scalars(query)).all()


async def add_deliveries(
    session: AsyncSession, scope: TenantScope, rows: Sequence[dict[str, Any]], at: datetime
) -> None:
    """Note messages to be sent; those that were noted before, or failed before they were tried, stay as they
    are."""
    if not rows:
        return
    statement = insert(Delivery).values(list(rows)).on_conflict_do_nothing()
    noted = await session.execute(statement.returning(Delivery.id, Delivery.status))
    pending = [delivery_id for delivery_id, status in noted.all() if status == "pending"]
    await due_work.put(session, DELIVERY, scope.tenant_id, at, *pending)


async def forget(session: AsyncSession, before: datetime) -> None:
    """Remove deliveries made before that time, except those still on their way."""
    await session.execute(delete(Delivery).where(Delivery.created_at < before, Delivery.status != "pending"))


async def delivery(session: AsyncSession, id_: UUID, *, lock: bool = False) -> Delivery | None:
    """The delivery of that id."""
    query = select(Delivery).where(Delivery.id == id_)
    return await session.scalar(query.with_for_update() if lock else query)


async def execution(session: AsyncSession, id_: UUID) -> tuple[Execution, str | None] | None:
    """An execution and its flow's name."""
    query = select(Execution, Flow.name).outerjoin(Flow, Flow.id == Execution.flow_id)
    row = (await session.execute(query.where(Execution.id == id_))).one_or_none()
    return None if row is None else (row[0], row[1])


async def deliveries(
    session: AsyncSession,
    wanted: Page,
    *,
    notification_id: UUID | None,
    execution_id: UUID | None,
    status: str | None,
    flow_ids: Collection[UUID] | None,
) -> tuple[Sequence[Delivery], str | None]:
    """One page of deliveries, about these flows' executions or all, newest first."""
    query = select(Delivery)
    if flow_ids is not None:
        of_flows = select(Execution.id).where(Execution.flow_id.in_(flow_ids))
        query = query.where(Delivery.execution_id.in_(of_flows))
    for column, value in (
        (Delivery.notification_id, notification_id),
        (Delivery.execution_id, execution_id),
        (Delivery.status, status),
    ):
        if value is not None:
            query = query.where(column == value)
    return await fetch_page(session, query, Delivery, wanted)
