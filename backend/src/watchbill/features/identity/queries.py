"""SQL of identity: the public schema, and the making of a tenant's."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import MetaData, Text, cast, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.tenancy import TenantScope
from watchbill.features.identity.tables import Membership, Tenant, User
from watchbill.kit.db import enter_schema
from watchbill.kit.migrations import stamp
from watchbill.kit.roles import secure_schema

Belonging = tuple[User, Tenant, Membership]


async def user_by_email(session: AsyncSession, email: str) -> User | None:
    """The person with that address, whatever its case."""
    return await session.scalar(select(User).where(func.lower(User.email) == email.lower()))


async def belonging(session: AsyncSession, user_id: UUID, tenant_id: UUID) -> Belonging | None:
    """A person, a tenant, and what connects them."""
    query = (
        select(User, Tenant, Membership)
        .join(Membership, Membership.user_id == User.id)
        .join(Tenant, Tenant.id == Membership.tenant_id)
        .where(Membership.user_id == user_id, Membership.tenant_id == tenant_id)
    )
    row = (await session.execute(query)).one_or_none()
    return None if row is None else (row[0], row[1], row[2])


async def memberships(
    session: AsyncSession, user_id: UUID, *, tenant: str | None = None
) -> Sequence[tuple[Tenant, Membership]]:
    """Where a person belongs, what was joined first coming first; `tenant` (slug or id) narrows it to one."""
    query = (
        select(Tenant, Membership)
        .join(Membership, Membership.tenant_id == Tenant.id)
        .where(Membership.user_id == user_id)
        .order_by(Membership.created_at, Tenant.id)
    )
    if tenant is not None:
        query = query.where(or_(Tenant.slug == tenant, cast(Tenant.id, Text) == tenant))
    return [(row[0], row[1]) for row in await session.execute(query)]


async def slug_taken(session: AsyncSession, slug: str) -> bool:
    return await session.scalar(select(Tenant.id).where(Tenant.slug == slug)) is not None


async def create_schema(session: AsyncSession, scope: TenantScope, tables: MetaData) -> None:
    """Make a tenant's schema and its tables, inside the transaction that makes the tenant. From here on the
    transaction sees the tenant's tables."""
    await session.execute(text(f'CREATE SCHEMA "{scope.schema}"'))
    await enter_schema(session, scope.schema)
    connection = await session.connection()
    await connection.run_sync(tables.create_all, checkfirst=False)
    await stamp(session, scope.schema)
    await secure_schema(session, scope.schema)
