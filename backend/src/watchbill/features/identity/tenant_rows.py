"""Changing and deleting the rows of tenants; registering makes them."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from sqlalchemy import delete as deleting
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.features.identity.tables import Membership, Tenant, User


async def rename(session: AsyncSession, tenant_id: UUID, name: str) -> None:
    """Give a tenant another name, if it is still there."""
    tenant = await session.get(Tenant, tenant_id)
    if tenant is not None:
        tenant.name = name
        await session.flush()


async def set_status(session: AsyncSession, tenant: Tenant, status: Literal["active", "suspended"]) -> None:
    """Let people in, or nobody."""
    tenant.status = status
    await session.flush()


async def delete(session: AsyncSession, tenant_id: UUID) -> None:
    """Remove the tenant's rows of the public tables, and the people who now belong nowhere."""
    query = select(Membership.user_id).where(Membership.tenant_id == tenant_id)
    people = (await session.scalars(query)).all()
    await session.execute(deleting(Tenant).where(Tenant.id == tenant_id))
    elsewhere = select(Membership.user_id).where(Membership.user_id.in_(people))
    await session.execute(deleting(User).where(User.id.in_(people), User.id.not_in(elsewhere)))
