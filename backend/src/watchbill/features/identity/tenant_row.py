"""A tenant's own row and schema: making, changing and deleting them, and whether it can be worked in."""

from __future__ import annotations

import re
import secrets
import unicodedata
from typing import Literal
from uuid import UUID, uuid4

from sqlalchemy import MetaData, select, text
from sqlalchemy import delete as deleting
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import Conflict, Forbidden, Unavailable
from watchbill.core.tenancy import TenantScope
from watchbill.features.identity import queries
from watchbill.features.identity.identity import IdentityOptions
from watchbill.features.identity.tables import Membership, Tenant, User
from watchbill.kit.audit import trail_of
from watchbill.kit.database.revisions import head, stamp
from watchbill.kit.database.roles import secure_schema
from watchbill.kit.database.tables import statements
from watchbill.kit.database.transactions import enter_schema


async def add(session: AsyncSession, options: IdentityOptions, user_id: UUID, name: str) -> Tenant:
    """Make a tenant with its schema, whose admin is that person. The new tenant's log tells of it, not that
    of the one where the person is.

    Raises:
        Conflict: they made as many as a person may.
    """
    await _demand_room(session, options, user_id)
    slug = await _free_slug(session, name)
    try:
        async with session.begin_nested():
            tenant = await _named(session, user_id, name, slug)
    except IntegrityError:
        # Another of that name was made this moment.
        tenant = await _named(session, user_id, name, _longer(slug))
    session.add(Membership(user_id=user_id, tenant_id=tenant.id, role="admin"))
    await session.flush()
    await session.refresh(tenant)
    await _create_schema(session, TenantScope(tenant.id), options.tenant_tables)
    if trail := trail_of(session):
        trail.tenant_id = tenant.id
    return tenant


async def _demand_room(session: AsyncSession, options: IdentityOptions, user_id: UUID) -> None:
    most = options.tenants_per_person
    if most and await queries.tenants_made(session, user_id) >= most:
        raise Conflict(
            f"You made {most} tenants, which is the most that one person may make here. Delete one that you"
            " no longer need, or ask the operator (WATCHBILL_TENANTS_PER_PERSON).",
            code="too_many_tenants",
        )


async def _named(session: AsyncSession, user_id: UUID, name: str, slug: str) -> Tenant:
    tenant = Tenant(id=uuid4(), name=name, slug=slug, created_by=user_id, schema_revision=head("tenant"))
    session.add(tenant)
    await session.flush()
    return tenant


async def _free_slug(session: AsyncSession, name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40] or "team"
    return _longer(slug) if await queries.slug_taken(session, slug) else slug


def _longer(slug: str) -> str:
    return f"{slug}-{secrets.token_hex(3)}"


async def _create_schema(session: AsyncSession, scope: TenantScope, tables: MetaData) -> None:
    """Make a tenant's schema and its tables, inside the transaction that makes the tenant. From here on the
    transaction sees the tenant's tables."""
    await session.execute(text(f'CREATE SCHEMA "{scope.schema}"'))
    await enter_schema(session, scope.schema)
    connection = await session.connection()
    await connection.exec_driver_sql(statements(tables))
    await stamp(session, scope.schema)
    await secure_schema(session, scope.schema)


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


def check_open(status: str, schema_revision: str) -> None:
    """Insist that a tenant of that status and schema can be worked in.

    Raises:
        Forbidden: it is suspended.
        Unavailable: its tables are not those of this version yet.
    """
    if status != "active":
        raise suspended()
    if schema_revision < head("tenant"):
        # Its migration is to come or has failed; our statements would not fit its tables.
        raise Unavailable(
            "This tenant is being brought up to date. If it lasts, the operator finds the reason with"
            " `watchbill migrate --status`.",
            code="tenant_not_migrated",
        )


def suspended() -> Forbidden:
    """The tenant is suspended."""
    return Forbidden("This tenant is suspended.", code="tenant_suspended")
