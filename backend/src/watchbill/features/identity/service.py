"""Signing in, and saying who somebody is."""

from __future__ import annotations

import hmac
from datetime import timedelta
from functools import partial
from typing import cast
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import Forbidden, NotAuthenticated, NotFound
from watchbill.features.identity import queries, sign_ins, tokens
from watchbill.features.identity.devices import Device
from watchbill.features.identity.identity import Identity, IdentityOptions, access_changed
from watchbill.features.identity.keys import service as keys
from watchbill.features.identity.limits.guesses import Throttle
from watchbill.features.identity.permissions import ALL, GRANTS, PERSONAL, Role
from watchbill.features.identity.schemas import Login, Me, ProfileChange, TenantOut, UserOut
from watchbill.features.identity.sign_ins import Begun
from watchbill.features.identity.tables import ApiKey, SignIn, User
from watchbill.features.identity.tenant_row import check_open, suspended
from watchbill.features.identity.tokens import Claims
from watchbill.kit.clock import now
from watchbill.kit.database.transactions import Database, DatabaseUnavailable, Work, outside
from watchbill.kit.secrets.passwords import verify_password

__all__ = ["Identity", "IdentityOptions"]

log = structlog.stdlib.get_logger("watchbill.identity")
# What one may do before the address is proved.
_UNVERIFIED = frozenset(("profile:read", "profile:write"))
_NOTED = timedelta(minutes=1)


async def knows_password(
    session: AsyncSession,
    options: IdentityOptions,
    throttle: Throttle,
    email: str,
    user: User | None,
    password: str,
    device: Device,
) -> bool:
    """Whether somebody at a device knows the password of an account that is not disabled. It takes the same
    for an address without one. Meanwhile the session's transaction is committed; afterwards the account is
    locked.

    Raises:
        TooManyRequests: it was tried too often.
    """
    proved = _hash_of(user)
    async with outside(session):
        attempt = await throttle.begin(email, device.address)
        fits = await verify_password(password, proved, options.bcrypt_cost)
        await (throttle.succeeded(attempt) if fits else throttle.failed(attempt))
    return fits and user is not None and await queries.keeps_password(session, user.id, proved, change=True)


async def login(session: AsyncSession, options: IdentityOptions, form: Login, device: Device) -> Begun:
    """Begin a session. Unknown address, wrong password and wrong tenant give one and the same answer.

    Raises:
        NotAuthenticated: the credentials do not fit.
        Forbidden: they do, but the tenant is suspended, or the person belongs to none.
    """
    user = await queries.user_by_email(session, form.email)
    proved = _hash_of(user)
    async with outside(session):
        fits = await verify_password(form.password, proved, options.bcrypt_cost)
    # That took its time, and whoever changed the password meanwhile ended all sessions.
    fits = fits and user is not None and await queries.keeps_password(session, user.id, proved)
    places = await queries.memberships(session, user.id, tenant=form.tenant) if user and fits else ()
    if fits and not places and form.tenant is None:
        raise Forbidden(
            "You no longer belong to any tenant. Make one by registering again with your password, or ask an"
            " admin to invite you.",
            code="no_tenant",
        )
    if user is None or not places:
        raise NotAuthenticated("E-mail address or password is wrong.", code="bad_credentials")
    place = next((place for place in places if place[0].status == "active"), None)
    if place is None:
        raise suspended()
    tenant, membership = place
    return await sign_ins.begin(session, options, user, tenant, cast("Role", membership.role), device)


def _hash_of(user: User | None) -> str | None:
    return user.password_hash if user is not None and user.status == "active" else None


async def switch(
    session: AsyncSession, options: IdentityOptions, identity: Identity, tenant: str, device: Device
) -> Begun:
    """Go on in another of one's tenants, named by slug or id.

    Raises:
        NotFound: the person does not belong to one of that name.
        Forbidden: it is suspended, or a key is asking, or a session that a provider began.
    """
    # First, or the answers would tell a provider where else the person belongs.
    user_id = await demand_own_sign_in(session, identity)
    places = await queries.memberships(session, user_id, tenant=tenant)
    if not places:
        raise NotFound("You do not belong to this tenant.")
    if places[0][0].status != "active":
        raise suspended()
    return await sign_ins.move(session, options, identity.sign_in, *places[0], device)


