"""Registering: a new person with a tenant of their own, by a mailed link where addresses must be proved."""

from __future__ import annotations

from uuid import uuid4

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import Conflict, Forbidden, InvalidInput, WatchbillError
from watchbill.core.ports.mail import Mail
from watchbill.features.identity import mails, queries, sign_ins, tenant_row, tokens
from watchbill.features.identity.devices import Device
from watchbill.features.identity.identity import IdentityOptions
from watchbill.features.identity.limits.guesses import Throttle
from watchbill.features.identity.schemas import Registration
from watchbill.features.identity.service import knows_password
from watchbill.features.identity.sign_ins import Begun
from watchbill.features.identity.tables import User
from watchbill.kit.clock import now
from watchbill.kit.database.transactions import Database, outside
from watchbill.kit.secrets.passwords import hash_password


async def mail_link(
    database: Database, options: IdentityOptions, mail: Mail, throttle: Throttle, email: str
) -> None:
    """Mail the link by which somebody registers, or, when the address has an account, that it has one. It
    runs when the answer is gone already, which says and takes the same in both cases."""
    if not await throttle.may_mail(email):
        return
    async with database.transaction() as work:
        user = await queries.user_by_email(work.session, email)
    if user is None:
        token = tokens.registration(options.jwt_secret, email, seconds=options.link_seconds)
        minutes = options.link_seconds // 60
        await mails.deliver(mail, mails.registration_mail(options.base_url, email, token, minutes))
    elif user.status == "active":
        await mails.deliver(mail, mails.has_account_mail(options.base_url, user.email))


async def register(
    session: AsyncSession, options: IdentityOptions, throttle: Throttle, form: Registration, device: Device
) -> Begun:
    """Make a person, a tenant and the tenant's schema, all or nothing, and sign in. Somebody who belongs to
    no tenant any more makes one with the account and password that they have.

    Raises:
        Conflict: the address is taken.
        Forbidden: addresses have to be proved, and there is no mailed link; whether there is such an account
            is not told.
        InvalidInput: the mailed link is too old, or another address's.
        TooManyRequests: it was tried too often with a wrong password.
    """
    proved = form.token is not None
    if form.token is not None and tokens.read_registration(options.jwt_secret, form.token) != form.email:
        text = "This link has expired or is for another address. Ask for a new one."
        raise InvalidInput(text, code="bad_link")
    user = await queries.user_by_email(session, form.email)
    if user is None and (proved or not options.verify_email):
        user = await _newcomer(session, options, form)
    else:
        refusal = email_taken() if proved or not options.verify_email else _link_needed()
        user = await _come_back(session, options, throttle, user, form, device, refusal)
    if proved:
        user.email_verified_at = user.email_verified_at or now()
    tenant = await tenant_row.add(session, options, user.id, form.tenant_name)
    return await sign_ins.begin(session, options, user, tenant, "admin", device)


async def _newcomer(session: AsyncSession, options: IdentityOptions, form: Registration) -> User:
    async with outside(session):
        hashed = await hash_password(form.password, options.bcrypt_cost)
    user = User(id=uuid4(), email=form.email, password_hash=hashed, full_name=form.full_name)
    await add_user(session, user)
    return user


async def _come_back(
    session: AsyncSession,
    options: IdentityOptions,
    throttle: Throttle,
    user: User | None,
    form: Registration,
    device: Device,
    refusal: WatchbillError,
) -> User:
    """Let somebody go on who has an account and belongs nowhere. Whoever does not know the password hears,
    and waits for, the same of every address."""
    knows = await knows_password(session, options, throttle, form.email, user, form.password, device)
    if user is None or not knows:
        raise refusal
    # Who registers twice at once makes one tenant.
    await session.refresh(user, with_for_update=True)
    if await queries.memberships(session, user.id):
        raise email_taken()
    user.full_name = user.full_name or form.full_name
    return user


async def add_user(session: AsyncSession, user: User) -> None:
    """Store a new person.

    Raises:
        Conflict: the address is taken.
    """
    session.add(user)
    try:
        await session.flush()
    except IntegrityError as error:
        raise email_taken() from error
    await session.refresh(user)


async def add_vouched(session: AsyncSession, email: str, full_name: str | None) -> User:
    """Store a new person for whom a tenant's provider vouches: no password fits until one is set by mail.

    Raises:
        Conflict: the address is taken.
    """
    # "-" is no hash.
    user = User(id=uuid4(), email=email, password_hash="-", full_name=full_name)  # noqa: S106
    await add_user(session, user)
    return user


def verify_address(user: User) -> None:
    """Note that the address is the person's, unless that is known."""
    user.email_verified_at = user.email_verified_at or now()


def email_taken() -> Conflict:
    """Somebody has the address."""
    return Conflict("There is an account with this e-mail address already; sign in.", code="email_taken")


def _link_needed() -> Forbidden:
    return Forbidden(
        "Prove your e-mail address first: ask for a link by mail, and register with it.",
        code="registration_link_needed",
    )
