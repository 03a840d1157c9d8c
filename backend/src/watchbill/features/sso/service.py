"""Setting up a tenant's provider, and letting people in whom it vouches for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import FieldError, Forbidden, InvalidInput
from watchbill.core.json.characters import mended
from watchbill.features.identity import queries as people
from watchbill.features.identity import registering, sign_ins, tokens
from watchbill.features.identity.devices import Device
from watchbill.features.identity.identity import IdentityOptions
from watchbill.features.identity.members import service as members
from watchbill.features.identity.permissions import RANKS, Role
from watchbill.features.identity.sign_ins import Begun
from watchbill.features.identity.tables import Membership, Tenant, User
from watchbill.features.sso import queries
from watchbill.features.sso.domains import claim, demand, proof
from watchbill.features.sso.metadata import Metadata
from watchbill.features.sso.proofs import DomainProofs
from watchbill.features.sso.provider import Client, ProviderFault
from watchbill.features.sso.schemas import SsoIn, SsoOut
from watchbill.features.sso.tables import SsoAccount, SsoConnection, SsoSignIn
from watchbill.kit.audit import call
from watchbill.kit.database.transactions import outside
from watchbill.kit.requests.mail_addresses import canonical_email, mail_domain
from watchbill.kit.secrets.crypto import KeyRing

CALLBACK = "/api/v1/auth/sso/callback"


@dataclass(frozen=True, slots=True)
class SsoPorts:
    """What single sign-on works with; `base_url` is the address that people use."""

    keys: KeyRing
    metadata: Metadata
    base_url: str
    proofs: DomainProofs

    @property
    def redirect_uri(self) -> str:
        """Where providers send people back to."""
        return f"{self.base_url}{CALLBACK}"

    def client(self, connection: SsoConnection) -> Client:
        """Watchbill's registration at a tenant's provider."""
        sealed = connection.sealed_client_secret
        secret = self.keys.unseal(sealed, place(connection.tenant_id)) if sealed else None
        return Client(connection.client_id, secret, self.redirect_uri)


def place(tenant_id: UUID) -> str:
    """What the client secret is sealed to."""
    return f"sso:{tenant_id}"


async def describe(session: AsyncSession, ports: SsoPorts, tenant_id: UUID) -> SsoOut:
    """How single sign-on is set up."""
    connection = await queries.connection(session, tenant_id)
    if connection is None:
        return SsoOut(redirect_uri=ports.redirect_uri)
    domains = list(await queries.domains(session, tenant_id))
    async with outside(session):
        proofs = await asyncio.gather(*(proof(ports.proofs, tenant_id, domain) for domain in domains))
    return SsoOut(
        issuer=connection.issuer,
        client_id=connection.client_id,
        has_secret=connection.sealed_client_secret is not None,
        domains=domains,
        proofs=proofs,
        role_claim=connection.role_claim,
        roles=connection.roles,
        default_role=cast("Role | None", connection.default_role),
        is_active=connection.is_active,
        redirect_uri=ports.redirect_uri,
        updated_at=connection.updated_at,
    )


async def check_domains(session: AsyncSession, ports: SsoPorts, tenant_id: UUID) -> SsoOut:
    """Look whether the domains prove that they are the tenant's."""
    if not ports.proofs.trust:
        domains = await queries.domains(session, tenant_id)
        async with outside(session):
            await asyncio.gather(*(ports.proofs.check(tenant_id, domain) for domain in domains))
    return await describe(session, ports, tenant_id)


async def set_up(session: AsyncSession, ports: SsoPorts, tenant_id: UUID, form: SsoIn) -> SsoOut:
    """Store a provider, after asking it whether it is one.

    Raises:
        InvalidInput: it does not answer as a provider should, or its address is not allowed.
        Conflict: a domain belongs to another tenant.
    """
    taken = await queries.taken(session, sorted(set(form.domains)), tenant_id)
    async with outside(session):
        try:
            await ports.metadata.look_again(form.issuer)
        except ProviderFault as error:
            raise _field("issuer", "bad_issuer", str(error)) from error
        await demand(ports.proofs, tenant_id, taken)
    connection = await queries.connection(session, tenant_id)
    if connection is None:
        connection = SsoConnection(tenant_id=tenant_id)
        session.add(connection)
    elif connection.issuer != form.issuer and connection.sealed_client_secret and form.client_secret is None:
        # Otherwise the stored secret could be sent to wherever a new issuer leads.
        raise _field("client_secret", "secret_needed", "Enter the client secret again for another issuer.")
    for name in ("issuer", "client_id", "role_claim", "roles", "default_role", "is_active"):
        setattr(connection, name, getattr(form, name))
    if form.client_secret is not None:
        sealed = ports.keys.seal(form.client_secret, place(tenant_id)) if form.client_secret else None
        connection.sealed_client_secret = sealed
    await claim(session, tenant_id, form.domains, {(one.tenant_id, one.domain) for one in taken})
    await session.refresh(connection)
    return await describe(session, ports, tenant_id)