async def demand_own_sign_in(session: AsyncSession, identity: Identity) -> UUID:
    """Who is asking, provided that they signed in by themselves: the provider of one tenant has no say about
    a person's other tenants, nor about the account that is good in all of them.

    Raises:
        Forbidden: a provider let them in, or a key is asking.
    """
    if await sign_ins.vouching(session, identity):
        raise Forbidden(
            "You signed in with your company's account, which works only here."
            " Sign in with your password to do this.",
            code="sso_only_here",
        )
    return identity.user_id


async def authenticate(
    session: AsyncSession, options: IdentityOptions, token: str, *, kept: bool = False
) -> Identity:
    """Whom an access token or key stands for, after asking the database whether that still holds; `kept` as
    in queries.entry, for keys.

    Raises:
        NotAuthenticated: it is no good, its session is over, or the person left or was disabled.
        Forbidden: the tenant is suspended.
        Unavailable: the tenant's tables are not those of this version yet.
    """
    if _is_installations(options, token):
        return await _installation(session)
    if token.startswith(keys.PREFIX):
        return await keys.authenticate(session, token, kept=kept)
    claims = tokens.read(options.jwt_secret, token)
    return await _person(session, options, claims.user_id, claims.tenant_id, claims.sign_in_id)


def _is_installations(options: IdentityOptions, token: str) -> bool:
    return options.api_key is not None and hmac.compare_digest(token.encode(), options.api_key.encode())


def claims_of(options: IdentityOptions, token: str) -> Claims | None:
    """What an access token says, without asking whether that still holds; None for a key.

    Raises:
        NotAuthenticated: it is neither a key nor an access token of ours, or it is over.
    """
    if _is_installations(options, token) or token.startswith(keys.PREFIX):
        return None
    return tokens.read(options.jwt_secret, token)


async def let_in(
    work: Work,
    options: IdentityOptions,
    token: str,
    claims: Claims | None,
    *,
    as_tenant: bool,
    kept: bool = False,
) -> Identity:
    """Whom an access token or key stands for, with the transaction seeing the tenant's tables; `claims` as
    `claims_of` gives them, `as_tenant` as Work.enter takes it, `kept` as in queries.entry. Raises what
    authenticate does, after which the transaction must not go on."""
    if claims is None:
        identity = await authenticate(work.session, options, token, kept=kept)
        await work.enter(identity.scope, as_tenant=as_tenant)
    else:
        who = (claims.user_id, claims.tenant_id, claims.sign_in_id)
        identity = await _person(work.session, options, *who, as_tenant=as_tenant, kept=kept)
        work.entered(identity.scope, as_tenant=as_tenant)
    work.enter_again_by(partial(_let_in_again, work, options, identity, as_tenant=as_tenant, kept=kept))
    return identity


async def _let_in_again(
    work: Work, options: IdentityOptions, identity: Identity, *, as_tenant: bool, kept: bool
) -> None:
    """Enter the tenant in the transaction after `Work.outside`.

    Raises:
        Forbidden: what they may do is not what it was.
        NotAuthenticated, Unavailable: as authenticate does.
    """
    again = await authenticate_again(work.session, options, identity, kept=kept)
    if (again.tenant_id, again.role, again.permissions) != (
        identity.tenant_id,
        identity.role,
        identity.permissions,
    ):
        raise access_changed()
    await work.enter(identity.scope, as_tenant=as_tenant)


async def authenticate_again(
    session: AsyncSession, options: IdentityOptions, identity: Identity, *, kept: bool = False
) -> Identity:
    """Whom somebody who was let in a while ago stands for now; `kept` as in queries.entry.

    Raises:
        NotAuthenticated, Forbidden, Unavailable: as authenticate does, though not because an access token is
            over: what stays open goes on as long as the session does.
    """
    if identity.key_id is not None:
        return await keys.authenticate_again(session, identity.key_id, kept=kept)
    if identity.sign_in_id is None:
        return await _installation(session)
    who = (identity.user_id, identity.tenant_id, identity.sign_in_id)
    # As nobody in particular for now, so that another look can follow.
    return await _person(session, options, *who, as_tenant=False if kept else None, kept=kept)


