"""SQL of API keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, select, text, true
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.tenancy import TenantScope
from watchbill.features.identity.members.queries import MEMBERSHIP, membership_name
from watchbill.features.identity.tables import ApiKey, Membership, Tenant, User
from watchbill.kit.database.locks import beside_others, beside_others_at_once
from watchbill.kit.database.paging import Page, fetch_page

KeyEntry = tuple[ApiKey, User, Tenant, Membership]


async def key_entry(
    session: AsyncSession, which: ColumnElement[bool], *, kept: bool = False
) -> KeyEntry | None:
    """A key with its maker, tenant and what connects them; `kept` as in queries.entry."""
    at_once = beside_others_at_once(MEMBERSHIP) if kept else true()
    query = (
        select(ApiKey, User, Tenant, Membership, at_once)
        .join(User, User.id == ApiKey.user_id)
        .join(Tenant, Tenant.id == ApiKey.tenant_id)
        .join(Membership, (Membership.user_id == ApiKey.user_id) & (Membership.tenant_id == ApiKey.tenant_id))
        .where(which)
    )
    row = (await session.execute(query)).one_or_none()
    if row is not None and not row[4]:
        # Somebody is changing what its maker may do.
        await beside_others(session, membership_name(row[0].user_id, row[0].tenant_id))
        session.expire_all()
        return await key_entry(session, which)
    return None if row is None else (row[0], row[1], row[2], row[3])


async def key_page(
    session: AsyncSession, tenant_id: UUID, wanted: Page
) -> tuple[Sequence[ApiKey], str | None]:
    """One page of a tenant's keys."""
    return await fetch_page(session, select(ApiKey).where(ApiKey.tenant_id == tenant_id), ApiKey, wanted)


async def lock_key(session: AsyncSession, tenant_id: UUID, key_id: UUID) -> ApiKey | None:
    """A tenant's key, which nobody else revokes meanwhile."""
    query = select(ApiKey).where(ApiKey.id == key_id, ApiKey.tenant_id == tenant_id)
    return await session.scalar(query.with_for_update())


# Flows and executions belong to features that depend on this one. Their tables are named here, with the
# tenant's schema, because a key's limits must hold before any route of theirs runs.


async def known_flows(session: AsyncSession, scope: TenantScope, ids: Iterable[UUID]) -> set[UUID]:
    """Which of the ids are flows of the tenant."""
    query = text(
        f'SELECT id FROM "{scope.schema}".flows WHERE id = ANY(:ids) AND deleted_at IS NULL'  # noqa: S608 (our own name)
    )
    wanted = list(ids)
    return set((await session.scalars(query, {"ids": wanted})).all()) if wanted else set()


# What belongs to a flow, by its name in paths: where it is kept, and how its flow is found.
OF_A_FLOW = {
    "execution_id": "executions",
    "trigger_id": "triggers",
    "approval_id": "approvals",
    # One that tells of all flows is no flow's.
    "notification_id": "notifications",
    "delivery_id": "notification_deliveries",
}
_OF_AN_EXECUTION = frozenset(("approvals", "notification_deliveries"))


async def flow_of(session: AsyncSession, scope: TenantScope, table: str, id_: UUID) -> UUID | None:
    """The flow that a row of one of those tables is about."""
    rows = f'"{scope.schema}".{table} AS one'
    if table in _OF_AN_EXECUTION:
        rows += f' JOIN "{scope.schema}".executions AS execution ON execution.id = one.execution_id'
    column = "execution.flow_id" if table in _OF_AN_EXECUTION else "one.flow_id"
    query = text(f"SELECT {column} FROM {rows} WHERE one.id = :id")  # noqa: S608 (our own names)
    return await session.scalar(query, {"id": id_})
