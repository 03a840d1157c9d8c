"""Who belongs to a tenant, and as what. There is always an admin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import Conflict, NotFound
from watchbill.features.identity import reach
from watchbill.features.identity.identity import Identity, access_changed
from watchbill.features.identity.members import queries
from watchbill.features.identity.members.schemas import MemberOut
from watchbill.features.identity.permissions import Role
from watchbill.features.identity.tables import Membership, User
from watchbill.kit.audit import call
from watchbill.kit.database.paging import Page


async def page(session: AsyncSession, identity: Identity, wanted: Page) -> tuple[list[MemberOut], str | None]:
    """One page of the tenant's members and the next page's cursor."""
    rows, cursor = await queries.member_page(session, identity.tenant_id, wanted)
    return await _shown(session, rows), cursor


async def change_role(session: AsyncSession, identity: Identity, user_id: UUID, role: Role) -> MemberOut:
    """Give a member another role.

    Raises:
        NotFound: nobody of that id belongs to the tenant.
        Conflict: nobody else is an admin.
        Forbidden: a key would make an admin.
    """
    reach.demand_person_for_admins(identity, role)
    member = await _lock(session, identity, user_id)
    if role != "admin":
        await _keep_an_admin(session, member)
    member.role = role
    await session.flush()
    return (await _shown(session, [member]))[0]


async def join(session: AsyncSession, user: User, tenant_id: UUID, role: Role) -> Membership:
    """Let somebody belong to a tenant who does not yet."""
    membership = Membership(user_id=user.id, tenant_id=tenant_id, role=role)
    call(membership, user.email)
    session.add(membership)
    await session.flush()
    return membership


async def follow(session: AsyncSession, membership: Membership, role: Role) -> None:
    """The provider decides about roles, if it was set up to; but a tenant is never left without an admin."""
    if membership.role == role:
        return
    await queries.lock_membership(session, membership.user_id, membership.tenant_id)
    await queries.lock_tenant(session, membership.tenant_id)
    await session.refresh(membership)
    last_admin = membership.role == "admin" and not await queries.other_admins(session, membership)
    if not last_admin:
        membership.role = role


async def remove(session: AsyncSession, identity: Identity, user_id: UUID) -> None:
    """End a membership, and with it the API keys that the member made here.

    Raises:
        NotFound: nobody of that id belongs to the tenant.
        Conflict: nobody else is an admin.
    """
    member = await _lock(session, identity, user_id)
    await _keep_an_admin(session, member)
    await session.delete(member)
    await session.flush()


async def _lock(session: AsyncSession, identity: Identity, user_id: UUID) -> Membership:
    tenant_id = identity.tenant_id
    await queries.lock_membership(session, user_id, tenant_id)
    # One at a time: two admins who demote each other at once would both find the other one still there.
    await queries.lock_tenant(session, tenant_id)
    actor = await session.get(Membership, (identity.user_id, tenant_id), populate_existing=True)
    if actor is None or actor.role != identity.role:
        # Somebody else was first.
        raise access_changed()
    member = await session.get(Membership, (user_id, tenant_id), populate_existing=True)
    if member is None:
        raise NotFound("There is no such member.")
    call(member, (await session.get_one(User, user_id)).email)
    return member


async def _keep_an_admin(session: AsyncSession, member: Membership) -> None:
    if member.role == "admin" and not await queries.other_admins(session, member):
        raise Conflict("A tenant needs an admin: make somebody else one first.", code="last_admin")


async def _shown(session: AsyncSession, members: Sequence[Membership]) -> list[MemberOut]:
    active = await queries.last_active(session, members)
    shown: list[MemberOut] = []
    for member in members:
        user = await session.get_one(User, member.user_id)
        shown.append(
            MemberOut(
                user_id=user.id,
                email=user.email,
                full_name=user.full_name,
                role=cast("Role", member.role),
                joined_at=member.created_at,
                last_active_at=active.get(user.id),
            )
        )
    return shown
