"""Mail addresses outside the tenant: each is asked once whether it wants to be written to, and agrees by the
link in that mail."""

from __future__ import annotations

import struct
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import Conflict, NotFound, TooManyRequests
from watchbill.core.ports.mail import MailMessage
from watchbill.core.tenancy import TenantScope
from watchbill.features.identity.limits import mails as mail_limits
from watchbill.features.identity.limits.mails import DEFAULT, MailLimits
from watchbill.features.identity.mails import link, one_line
from watchbill.features.identity.tables import Membership, Tenant, User
from watchbill.features.notifications.tables import MailAddress
from watchbill.kit.audit import call
from watchbill.kit.clock import now as clock
from watchbill.kit.database.paging import Page, fetch_page
from watchbill.kit.requests.mail_addresses import canonical_email
from watchbill.kit.secrets import signed_tokens

_GOOD_FOR = timedelta(days=14)
_AGAIN_AFTER = timedelta(days=1)
_PURPOSE = b"mail address"
_BODY = struct.Struct(">16s16sq")
_INVALID = "This link is incomplete or has expired, or the address was removed. Ask the sender for a new one."


@dataclass(frozen=True, slots=True)
class AddressMails:
    """How addresses are asked: links are signed with the secret and lead to the base URL."""

    secret: str
    base_url: str
    limits: MailLimits = DEFAULT

    def ask(self, scope: TenantScope, tenant_name: str, address: MailAddress, now: datetime) -> MailMessage:
        """The mail that asks somebody whether they want to be told."""
        expires = int((now + _GOOD_FOR).timestamp())
        body = _BODY.pack(scope.tenant_id.bytes, address.id.bytes, expires)
        url = link(self.base_url, "confirm-address", signed_tokens.make(self.secret, _PURPOSE, body))
        text = f"""Somebody wants Watchbill to tell this address when their flows are done or fail.

Their tenant is called: {one_line(tenant_name)}

If you want that, confirm within {_GOOD_FOR.days} days:

{url}

If you do not know them or do not want it, do nothing: nothing else is sent to you.
"""
        return MailMessage(address.address, "Confirm that Watchbill may write to you", text)


async def strangers(
    session: AsyncSession, scope: TenantScope, recipients: Collection[str]
) -> dict[str, MailAddress | None]:
    """Those of the recipients who are neither members nor confirmed, with their row if they have one; by the
    form in which addresses are compared."""
    wanted = {canonical_email(recipient) for recipient in recipients}
    query = (
        select(func.lower(User.email))
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.tenant_id == scope.tenant_id, User.status == "active")
        .where(func.lower(User.email).in_(wanted))
    )
    members = set(await session.scalars(query))
    rows = await session.scalars(select(MailAddress).where(MailAddress.address.in_(wanted - members)))
    known = {row.address: row for row in rows}
    return {
        address: known.get(address)
        for address in wanted - members
        if address not in known or known[address].confirmed_at is None
    }


async def ask_new(
    session: AsyncSession,
    scope: TenantScope,
    mails: AddressMails,
    recipients: Collection[str],
    now: datetime | None = None,
) -> list[MailMessage]:
    """The mails to send now: one to each stranger who was never asked. Each counts as sent.

    Raises:
        TooManyRequests: so many strangers cannot be asked today.
    """
    at = now or clock()
    name = await session.scalar(select(Tenant.name).where(Tenant.id == scope.tenant_id)) or ""
    found: list[MailMessage] = []
    for address, row in (await strangers(session, scope, recipients)).items():
        row = row or await _add(session, address)
        if row.mailed_at is not None:
            continue
        await mail_limits.count(session, mails.limits, stranger=True, now=at)
        row.mailed_at = at
        found.append(mails.ask(scope, name, row, at))
    await session.flush()
    return found


async def ask_again(
    session: AsyncSession, scope: TenantScope, mails: AddressMails, id_: UUID
) -> tuple[MailAddress, MailMessage]:
    """Ask somebody once more, with a new link.

    Raises:
        NotFound: there is no such address.
        Conflict: it is confirmed.
        TooManyRequests: it was asked less than a day ago, or no more can be asked today.
    """
    row = await get(session, id_, lock=True)
    if row.confirmed_at is not None:
        raise Conflict("This address is confirmed.", code="address_confirmed")
    at = clock()
    if row.mailed_at is not None and at - row.mailed_at < _AGAIN_AFTER:
        left = _AGAIN_AFTER - (at - row.mailed_at)
        text = "They were asked less than a day ago. Wait, or ask them to look for the mail."
        raise TooManyRequests(text, retry_after=int(left.total_seconds()) + 1)
    await mail_limits.count(session, mails.limits, stranger=True, now=at)
    row.mailed_at = at
    name = await session.scalar(select(Tenant.name).where(Tenant.id == scope.tenant_id)) or ""
    await session.flush()
    return row, mails.ask(scope, name, row, at)


async def get(session: AsyncSession, id_: UUID, *, lock: bool = False) -> MailAddress:
    """The address of that id.

    Raises:
        NotFound: there is none.
    """
    query = select(MailAddress).where(MailAddress.id == id_)
    found = await session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound("There is no such address.")
    call(found, found.address)
    return found


async def page(session: AsyncSession, wanted: Page) -> tuple[Sequence[MailAddress], str | None]:
    """One page of addresses; `q` looks into them."""
    query = select(MailAddress)
    return await fetch_page(session, query, MailAddress, wanted, searched=MailAddress.address)


def read(secret: str, token: str, now: datetime) -> tuple[TenantScope, UUID]:
    """Whose address a link is about: the tenant, and the address's id.

    Raises:
        NotFound: it is not ours, was changed, or its time is over.
    """
    body = signed_tokens.body_of(secret, _PURPOSE, token, _BODY.size)
    if body is None:
        raise NotFound(_INVALID, code="link_invalid")
    tenant, address, expires = _BODY.unpack(body)
    if datetime.fromtimestamp(expires, UTC) <= now:
        raise NotFound(_INVALID, code="link_invalid")
    return TenantScope(UUID(bytes=tenant)), UUID(bytes=address)


async def confirm(session: AsyncSession, id_: UUID, now: datetime) -> MailAddress:
    """Note that somebody agreed; that they did so before changes nothing.

    Raises:
        NotFound: the address was removed.
    """
    query = select(MailAddress).where(MailAddress.id == id_).with_for_update()
    row = await session.scalar(query)
    if row is None:
        raise NotFound(_INVALID, code="link_invalid")
    call(row, row.address)
    row.confirmed_at = row.confirmed_at or now
    await session.flush()
    return row


async def _add(session: AsyncSession, address: str) -> MailAddress:
    """The row of an address, which somebody else may be adding too."""
    await session.execute(insert(MailAddress).values(address=address).on_conflict_do_nothing())
    row = await session.scalar(select(MailAddress).where(MailAddress.address == address).with_for_update())
    if row is None:
        raise AssertionError("the address was just added")
    call(row, row.address)
    return row
