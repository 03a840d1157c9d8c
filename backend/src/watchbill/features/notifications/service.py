"""Notifications: keeping them, what was sent, and sending it again."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from watchbill.core.errors import Conflict, FieldError, InvalidInput, NotFound
from watchbill.core.ports.mail import Mail
from watchbill.core.tenancy import TenantScope
from watchbill.features.flows import service as flows
from watchbill.features.notifications import queries
from watchbill.features.notifications.addresses import AddressMails
from watchbill.features.notifications.schemas import NotificationIn, NotificationPatch, check_emails
from watchbill.features.notifications.tables import Delivery, Notification
from watchbill.kit import due_work
from watchbill.kit.clock import now
from watchbill.kit.database.locks import one_at_a_time
from watchbill.kit.database.paging import Page
from watchbill.kit.database.transactions import outside
from watchbill.kit.outbound.url_guard import AddressRefused, UrlGuard
from watchbill.kit.secrets import signatures
from watchbill.kit.secrets.crypto import KeyRing


@dataclass(frozen=True, slots=True)
class NotificationPorts:
    """What the notification routes work with."""

    keys: KeyRing
    guard: UrlGuard
    mail: Mail
    addresses: AddressMails


async def get(session: AsyncSession, id_: UUID, *, lock: bool = False) -> Notification:
    """The notification of that id.

    Raises:
        NotFound: there is none.
    """
    found = await queries.by_id(session, id_, lock=lock)
    if found is None:
        raise NotFound("There is no such notification.")
    return found


async def page(
    session: AsyncSession, wanted: Page, flow_ids: Collection[UUID] | None
) -> tuple[list[Notification], str | None]:
    """One page of notifications, of these flows or of all, and the next page's cursor."""
    rows, cursor = await queries.page(session, wanted, flow_ids)
    return list(rows), cursor


async def create(
    session: AsyncSession,
    scope: TenantScope,
    ports: NotificationPorts,
    user_id: UUID,
    form: NotificationIn,
) -> tuple[Notification, str | None]:
    """Store a notification; returns it and the secret that signs what URLs are sent.

    Raises:
        NotFound: there is no such flow.
        InvalidInput: a URL is not allowed.
    """
    await _check(session, ports.guard, form.flow_id, form.channel, form.recipients)
    notification = Notification(id=uuid4(), created_by=user_id, **form.model_dump())
    secret = None
    if form.channel == "webhook":
        secret = signatures.new_secret()
        notification.sealed_secret = ports.keys.seal(secret, secret_place(scope, notification.id))
    session.add(notification)
    await _store(session, scope)
    await session.refresh(notification)
    return notification, secret


async def change(
    session: AsyncSession, scope: TenantScope, ports: NotificationPorts, id_: UUID, form: NotificationPatch
) -> Notification:
    """Change what the form names.

    Raises:
        NotFound: there is no such notification or flow.
        InvalidInput: a URL is not allowed, or a mail address is none.
    """
    given = form.model_fields_set
    flow_id = form.flow_id if "flow_id" in given else None
    channel = (await get(session, id_)).channel
    await _check(session, ports.guard, flow_id, channel, form.recipients or [])
    notification = await get(session, id_, lock=True)
    for name in given:
        setattr(notification, name, getattr(form, name))
    await _store(session, scope)
    await session.refresh(notification)
    return notification


async def delete(session: AsyncSession, scope: TenantScope, id_: UUID) -> None:
    """Remove a notification with its deliveries; what waits is not sent.

    Raises:
        NotFound: there is no such notification.
    """
    await session.delete(await get(session, id_, lock=True))
    await _store(session, scope)


async def rotate_secret(session: AsyncSession, scope: TenantScope, keys: KeyRing, id_: UUID) -> str:
    """Sign with a new secret from now on.

    Raises:
        NotFound: there is no such notification.
        Conflict: it is told by mail.
    """
    notification = await get(session, id_, lock=True)
    if notification.channel != "webhook":
        raise Conflict("Mails are not signed.", code="no_secret")
    secret = signatures.new_secret()
    notification.sealed_secret = keys.seal(secret, secret_place(scope, id_))
    await session.flush()
    return secret


async def deliveries(
    session: AsyncSession,
    wanted: Page,
    *,
    notification_id: UUID | None,
    execution_id: UUID | None,
    status: str | None,
    flow_ids: Collection[UUID] | None = None,
) -> tuple[list[Delivery], str | None]:
    """One page of deliveries, about these flows' executions or all, and the next page's cursor."""
    rows, cursor = await queries.deliveries(
        session,
        wanted,
        notification_id=notification_id,
        execution_id=execution_id,
        status=status,
        flow_ids=flow_ids,
    )
    return list(rows), cursor


async def send_again(session: AsyncSession, scope: TenantScope, delivery_id: UUID) -> Delivery:
    """Send a message at once, as if for the first time.

    Raises:
        NotFound: there is no such delivery.
    """
    delivery = await queries.delivery(session, delivery_id, lock=True)
    if delivery is None:
        raise NotFound("There is no such delivery.")
    delivery.status = "pending"
    at = now()
    delivery.tries, delivery.next_at = 0, at
    await due_work.put(session, queries.DELIVERY, scope.tenant_id, at, delivery_id)
    await session.flush()
    return delivery


def secret_place(scope: TenantScope, notification_id: UUID) -> str:
    """What a notification's sealed secret is bound to."""
    return f"notification:{scope.tenant_id}:{notification_id}"


async def _store(session: AsyncSession, scope: TenantScope) -> None:
    """Write the change, and whether the tenant is to be told anything; two at once would not see each
    other's."""
    await one_at_a_time(session, f"notified/{scope.tenant_id}")
    await session.flush()
    await queries.mark_tenant(session, scope)


async def _check(
    session: AsyncSession, guard: UrlGuard, flow_id: UUID | None, channel: str, recipients: Sequence[str]
) -> None:
    if flow_id is not None:
        await flows.get(session, flow_id)
    try:
        if channel == "email":
            check_emails(list(recipients))
            return
        if recipients:
            async with outside(session):
                await asyncio.gather(*map(guard.check, recipients))
    except ValueError as error:
        code = "address_refused" if isinstance(error, AddressRefused) else "address_invalid"
        wrong = FieldError(("body", "recipients"), code, str(error))
        raise InvalidInput(str(error), errors=(wrong,)) from error
