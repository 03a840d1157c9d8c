"""SQL of single sign-on, all of it in the public schema."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.features.identity.tables import Membership, Tenant, User
from watchbill.features.sso.tables import SsoAccount, SsoConnection, SsoDomain


async def connection(session: AsyncSession, tenant_id: UUID) -> SsoConnection | None:
    """The tenant's provider, as it is now."""
    return await session.get(SsoConnection, tenant_id, populate_existing=True)


async def domains(session: AsyncSession, tenant_id: UUID) -> Sequence[str]:
    """The mail domains that the tenant's provider speaks for."""
    query = select(SsoDomain.domain).where(SsoDomain.tenant_id == tenant_id).order_by(SsoDomain.domain)
    return (await session.scalars(query)).all()


async def taken(session: AsyncSession, wanted: Sequence[str], tenant_id: UUID) -> Sequence[SsoDomain]:
    """Those of the domains that other tenants have."""
    query = select(SsoDomain).where(SsoDomain.domain.in_(wanted), SsoDomain.tenant_id != tenant_id)
    return (await session.scalars(query)).all()


async def forget_domains(session: AsyncSession, tenant_id: UUID) -> None:
    """Remove all domains of a tenant."""
    await session.execute(delete(SsoDomain).where(SsoDomain.tenant_id == tenant_id))


async def active_at(session: AsyncSession, domain: str) -> Tenant | None:
    """The tenant whose people of that domain can sign in with its provider now."""
    query = (
        select(Tenant)
        .join(SsoDomain, SsoDomain.tenant_id == Tenant.id)
        .join(SsoConnection, SsoConnection.tenant_id == Tenant.id)
        .where(SsoDomain.domain == domain, SsoConnection.is_active, Tenant.status == "active")
    )
    return await session.scalar(query)


async def account(session: AsyncSession, tenant_id: UUID, subject: str) -> tuple[User, Membership] | None:
    """Who somebody at the tenant's provider is here."""
    query = (
        select(User, Membership)
        .join(SsoAccount, SsoAccount.user_id == User.id)
        .join(
            Membership,
            (Membership.user_id == SsoAccount.user_id) & (Membership.tenant_id == SsoAccount.tenant_id),
        )
        .where(SsoAccount.tenant_id == tenant_id, SsoAccount.subject == subject)
    )
    row = (await session.execute(query)).one_or_none()
    return None if row is None else (row[0], row[1])
