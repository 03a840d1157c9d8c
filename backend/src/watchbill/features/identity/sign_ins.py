"""Sign-ins: beginning one, refreshing its tokens, and ending it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import cast
from uuid import UUID, uuid4

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import NotAuthenticated, NotFound
from watchbill.features.identity import queries, tokens
from watchbill.features.identity.devices import Device, in_words
from watchbill.features.identity.identity import Identity, IdentityOptions
from watchbill.features.identity.permissions import Role
from watchbill.features.identity.schemas import Session, SignInOut, TenantOut, UserOut
from watchbill.features.identity.tables import Membership, SignIn, Tenant, User
from watchbill.kit.audit import trail_of
from watchbill.kit.clock import now
from watchbill.kit.database.transactions import Work

log = structlog.stdlib.get_logger("watchbill.identity")
# How long the token before the newest is still answered, with the newest: two tabs of a browser refresh at
# once, and an answer may get lost on its way.
GRACE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Begun:
    """A session for its owner. Browsers get the refresh token as a cookie, programs in the answer."""

    session: Session
    refresh_token: str
    browser: bool

    @property
    def answer(self) -> Session:
        """What the body of the answer says."""
        if self.browser:
            return self.session
        return self.session.model_copy(update={"refresh_token": self.refresh_token})


async def begin(
    session: AsyncSession, options: IdentityOptions, user: User, tenant: Tenant, role: Role, device: Device
) -> Begun:
    """Sign a person in."""
    await queries.forget_old_sign_ins(session, user.id)
    sign_in = SignIn(
        id=uuid4(),
        user_id=user.id,
        tenant_id=tenant.id,
        generation=0,
        expires_at=now() + timedelta(seconds=options.session_seconds),
        browser=device.browser,
        agent=device.agent,
        address=device.address,
    )
    session.add(sign_in)
    await session.flush()
    return _begun(options, sign_in, user, tenant, role)


async def refresh(work: Work, options: IdentityOptions, token: str, device: Device) -> Begun:
    """New tokens for an old refresh token.

    Raises:
        NotAuthenticated: it is no good, or the session is over. It is over when a token is used that was
            replaced before: two have it, and one of them is not whom it was given to.
        Forbidden: the tenant is suspended.
    """
    session = work.session
    sign_in_id, generation = tokens.read_refresh(options.jwt_secret, token)
    sign_in = await queries.lock_sign_in(session, sign_in_id)
    moment = now()
    if sign_in is None or sign_in.ended_at is not None or sign_in.expires_at <= moment:
        raise over()
    if generation == sign_in.generation:
        sign_in.generation += 1
        sign_in.refreshed_at = moment
    elif generation != sign_in.generation - 1 or moment - sign_in.refreshed_at > GRACE:
        sign_in.ended_at = moment
        await session.flush()
        await work.finish()
        log.warning("refresh_token_replayed", user_id=str(sign_in.user_id), address=device.address)
        raise NotAuthenticated(
            "This session was used from two places and is over; sign in again.", code="session_replayed"
        )
    user, tenant, membership = await _place(session, sign_in)
    if tenant.id != sign_in.tenant_id:
        await _go_on_in(session, sign_in, tenant)
    sign_in.last_used_at = moment
    sign_in.expires_at = moment + timedelta(seconds=options.session_seconds)
    sign_in.agent, sign_in.address = device.agent, device.address
    await session.flush()
    return _begun(options, sign_in, user, tenant, cast("Role", membership.role))


async def move(
    session: AsyncSession,
    options: IdentityOptions,
    sign_in_id: UUID,
    tenant: Tenant,
    membership: Membership,
    device: Device,
) -> Begun:
    """Go on in another tenant.

    Raises:
        NotAuthenticated: the session is over.
    """
    sign_in = await queries.lock_sign_in(session, sign_in_id)
    user = await session.get(User, membership.user_id)
    if sign_in is None or user is None or sign_in.ended_at is not None:
        raise over()
    await _go_on_in(session, sign_in, tenant)
    moment = now()
    sign_in.generation += 1
    sign_in.refreshed_at, sign_in.last_used_at = moment, moment
    sign_in.address = device.address
    await session.flush()
    return _begun(options, sign_in, user, tenant, cast("Role", membership.role))


async def sign_out(session: AsyncSession, options: IdentityOptions, refresh: str | None, access: str) -> None:
    """End the session that these tokens belong to; tokens that are no good end nothing."""
    try:
        if refresh:
            sign_in_id, _ = tokens.read_refresh(options.jwt_secret, refresh)
        else:
            sign_in_id = tokens.read(options.jwt_secret, access).sign_in_id
    except NotAuthenticated:
        return
    sign_in = await queries.lock_sign_in(session, sign_in_id)
    if sign_in is not None:
        sign_in.ended_at = sign_in.ended_at or now()
        await session.flush()


async def vouching(session: AsyncSession, identity: Identity) -> UUID | None:
    """The tenant whose provider let the person in, or None when they signed in by themselves. The provider
    decides who holds such a session, so it neither shows nor changes what belongs to the person elsewhere.

    Raises:
        Forbidden: a key is asking.
    """
    return identity.tenant_id if await queries.vouched_for(session, identity.sign_in) else None


async def listed(session: AsyncSession, identity: Identity) -> list[SignInOut]:
    """Where the person is signed in, as far as the session may know.

    Raises:
        Forbidden: a key is asking.
    """
    current, provider = identity.sign_in, await vouching(session, identity)
    return [
        SignInOut(
            id=row.id,
            device=in_words(row.agent),
            address=row.address,
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            expires_at=row.expires_at,
            current=row.id == current,
        )
        for row in await queries.open_sign_ins(session, identity.user_id, provider)
    ]


async def end(session: AsyncSession, identity: Identity, sign_in_id: UUID) -> None:
    """End one of your own sessions.

    Raises:
        NotFound: the person has no such session, or the one that asks may not know it.
    """
    provider = await vouching(session, identity)
    if not await queries.end_sign_ins(session, identity.user_id, only=sign_in_id, vouched_in=provider):
        raise NotFound("There is no such session.")


async def end_others(session: AsyncSession, identity: Identity) -> None:
    """End every session of the person but the one that asks, as far as that may know them.

    Raises:
        Forbidden: a key is asking.
    """
    provider = await vouching(session, identity)
    await queries.end_sign_ins(session, identity.user_id, but=identity.sign_in, vouched_in=provider)


def over() -> NotAuthenticated:
    """The session has ended."""
    return NotAuthenticated("Your session is over; sign in again.", code="session_expired")


async def _place(session: AsyncSession, sign_in: SignIn) -> queries.Belonging:
    """Where a session goes on: where it was, or, if that is no longer possible, where else they belong. One
    that a tenant's provider vouched for goes on nowhere else."""
    found = await queries.belonging(session, sign_in.user_id, sign_in.tenant_id)
    lost = found is None or found[1].status != "active"
    if lost and not await queries.vouched_for(session, sign_in.id):
        places = await queries.memberships(session, sign_in.user_id)
        active = next((tenant for tenant, _ in places if tenant.status == "active"), None)
        found = await queries.belonging(session, sign_in.user_id, active.id) if active else found
    if found is None or found[0].status != "active":
        raise over()
    return found


async def _go_on_in(session: AsyncSession, sign_in: SignIn, tenant: Tenant) -> None:
    """Take a session to another tenant, whose log tells of it: that of the one before has no business with
    where the person goes, nor this one with where they come from."""
    if trail := trail_of(session):
        trail.tenant_id = tenant.id
    await queries.move_sign_in(session, sign_in.id, tenant.id)


def _begun(options: IdentityOptions, sign_in: SignIn, user: User, tenant: Tenant, role: Role) -> Begun:
    seconds = options.access_seconds if sign_in.browser else options.token_seconds
    secret = options.jwt_secret
    session = Session(
        access_token=tokens.issue(secret, user.id, tenant.id, role, sign_in.id, seconds=seconds),
        expires_in=seconds,
        user=UserOut.model_validate(user),
        tenant=TenantOut.model_validate(tenant),
        role=role,
    )
    return Begun(session, tokens.refresh_token(secret, sign_in.id, sign_in.generation), sign_in.browser)