async def _person(
    session: AsyncSession,
    options: IdentityOptions,
    user_id: UUID,
    tenant_id: UUID,
    sign_in_id: UUID,
    *,
    as_tenant: bool | None = None,
    kept: bool = False,
) -> Identity:
    found = await queries.entry(session, user_id, tenant_id, sign_in_id, as_tenant=as_tenant, kept=kept)
    if found is None or found.user_status != "active":
        raise access_ended()
    if found.sign_in_id is None or found.ended_at is not None:
        raise sign_ins.over()
    check_open(found.tenant_status, found.schema_revision)
    role = cast("Role", found.role)
    unverified = options.verify_email and found.email_verified_at is None
    return Identity(
        user_id,
        tenant_id,
        role,
        GRANTS[role] & _UNVERIFIED if unverified else GRANTS[role],
        sign_in_id=found.sign_in_id,
        last_used_at=found.last_used_at,
        unverified=unverified,
    )


async def _installation(session: AsyncSession) -> Identity:
    """Whom the installation's own key stands for."""
    found = await queries.first_admin(session)
    if found is None:
        raise NotAuthenticated("Nobody has registered yet, so this key has no user.", code="no_tenant")
    user, tenant, _ = found
    check_open(tenant.status, tenant.schema_revision)
    return Identity(user.id, tenant.id, "admin", ALL - PERSONAL)


def used_lately(identity: Identity) -> bool:
    """Whether the sign-in or key was used, and that noted, within the last minute."""
    return identity.last_used_at is not None and now() - identity.last_used_at < _NOTED


async def note_use(database: Database, identity: Identity) -> None:
    """Note when a sign-in or key was used, at most once a minute, in a transaction of its own."""
    id_ = identity.sign_in_id or identity.key_id
    if id_ is None or used_lately(identity):
        return
    try:
        async with database.transaction() as work:
            await queries.note_use(work.session, ApiKey if identity.key_id else SignIn, id_)
    except (DatabaseUnavailable, DBAPIError) as error:
        # The request itself is done; only the note of it is missing.
        log.warning("use_not_noted", error=str(error))


async def describe(session: AsyncSession, identity: Identity) -> Me:
    """Everything about the person who is asking.

    Raises:
        NotAuthenticated: they left a moment ago.
    """
    found = await queries.belonging(session, identity.user_id, identity.tenant_id)
    if found is None:
        raise access_ended()
    # A key belongs to one tenant and has no business with the others of its maker, nor has a provider.
    vouched = identity.sign_in_id is not None and await sign_ins.vouching(session, identity) is not None
    one = None if identity.sign_in_id and not vouched else str(identity.tenant_id)
    places = await queries.memberships(session, identity.user_id, tenant=one)
    return Me(
        user=UserOut.model_validate(found[0]),
        tenant=TenantOut.model_validate(found[1]),
        role=identity.role,
        permissions=sorted(identity.permissions),
        tenants=[TenantOut.model_validate(tenant) for tenant, _ in places],
        unverified=identity.unverified,
        sso=vouched,
    )


async def change_profile(session: AsyncSession, identity: Identity, form: ProfileChange) -> UserOut:
    """Change what a person says of themselves.

    Raises:
        NotAuthenticated: they are gone.
        Forbidden: a provider let them in, or a key is asking.
    """
    user = await session.get(User, await demand_own_sign_in(session, identity))
    if user is None:
        raise access_ended()
    user.full_name = form.full_name
    await session.flush()
    return UserOut.model_validate(user)


def access_ended() -> NotAuthenticated:
    """The person does not belong here any more."""
    return NotAuthenticated("You no longer have access here; sign in again.", code="access_ended")
