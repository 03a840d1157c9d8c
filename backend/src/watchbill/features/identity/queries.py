"""SQL of identity: the public schema, and the making of a tenant's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    column,
    delete,
    func,
    or_,
    select,
    table,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.tenancy import TenantScope
from watchbill.features.identity.members.queries import MEMBERSHIP, membership_name
from watchbill.features.identity.tables import ApiKey, MailLink, Membership, SignIn, Tenant, User
from watchbill.kit.audit import call
from watchbill.kit.database.locks import beside_others, beside_others_at_once
from watchbill.kit.database.transactions import entrance, with_entrance

Belonging = tuple[User, Tenant, Membership]
# The sign-ins that a tenant's own provider vouched for; the table is that of features.sso.
_VOUCHED = table("sso_sign_ins", column("sign_in_id"), schema="public")


async def user_by_email(session: AsyncSession, email: str) -> User | None:
    """The person with that address, whatever its case."""
    return await session.scalar(select(User).where(func.lower(User.email) == email.lower()))


async def keeps_password(
    session: AsyncSession, user_id: UUID, password_hash: str | None, *, change: bool = False
) -> bool:
    """Whether an account still has the password that was proved while no transaction was open, and is not
    disabled. Nobody changes that before this transaction ends, so whoever does ends a session that begins
    here, too. `change` is for who changes the account itself."""
    query = select(User.id).where(
        User.id == user_id, User.password_hash == password_hash, User.status == "active"
    )
    return await session.scalar(query.with_for_update(read=not change)) is not None


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


@dataclass(frozen=True, slots=True)
class Entry:
    """What a belonging says about who may come in, and the person's sign-in of one id if there is one."""

    role: str
    user_status: str
    email_verified_at: datetime | None
    tenant_status: str
    schema_revision: str
    sign_in_id: UUID | None
    ended_at: datetime | None
    last_used_at: datetime | None


# Asked for each request: made once, and of columns, which is far cheaper than four mapped rows.
_ENTRY: Select[*tuple[Any, ...]] = (
    select(
        Membership.role,
        User.status,
        User.email_verified_at,
        Tenant.status,
        Tenant.schema_revision,
        SignIn.id,
        SignIn.ended_at,
        SignIn.last_used_at,
    )
    .join(User, User.id == Membership.user_id)
    .join(Tenant, Tenant.id == Membership.tenant_id)
    .outerjoin(SignIn, and_(SignIn.id == bindparam("sign_in"), SignIn.user_id == Membership.user_id))
    .where(Membership.user_id == bindparam("user"), Membership.tenant_id == bindparam("tenant"))
)
_COLUMNS = len(_ENTRY.selected_columns)
_ENTRY_AND_ENTRANCE = with_entrance(_ENTRY)
_ENTRY_KEPT = with_entrance(_ENTRY.add_columns(beside_others_at_once(MEMBERSHIP)))
_NOBODY_IN_PARTICULAR = text("SELECT set_config('role', 'none', true)")


async def entry(
    session: AsyncSession,
    user_id: UUID,
    tenant_id: UUID,
    sign_in_id: UUID,
    *,
    as_tenant: bool | None = None,
    kept: bool = False,
) -> Entry | None:
    """What a belonging says, with the person's sign-in of that id.

    Where there is one and `as_tenant` is not None, the transaction has entered the tenant as Work.enter does:
    whoever then finds that the person may not come in must end it. `kept` has whoever ends the membership or
    changes its role wait for the end of this transaction.
    """
    values: dict[str, Any] = {"user": user_id, "tenant": tenant_id, "sign_in": sign_in_id}
    if as_tenant is None:
        row = (await session.execute(_ENTRY, values)).one_or_none()
    else:
        values |= entrance(TenantScope(tenant_id), as_tenant=as_tenant)
        query = _ENTRY_KEPT if kept else _ENTRY_AND_ENTRANCE
        row = (await session.execute(query, values)).one_or_none()
        if kept and row is not None and not row[_COLUMNS]:
            # Somebody is changing it.
            await session.execute(_NOBODY_IN_PARTICULAR)
            await beside_others(session, membership_name(user_id, tenant_id))
            row = (await session.execute(_ENTRY_AND_ENTRANCE, values)).one_or_none()
    return None if row is None else Entry(*row[:_COLUMNS])


async def first_admin(session: AsyncSession) -> Belonging | None:
    """The admin who was there first, of the tenant that was there first."""
    query = (
        select(User, Tenant, Membership)
        .join(Membership, Membership.user_id == User.id)
        .join(Tenant, Tenant.id == Membership.tenant_id)
        .where(Membership.role == "admin", User.status == "active")
        .order_by(Tenant.created_at, Tenant.id, Membership.created_at, User.id)
        .limit(1)
    )
    row = (await session.execute(query)).one_or_none()
    return None if row is None else (row[0], row[1], row[2])