async def remove(session: AsyncSession, tenant_id: UUID) -> None:
    """Remove the provider. People who came with it stay, and can set a password by mail."""
    if connection := await queries.connection(session, tenant_id):
        await session.delete(connection)
    await queries.forget_domains(session, tenant_id)
    await session.flush()


async def let_in(
    session: AsyncSession,
    options: IdentityOptions,
    tenant: Tenant,
    connection: SsoConnection,
    claims: Mapping[str, Any],
    device: Device,
    *,
    known: UUID | None,
    proved: bool,
) -> Begun:
    """Begin a session for whom the provider vouches for, and make the account when there is none.

    Args:
        claims: of a checked ID token.
        known: who was signed in when it began, to connect an account that is there already.
        proved: whether the domain of their address was proved to be the tenant's.

    Raises:
        Forbidden: the claims do not allow it; the code says why.
    """
    if claims["iss"] != connection.issuer:
        # Another provider was set up while somebody was at this one.
        raise Forbidden("The company's provider was changed meanwhile; sign in again.", code="sso_expired")
    role = role_of(connection, claims)
    found = await queries.account(session, tenant.id, connection.issuer, _subject(claims))
    user, membership = found or await _join(session, tenant, claims, role, known, proved)
    if user.status != "active":
        raise Forbidden("This account is disabled.", code="sso_disabled")
    if connection.role_claim:
        call(membership, user.email)
        await members.follow(session, membership, role)
    begun = await sign_ins.begin(session, options, user, tenant, cast("Role", membership.role), device)
    sign_in_id = tokens.read(options.jwt_secret, begun.session.access_token).sign_in_id
    session.add(SsoSignIn(sign_in_id=sign_in_id))
    await session.flush()
    return begun


def role_of(connection: SsoConnection, claims: Mapping[str, Any]) -> Role:
    """The highest role that the claims give.

    Raises:
        Forbidden: they give none, and there is none for everybody.
    """
    said = claims.get(connection.role_claim) if connection.role_claim else None
    values = cast("list[Any]", said) if isinstance(said, list) else [said]
    known = connection.roles
    roles = [known[value] for value in values if isinstance(value, str) and value in known]
    if roles:
        return max(roles, key=lambda role: RANKS[role])
    if connection.default_role is None:
        raise Forbidden("Your company's account does not include Watchbill.", code="sso_no_role")
    return cast("Role", connection.default_role)


async def _join(
    session: AsyncSession,
    tenant: Tenant,
    claims: Mapping[str, Any],
    role: Role,
    known: UUID | None,
    proved: bool,
) -> tuple[User, Membership]:
    """The account and membership of somebody who comes for the first time."""
    email = _email(claims)
    domain = mail_domain(email)
    if domain not in await queries.domains(session, tenant.id):
        raise Forbidden("The address is not of this tenant's domains.", code="sso_wrong_domain")
    if not proved:
        raise Forbidden("Nothing proves that this domain belongs to the company.", code="sso_unproved_domain")
    user = await people.user_by_email(session, email)
    if user is None:
        user = await registering.add_vouched(session, email, _name(claims))
    elif user.id != known:
        # A tenant's provider has no say about an account that was there before: its owner must want this.
        raise Forbidden("There is an account with this address already.", code="sso_account_exists")
    # The domain is the company's, and the company says whose the address is.
    registering.verify_address(user)
    membership = await session.get(Membership, (user.id, tenant.id))
    if membership is None:
        membership = await members.join(session, user, tenant.id, role)
    session.add(
        SsoAccount(tenant_id=tenant.id, issuer=str(claims["iss"]), subject=_subject(claims), user_id=user.id)
    )
    await session.flush()
    return user, membership


def _email(claims: Mapping[str, Any]) -> str:
    email = claims.get("email")
    if not isinstance(email, str) or "@" not in email or len(email) > 254 or not email.isprintable():
        raise Forbidden("The provider does not say your e-mail address.", code="sso_no_email")
    # The one value that OpenID Connect has for it; "true" or 1 may mean anything, and so may its absence.
    if claims.get("email_verified") is not True:
        raise Forbidden("The provider has not verified your e-mail address.", code="sso_unverified")
    return canonical_email(email)


def _subject(claims: Mapping[str, Any]) -> str:
    """Who it is at the provider: at most 255 letters, by the standard."""
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= 255 or not _storable(subject):
        raise Forbidden("The provider does not say who the person is.", code="sso_no_subject")
    return subject


def _name(claims: Mapping[str, Any]) -> str | None:
    name = claims.get("name")
    return name.strip()[:200] or None if isinstance(name, str) and _storable(name) else None


def _storable(text: str) -> bool:
    """Whether the database takes a text: JSON may name NUL and halves of characters."""
    return "\x00" not in text and mended(text) == text


def _field(field: str, code: str, message: str) -> InvalidInput:
    return InvalidInput(message, errors=(FieldError(("body", field), code, message),))
