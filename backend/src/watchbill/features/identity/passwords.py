"""Changing a password, setting a new one after it was forgotten, and proving an e-mail address."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import FieldError, InvalidInput
from watchbill.core.ports.mail import Mail
from watchbill.features.identity import mails, queries, tokens
from watchbill.features.identity.identity import Identity, IdentityOptions
from watchbill.features.identity.limits.guesses import Throttle
from watchbill.features.identity.schemas import PasswordChange, PasswordReset
from watchbill.features.identity.service import access_ended, demand_own_sign_in
from watchbill.features.identity.tables import User
from watchbill.kit.audit import Trail, keep_trail
from watchbill.kit.clock import now
from watchbill.kit.database.transactions import Database, outside
from watchbill.kit.secrets.passwords import hash_password, verify_password


async def change(
    session: AsyncSession,
    options: IdentityOptions,
    throttle: Throttle,
    identity: Identity,
    form: PasswordChange,
) -> None:
    """Change the person's password and end their other sessions.

    Raises:
        InvalidInput: the current password is wrong.
        TooManyRequests: it was wrong too often.
        Forbidden: a provider let them in, or a key is asking.
    """
    keep = identity.sign_in
    user = await session.get(User, await demand_own_sign_in(session, identity))
    if user is None:
        raise access_ended()
    proved = user.password_hash
    async with outside(session):
        attempt = await throttle.begin(user.email, f"session {keep}")
        fits = await verify_password(form.current_password, proved, options.bcrypt_cost)
        await (throttle.succeeded(attempt) if fits else throttle.failed(attempt))
        hashed = await hash_password(form.new_password, options.bcrypt_cost) if fits else ""
    # Somebody may have set another one meanwhile.
    if not fits or not await queries.keeps_password(session, user.id, proved, change=True):
        wrong = FieldError(("body", "current_password"), "wrong_password", "This is not your password.")
        raise InvalidInput(wrong.message, code="wrong_password", errors=(wrong,))
    user.password_hash = hashed
    await session.flush()
    await queries.end_sign_ins(session, user.id, but=keep)


async def mail_reset(
    database: Database, options: IdentityOptions, mail: Mail, throttle: Throttle, email: str, trail: Trail
) -> None:
    """Mail a link to set a new password, if there is such an account. It runs when the answer is gone
    already, which says and takes the same in every case. The audit logs of the person's tenants tell of it;
    `trail` is the request's."""
    async with database.transaction() as work:
        user = await queries.user_by_email(work.session, email)
        if user is None or user.status != "active":
            return
        keep_trail(work.session, trail)
        trail.user_id = user.id
        async with work.outside():
            may_mail = await throttle.may_mail(email)
        if not may_mail:
            trail.refuse(None, "too_many_mails")
            return
        token = await _new_link(work.session, options, user, "reset")
    minutes = options.link_seconds // 60
    await mails.deliver(mail, mails.reset_mail(options.base_url, user.email, token, minutes))


async def reset(session: AsyncSession, options: IdentityOptions, form: PasswordReset) -> None:
    """Set a new password by a mailed link, and end every session of the person.

    Raises:
        InvalidInput: the link was used before, is too old, or never was.
    """
    link = tokens.digest(form.token)
    if not await queries.is_link(session, "reset", link):
        raise bad_link()
    async with outside(session):
        hashed = await hash_password(form.password, options.bcrypt_cost)
    user = await queries.take_link(session, "reset", link)
    if user is None:
        raise bad_link()
    user.password_hash = hashed
    user.email_verified_at = user.email_verified_at or now()
    await session.flush()
    await queries.end_sign_ins(session, user.id)


async def mail_verification(database: Database, options: IdentityOptions, mail: Mail, user_id: UUID) -> None:
    """Mail a link by which a person proves that the address is theirs."""
    async with database.transaction() as work:
        user = await work.session.get(User, user_id)
        if user is None or user.email_verified_at is not None:
            return
        token = await _new_link(work.session, options, user, "verify")
    minutes = options.link_seconds // 60
    await mails.deliver(mail, mails.verification_mail(options.base_url, user.email, token, minutes))


async def verify(session: AsyncSession, token: str) -> None:
    """Note that an address is its owner's.

    Raises:
        InvalidInput: the link was used before, is too old, or never was.
    """
    user = await queries.take_link(session, "verify", tokens.digest(token))
    if user is None:
        raise bad_link()
    user.email_verified_at = user.email_verified_at or now()
    await session.flush()


async def _new_link(session: AsyncSession, options: IdentityOptions, user: User, purpose: str) -> str:
    token = tokens.random_token()
    until = now() + timedelta(seconds=options.link_seconds)
    await queries.replace_link(session, user, purpose, tokens.digest(token), until)
    return token


def bad_link() -> InvalidInput:
    """A mailed link that is no good."""
    return InvalidInput("This link was used before or has expired. Ask for a new one.", code="bad_link")