async def lock_sign_in(session: AsyncSession, id_: UUID) -> SignIn | None:
    """A sign-in, which nobody else refreshes or ends meanwhile."""
    return await session.scalar(select(SignIn).where(SignIn.id == id_).with_for_update())


async def move_sign_in(session: AsyncSession, id_: UUID, tenant_id: UUID) -> None:
    """Take a sign-in to another tenant. By a statement, as the audit log then does not tell which it was."""
    await session.execute(update(SignIn).where(SignIn.id == id_).values(tenant_id=tenant_id))


async def open_sign_ins(
    session: AsyncSession, user_id: UUID, vouched_in: UUID | None = None
) -> Sequence[SignIn]:
    """Where a person is signed in, what was used last coming first; `vouched_in` narrows it to the sign-ins
    that this tenant's provider vouched for."""
    query = (
        select(SignIn)
        .where(SignIn.user_id == user_id, SignIn.ended_at.is_(None), SignIn.expires_at > func.now())
        .where(*_of_provider(vouched_in))
        .order_by(SignIn.last_used_at.desc(), SignIn.id)
        .limit(100)
    )
    return (await session.scalars(query)).all()


async def end_sign_ins(
    session: AsyncSession,
    user_id: UUID,
    *,
    only: UUID | None = None,
    but: UUID | None = None,
    vouched_in: UUID | None = None,
) -> int:
    """End a person's sign-ins: all, or `only` one, or all `but` one, or no others than those that a tenant's
    provider vouched for; returns how many there were."""
    query = (
        update(SignIn)
        .where(SignIn.user_id == user_id, SignIn.ended_at.is_(None), *_of_provider(vouched_in))
        .values(ended_at=func.now())
        .returning(SignIn.id)
    )
    if only is not None:
        query = query.where(SignIn.id == only)
    if but is not None:
        query = query.where(SignIn.id != but)
    return len((await session.scalars(query)).all())


def _of_provider(tenant_id: UUID | None) -> Sequence[ColumnElement[bool]]:
    if tenant_id is None:
        return ()
    return SignIn.tenant_id == tenant_id, SignIn.id.in_(select(_VOUCHED.c.sign_in_id))


async def forget_old_sign_ins(session: AsyncSession, user_id: UUID) -> None:
    """Remove a person's sign-ins whose tokens are no good any more anyway."""
    await session.execute(delete(SignIn).where(SignIn.user_id == user_id, SignIn.expires_at < func.now()))


async def note_use(session: AsyncSession, table: type[SignIn] | type[ApiKey], id_: UUID) -> None:
    """Note that a sign-in or key was used, at most once a minute."""
    stale = or_(
        table.last_used_at.is_(None),
        table.last_used_at < func.clock_timestamp() - text("interval '1 minute'"),
    )
    await session.execute(
        update(table).where(table.id == id_, stale).values(last_used_at=func.clock_timestamp())
    )


async def replace_link(
    session: AsyncSession, user: User, purpose: str, token_hash: str, expires_at: datetime
) -> None:
    """Keep a mailed link in place of earlier ones for the same purpose."""
    await session.execute(delete(MailLink).where(MailLink.user_id == user.id, MailLink.purpose == purpose))
    link = MailLink(user_id=user.id, purpose=purpose, token_hash=token_hash, expires_at=expires_at)
    call(link, user.email)
    session.add(link)
    await session.flush()


async def is_link(session: AsyncSession, purpose: str, token_hash: str) -> bool:
    """Whether a mailed link is still good."""
    query = select(MailLink.user_id).where(MailLink.token_hash == token_hash, MailLink.purpose == purpose)
    return await session.scalar(query.where(MailLink.expires_at > func.now())) is not None


async def take_link(session: AsyncSession, purpose: str, token_hash: str) -> User | None:
    """Use up a mailed link; the person it was for, if it was still good."""
    query = (
        delete(MailLink)
        .where(MailLink.token_hash == token_hash, MailLink.purpose == purpose)
        .where(MailLink.expires_at > func.now())
        .returning(MailLink.user_id)
    )
    user_id = await session.scalar(query)
    return None if user_id is None else await session.get(User, user_id)


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
        query = query.where(or_(Tenant.slug == tenant, cast(Tenant.id, Text) == tenant.lower()))
    return [(row[0], row[1]) for row in await session.execute(query)]


async def vouched_for(session: AsyncSession, sign_in_id: UUID) -> bool:
    """Whether a tenant's own provider let the person in (features.sso)."""
    query = select(_VOUCHED.c.sign_in_id).where(_VOUCHED.c.sign_in_id == sign_in_id)
    return await session.scalar(query) is not None


async def tenants_made(session: AsyncSession, user_id: UUID) -> int:
    """How many tenants there are that a person made. They make no further one until the transaction ends."""
    await session.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))
    query = select(func.count()).select_from(Tenant).where(Tenant.created_by == user_id)
    return await session.scalar(query) or 0


async def slug_taken(session: AsyncSession, slug: str) -> bool:
    return await session.scalar(select(Tenant.id).where(Tenant.slug == slug)) is not None
