"""SQL of members and invitations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, String, cast, delete, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.features.identity.tables import Invitation, Membership, SignIn, Tenant, User
from watchbill.kit.database.locks import one_at_a_time
from watchbill.kit.database.paging import Page, fetch_page

Invited = tuple[Invitation, Tenant, User | None]
# What a membership is called where requests keep it as it is, for kit.locks; `membership_name` gives the
# same.
MEMBERSHIP: ColumnElement[str] = (
    literal("membership/") + cast(Membership.tenant_id, String) + "/" + cast(Membership.user_id, String)
)


def membership_name(user_id: UUID, tenant_id: UUID) -> str:
    """What a membership is called where requests keep it as it is."""
    return f"membership/{tenant_id}/{user_id}"


async def lock_membership(session: AsyncSession, user_id: UUID, tenant_id: UUID) -> None:
    """Wait until no request that the membership let in is about to change something, and let none in until
    this transaction ends: what such a request does is there to be seen, or is not done. To be called before
    `lock_tenant`, and not by a request that its own membership is kept for."""
    await one_at_a_time(session, membership_name(user_id, tenant_id))


async def lock_tenant(session: AsyncSession, tenant_id: UUID) -> None:
    """Let nobody else change who is an admin here until the transaction ends."""
    await session.execute(select(Tenant.id).where(Tenant.id == tenant_id).with_for_update(key_share=True))


async def member_page(
    session: AsyncSession, tenant_id: UUID, wanted: Page
) -> tuple[Sequence[Membership], str | None]:
    """One page of a tenant's members; `q` looks into names and addresses."""
    query = select(Membership).where(Membership.tenant_id == tenant_id)
    if wanted.q:
        found = or_(*(c.icontains(wanted.q, autoescape=True) for c in (User.email, User.full_name)))
        query = query.join(User, User.id == Membership.user_id).where(found)
    rows, cursor = await fetch_page(session, query, Membership, Page(wanted.limit, wanted.cursor))
    # One query for the people of the page; the session keeps them for whoever asks by id.
    ids = [row.user_id for row in rows]
    (await session.scalars(select(User).where(User.id.in_(ids)))).all()
    return rows, cursor


async def other_admins(session: AsyncSession, member: Membership) -> bool:
    """Whether the tenant has an admin besides this one."""
    query = (
        select(Membership.user_id)
        .join(User, User.id == Membership.user_id)
        .where(Membership.tenant_id == member.tenant_id, Membership.role == "admin")
        .where(Membership.user_id != member.user_id, User.status == "active")
        .limit(1)
    )
    return await session.scalar(query) is not None


async def last_active(session: AsyncSession, members: Sequence[Membership]) -> dict[UUID, datetime]:
    """When the members' sign-ins were last used in their tenant; without those that have none."""
    query = (
        select(SignIn.user_id, func.max(SignIn.last_used_at))
        .where(SignIn.user_id.in_([one.user_id for one in members]))
        .where(SignIn.tenant_id.in_({one.tenant_id for one in members}))
        .group_by(SignIn.user_id)
    )
    return {row[0]: row[1] for row in await session.execute(query)}


async def is_member(session: AsyncSession, tenant_id: UUID, email: str) -> bool:
    """Whether somebody with that address belongs to the tenant."""
    query = (
        select(User.id)
        .join(Membership, Membership.user_id == User.id)
        .where(func.lower(User.email) == email.lower(), Membership.tenant_id == tenant_id)
    )
    return await session.scalar(query) is not None


async def invitation_page(
    session: AsyncSession, tenant_id: UUID, wanted: Page
) -> tuple[Sequence[Invitation], str | None]:
    """One page of a tenant's invitations; `q` looks into addresses."""
    query = select(Invitation).where(Invitation.tenant_id == tenant_id)
    if wanted.q:
        query = query.where(Invitation.email.icontains(wanted.q, autoescape=True))
    return await fetch_page(session, query, Invitation, Page(wanted.limit, wanted.cursor))


async def lock_invitation(session: AsyncSession, tenant_id: UUID, id_: UUID) -> Invitation | None:
    """A tenant's invitation as it is now, which nobody accepts meanwhile."""
    query = select(Invitation).where(Invitation.id == id_, Invitation.tenant_id == tenant_id)
    return await session.scalar(query.with_for_update().execution_options(populate_existing=True))


async def invitation_by_token(session: AsyncSession, token_hash: str) -> Invited | None:
    """The invitation of a link that is still good, its tenant, and who invited. It is locked: nobody else
    accepts it meanwhile."""
    query = (
        select(Invitation, Tenant, User)
        .join(Tenant, Tenant.id == Invitation.tenant_id)
        .outerjoin(User, User.id == Invitation.invited_by)
        .where(Invitation.token_hash == token_hash, Invitation.expires_at > func.now())
        .with_for_update(of=Invitation)
    )
    row = (await session.execute(query)).one_or_none()
    return None if row is None else (row[0], row[1], row[2])


async def drop_expired(session: AsyncSession, tenant_id: UUID, email: str) -> None:
    """Remove an invitation of that address that nobody can accept any more."""
    await session.execute(
        delete(Invitation)
        .where(Invitation.tenant_id == tenant_id, func.lower(Invitation.email) == email.lower())
        .where(Invitation.expires_at <= func.now())
    )
