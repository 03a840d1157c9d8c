"""Joining, signing in, and saying who somebody is."""

from __future__ import annotations

import re
import secrets
import unicodedata
from dataclasses import dataclass
from typing import cast
from uuid import UUID, uuid4

from sqlalchemy import MetaData
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import Conflict, Forbidden, NotAuthenticated
from watchbill.core.tenancy import TenantScope
from watchbill.features.identity import queries, tokens
from watchbill.features.identity.permissions import GRANTS, Permission, Role
from watchbill.features.identity.schemas import Login, Me, Registration, Session, TenantOut, UserOut
from watchbill.features.identity.tables import Membership, Tenant, User
from watchbill.kit.db import constraint_of
from watchbill.kit.migrations import head
from watchbill.kit.passwords import hash_password, verify_password


@dataclass(frozen=True, slots=True)
class IdentityOptions:
    """What identity has to know of the settings. `tenant_tables` are what a new tenant's schema holds,
    `session_seconds` is how long a token is good, and `origins` are the other sites whose pages may use the
    session cookie."""

    tenant_tables: MetaData
    jwt_secret: str
    bcrypt_cost: int = 12
    session_seconds: int = 24 * 3600
    secure_cookies: bool = True
    origins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody in a tenant, with the role they have there now."""

    user_id: UUID
    tenant_id: UUID
    role: Role

    @property
    def scope(self) -> TenantScope:
        """The tenant's scope."""
        return TenantScope(self.tenant_id)

    def may(self, permission: Permission) -> bool:
        """Whether the role grants it."""
        return permission in GRANTS[self.role]


async def register(session: AsyncSession, options: IdentityOptions, form: Registration) -> Session:
    """Make a person, a tenant and the tenant's schema, all or nothing.

    Raises:
        Conflict: the address is taken.
    """
    if await queries.user_by_email(session, form.email) is not None:
        raise _email_taken()
    user = User(
        id=uuid4(),
        email=form.email,
        password_hash=await hash_password(form.password, options.bcrypt_cost),
        full_name=form.full_name,
    )
    tenant = Tenant(
        id=uuid4(),
        name=form.tenant_name,
        slug=await _free_slug(session, form.tenant_name),
        schema_revision=head("tenant"),
    )
    session.add_all((user, tenant))
    try:
        await session.flush()
    except IntegrityError as error:
        if constraint_of(error) == "uq_users_email":
            raise _email_taken() from error
        raise Conflict("A tenant of that name was made a moment ago; try again.") from error
    session.add(Membership(user_id=user.id, tenant_id=tenant.id, role="admin"))
    await session.flush()
    await queries.create_schema(session, TenantScope(tenant.id), options.tenant_tables)
    return _begin(options, user, tenant, "admin")


async def login(session: AsyncSession, options: IdentityOptions, form: Login) -> Session:
    """Begin a session. Unknown address, wrong password and wrong tenant give one and the same answer.

    Raises:
        NotAuthenticated: the credentials do not fit.
        Forbidden: they do, but the tenant is suspended.
    """
    user = await queries.user_by_email(session, form.email)
    active = user is not None and user.status == "active"
    known = user.password_hash if user is not None and active else None
    fits = await verify_password(form.password, known, options.bcrypt_cost)
    places = await queries.memberships(session, user.id, tenant=form.tenant) if user and fits else []
    if user is None or not places:
        raise NotAuthenticated("E-mail address or password is wrong.", code="bad_credentials")
    place = next((place for place in places if place[0].status == "active"), None)
    if place is None:
        raise _suspended()
    tenant, membership = place
    return _begin(options, user, tenant, cast("Role", membership.role))


async def authenticate(session: AsyncSession, options: IdentityOptions, token: str) -> Identity:
    """Whom a token stands for, after asking the database whether that still holds.

    Raises:
        NotAuthenticated: the token is no good, or the person left or was disabled.
        Forbidden: the tenant is suspended.
    """
    claims = tokens.read(options.jwt_secret, token)
    found = await queries.belonging(session, claims.user_id, claims.tenant_id)
    if found is None or found[0].status != "active":
        raise NotAuthenticated("You no longer have access here; sign in again.", code="access_ended")
    if found[1].status != "active":
        raise _suspended()
    return Identity(claims.user_id, claims.tenant_id, cast("Role", found[2].role))


async def describe(session: AsyncSession, identity: Identity) -> Me:
    """Everything about the person who is asking.

    Raises:
        NotAuthenticated: they left a moment ago.
    """
    found = await queries.belonging(session, identity.user_id, identity.tenant_id)
    if found is None:
        raise NotAuthenticated("You no longer have access here; sign in again.", code="access_ended")
    places = await queries.memberships(session, identity.user_id)
    return Me(
        user=UserOut.model_validate(found[0]),
        tenant=TenantOut.model_validate(found[1]),
        role=identity.role,
        permissions=sorted(GRANTS[identity.role]),
        tenants=[TenantOut.model_validate(tenant) for tenant, _ in places],
    )


def _begin(options: IdentityOptions, user: User, tenant: Tenant, role: Role) -> Session:
    seconds = options.session_seconds
    return Session(
        access_token=tokens.issue(options.jwt_secret, user.id, tenant.id, role, seconds=seconds),
        expires_in=seconds,
        user=UserOut.model_validate(user),
        tenant=TenantOut.model_validate(tenant),
        role=role,
    )


async def _free_slug(session: AsyncSession, name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40] or "team"
    return f"{slug}-{secrets.token_hex(3)}" if await queries.slug_taken(session, slug) else slug


def _email_taken() -> Conflict:
    return Conflict("There is an account with this e-mail address already; sign in.", code="email_taken")


def _suspended() -> Forbidden:
    return Forbidden("This tenant is suspended.", code="tenant_suspended")
