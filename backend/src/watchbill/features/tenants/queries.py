"""SQL of tenants' lives: the public tables, and what tells whether anything is left."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Text, cast, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.features.executions.tables import ActiveExecution
from watchbill.features.identity.tables import Membership, Tenant, User
from watchbill.features.tenants.tables import TenantLimit, TenantSetting
from watchbill.kit import due_work
from watchbill.kit.clock import now as clock

# Due work of this kind has the id of its tenant; a trigger of the database makes it with the tenant.
CLEAN_UP = "clean-up"


async def named(session: AsyncSession, name: str) -> Tenant | None:
    """The tenant of that slug or id."""
    query = select(Tenant).where(or_(Tenant.slug == name, cast(Tenant.id, Text) == name.lower()))
    return await session.scalar(query)


async def every(session: AsyncSession) -> Sequence[tuple[Tenant, int]]:
    """All tenants with the number of their members, the oldest first."""
    members = select(func.count()).where(Membership.tenant_id == Tenant.id).scalar_subquery()
    rows = await session.execute(select(Tenant, members).order_by(Tenant.created_at, Tenant.id))
    return [(row[0], row[1]) for row in rows]


async def members(session: AsyncSession, tenant_id: UUID) -> Sequence[tuple[User, Membership]]:
    """Who belongs to a tenant."""
    query = (
        select(User, Membership)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.tenant_id == tenant_id)
        .order_by(Membership.created_at)
    )
    return [(row[0], row[1]) for row in await session.execute(query)]


async def limit(session: AsyncSession, tenant_id: UUID) -> TenantLimit | None:
    """The limits that were set for a tenant."""
    return await session.get(TenantLimit, tenant_id)


async def setting(session: AsyncSession, tenant_id: UUID) -> TenantSetting | None:
    """What the tenant's admins set."""
    return await session.get(TenantSetting, tenant_id)


async def hold(session: AsyncSession, tenant_id: UUID) -> bool:
    """Keep others from changing what belongs to the tenant meanwhile; False when it is gone."""
    query = select(Tenant.id).where(Tenant.id == tenant_id).with_for_update(key_share=True)
    return await session.scalar(query) is not None


async def clean_soon(session: AsyncSession, tenant_id: UUID) -> None:
    """Let the clean-up look at the tenant next."""
    await due_work.put(session, CLEAN_UP, tenant_id, clock(), tenant_id)


async def active_executions(session: AsyncSession, tenant_id: UUID) -> int:
    """How many executions are not over."""
    query = select(func.count()).where(ActiveExecution.tenant_id == tenant_id)
    return (await session.execute(query)).scalar_one()


async def delete_leftovers(session: AsyncSession, tenant_id: UUID) -> None:
    """Remove the rows of a deleted tenant that outlive it, such as who is to be told of what was stopped."""
    for table in await _tables(session):
        query = text(f"DELETE FROM public.{table} WHERE tenant_id = :id")  # noqa: S608 (catalog names)
        await session.execute(query, {"id": tenant_id})


async def _tables(session: AsyncSession) -> Sequence[str]:
    """The public tables that have rows of tenants."""
    query = text(
        "SELECT c.table_name FROM information_schema.columns AS c JOIN information_schema.tables AS t"
        " USING (table_schema, table_name) WHERE c.table_schema = 'public' AND c.column_name = 'tenant_id'"
        " AND t.table_type = 'BASE TABLE'"
    )
    return (await session.scalars(query)).all()


async def remains(session: AsyncSession, tenant_id: UUID, schema: str) -> list[str]:
    """What of a deleted tenant is still in the database; nothing, if all went well."""
    left: list[str] = []
    named_so = {"schema": schema}
    if await session.scalar(text("SELECT 1 FROM pg_namespace WHERE nspname = :schema"), named_so):
        left.append(f"schema {schema}")
    if await session.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :schema"), named_so):
        left.append(f"role {schema}")
    for table in ("tenants", *await _tables(session)):
        column = "id" if table == "tenants" else "tenant_id"
        query = text(f"SELECT 1 FROM public.{table} WHERE {column} = :id LIMIT 1")  # noqa: S608 (catalog names)
        if await session.scalar(query, {"id": tenant_id}):
            left.append(f"rows of {table}")
    return left
