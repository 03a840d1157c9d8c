"""Invitations: sending, sending again, revoking and accepting them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import cast
from uuid import UUID, uuid4

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import Conflict, FieldError, InvalidInput, NotAuthenticated, NotFound
from watchbill.core.ports.mail import Mail, MailFailed, MailMessage
from watchbill.features.identity import mails, reach, registering, service, sign_ins, tokens
from watchbill.features.identity import queries as people
from watchbill.features.identity.devices import Device
from watchbill.features.identity.identity import Identity, IdentityOptions
from watchbill.features.identity.limits import mails as mail_limits
from watchbill.features.identity.limits.guesses import Throttle
from watchbill.features.identity.members import queries
from watchbill.features.identity.members import service as members
from watchbill.features.identity.members.schemas import (
    Acceptance,
    InvitationDetails,
    InvitationIn,
    InvitationOut,
    SentInvitation,
)
from watchbill.features.identity.permissions import Role
from watchbill.features.identity.sign_ins import Begun
from watchbill.features.identity.tables import Invitation, Tenant, User
from watchbill.features.identity.tenant_row import suspended
from watchbill.kit.clock import now
from watchbill.kit.database.paging import Page
from watchbill.kit.database.transactions import outside
from watchbill.kit.secrets.passwords import LONGEST_PASSWORD, SHORTEST_PASSWORD, hash_password, seen

log = structlog.stdlib.get_logger("watchbill.identity")


async def page(
    session: AsyncSession, identity: Identity, wanted: Page
) -> tuple[Sequence[Invitation], str | None]:
    """One page of the tenant's invitations and the next page's cursor."""
    return await queries.invitation_page(session, identity.tenant_id, wanted)


async def invite(
    session: AsyncSession, options: IdentityOptions, mail: Mail, identity: Identity, form: InvitationIn
) -> SentInvitation:
    """Invite somebody.

    Raises:
        Conflict: they belong to the tenant, or are invited already.
        Forbidden: a key would make an admin.
    """
    reach.demand_person_for_admins(identity, form.role)
    if await queries.is_member(session, identity.tenant_id, form.email):
        raise Conflict("They belong to this tenant already.", code="already_member")
    await queries.drop_expired(session, identity.tenant_id, form.email)
    invitation = Invitation(
        id=uuid4(), tenant_id=identity.tenant_id, email=form.email, role=form.role, mailed_at=None
    )
    session.add(invitation)
    token = _renew(options, invitation, identity)
    try:
        await session.flush()
    except IntegrityError as error:
        raise Conflict(
            "They are invited already; send that invitation again.", code="already_invited"
        ) from error
    return await _send(session, options, mail, invitation, token)


async def resend(
    session: AsyncSession, options: IdentityOptions, mail: Mail, identity: Identity, id_: UUID
) -> SentInvitation:
    """Send an invitation again, with a new link and all its time; the link before is no good any more.

    Raises:
        NotFound: there is none of that id.
        Forbidden: a key would make an admin.
    """
    invitation = await _get(session, identity, id_)
    # The answer has the link where no mail can be sent.
    reach.demand_person_for_admins(identity, invitation.role)
    token = _renew(options, invitation, identity)
    await session.flush()
    return await _send(session, options, mail, invitation, token)


async def revoke(session: AsyncSession, identity: Identity, id_: UUID) -> None:
    """Take an invitation back.

    Raises:
        NotFound: there is none of that id.
    """
    await session.delete(await _get(session, identity, id_))
    await session.flush()


async def describe(session: AsyncSession, token: str) -> InvitationDetails:
    """Show the invitation that a link is for.

    Raises:
        NotFound: the link is no good.
    """
    invitation, tenant, inviter = await _by_token(session, token)
    return InvitationDetails(
        email=invitation.email,
        role=cast("Role", invitation.role),
        tenant_name=tenant.name,
        invited_by=_name(inviter) if inviter else None,
        expires_at=invitation.expires_at,
        has_account=await people.user_by_email(session, invitation.email) is not None,
    )


async def accept(
    session: AsyncSession,
    options: IdentityOptions,
    throttle: Throttle,
    form: Acceptance,
    device: Device,
    signed_in: UUID | None,
) -> Begun:
    """Join the tenant and go on there. `signed_in` is who is asking, if they signed in by
    themselves.

    Raises:
        NotFound: the link is no good.
        NotAuthenticated: the account needs its password, or another one.
        InvalidInput: a new account needs a password that is long enough.
        Forbidden: the tenant is suspended.
    """
    invitation, tenant, _ = await _by_token(session, form.token)
    if tenant.status != "active":
        raise suspended()
    user = await people.user_by_email(session, invitation.email)
    if user is None:
        user = await _new_user(session, options, invitation, form)
    elif user.id != signed_in:
        await _prove(session, options, throttle, user, form.password, device)
    # The password took its time, and somebody may have used or taken back the invitation meanwhile.
    await _by_token(session, form.token)
    if invitation.mailed_at is not None and user.email_verified_at is None:
        # They have read their mail.
        user.email_verified_at = now()
    role = cast("Role", invitation.role)
    place = await people.belonging(session, user.id, tenant.id)
    if place is None:
        await members.join(session, user, tenant.id, role)
    await session.delete(invitation)
    await session.flush()
    return await sign_ins.begin(
        session, options, user, tenant, cast("Role", place[2].role) if place else role, device
    )


async def _prove(
    session: AsyncSession,
    options: IdentityOptions,
    throttle: Throttle,
    user: User,
    password: str | None,
    device: Device,
) -> None:
    if password is None:
        raise NotAuthenticated("You have an account: sign in to accept.", code="sign_in_to_accept")
    if not await service.knows_password(session, options, throttle, user.email, user, password, device):
        raise NotAuthenticated("The password is wrong.", code="bad_credentials")


async def _new_user(
    session: AsyncSession, options: IdentityOptions, invitation: Invitation, form: Acceptance
) -> User:
    password = form.password or ""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        text = f"Choose a password of {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters."
        raise InvalidInput(text, errors=(FieldError(("body", "password"), "bad_length", text),))
    try:
        seen(password)
    except ValueError as error:
        wrong = FieldError(("body", "password"), "blank_password", str(error))
        raise InvalidInput(str(error), errors=(wrong,)) from error
    async with outside(session):
        hashed = await hash_password(password, options.bcrypt_cost)
    await _by_token(session, form.token)
    user = User(id=uuid4(), email=invitation.email, password_hash=hashed, full_name=form.full_name)
    await registering.add_user(session, user)
    return user


async def _get(session: AsyncSession, identity: Identity, id_: UUID) -> Invitation:
    invitation = await queries.lock_invitation(session, identity.tenant_id, id_)
    if invitation is None:
        raise NotFound("There is no such invitation.")
    return invitation


async def _by_token(session: AsyncSession, token: str) -> queries.Invited:
    found = await queries.invitation_by_token(session, tokens.digest(token))
    if found is None:
        raise NotFound(
            "This invitation was accepted, taken back or replaced, or has expired. Ask for a new one.",
            code="bad_invitation",
        )
    return found


def _renew(options: IdentityOptions, invitation: Invitation, identity: Identity) -> str:
    token = tokens.random_token()
    invitation.token_hash = tokens.digest(token)
    invitation.invited_by = identity.user_id
    invitation.expires_at = now() + timedelta(seconds=options.invitation_seconds)
    invitation.mailed_at = None
    return token


async def _send(
    session: AsyncSession, options: IdentityOptions, mail: Mail, invitation: Invitation, token: str
) -> SentInvitation:
    """Mail an invitation while whoever invites waits: they must hear when it does not go out.

    Raises:
        Conflict: meanwhile it was accepted, taken back or sent again.
        TooManyRequests: the tenant may write to no more strangers today.
    """
    await mail_limits.count(session, options.mail_limits, stranger=True)
    tenant = await session.get_one(Tenant, invitation.tenant_id)
    inviter = await session.get(User, invitation.invited_by)
    message = mails.invitation_mail(
        options.base_url,
        invitation.email,
        token,
        tenant.name,
        _name(inviter) if inviter else "Somebody",
        options.invitation_seconds // 86400,
    )
    id_, hashed = invitation.id, invitation.token_hash
    async with outside(session):
        sent = await _mailed(mail, message, id_)
    # That took its time, and the link may be no good any more.
    found = await queries.lock_invitation(session, tenant.id, id_)
    if found is None or found.token_hash != hashed:
        text = "The invitation was accepted, taken back or sent again while its mail was under way."
        raise Conflict(text, code="invitation_changed")
    if sent:
        invitation.mailed_at = now() if mail.delivers else None
    await session.flush()
    await session.refresh(invitation)
    link = None if invitation.mailed_at else mails.link(options.base_url, "invitation", token)
    return SentInvitation(**InvitationOut.model_validate(invitation).model_dump(), link=link)


async def _mailed(mail: Mail, message: MailMessage, invitation_id: UUID) -> bool:
    try:
        await mail.send(message)
    except MailFailed as error:
        log.warning("invitation_not_mailed", invitation_id=str(invitation_id), error=error.detail)
        return False
    return True


def _name(user: User) -> str:
    return " ".join((user.full_name or user.email).split())
