"""/notifications and /notification-deliveries: who is told when executions end, and what was sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Depends, Query
from starlette.requests import HTTPConnection

from watchbill.features.identity.access import Access, require
from watchbill.features.identity.limits.crowds import Crowds, crowds_of
from watchbill.features.identity.mails import deliver
from watchbill.features.identity.reach import demand_flows, only
from watchbill.features.notifications import addresses, service
from watchbill.features.notifications.schemas import (
    DeliveryOut,
    DeliveryStatus,
    NotificationIn,
    NotificationMade,
    NotificationOut,
    NotificationPatch,
    NotificationSecret,
)
from watchbill.features.notifications.service import NotificationPorts
from watchbill.features.notifications.tables import Notification
from watchbill.kit.database.paging import Listed, Page, PageQuery
from watchbill.kit.requests.bodies import BodyRoute
from watchbill.kit.requests.mail_addresses import canonical_email

router = APIRouter(tags=["notifications"], route_class=BodyRoute)


async def ports_of(connection: HTTPConnection) -> NotificationPorts:
    """The ports that the app's lifespan put into its state."""
    return connection.app.state.notifications


Ports = Annotated[NotificationPorts, Depends(ports_of)]
Limits = Annotated[Crowds, Depends(crowds_of)]
Reader = Annotated[Access, require("notifications:read")]
ListReader = Annotated[Access, require("notifications:read", "route")]
Writer = Annotated[Access, require("notifications:write")]


@router.get("/notifications")
async def list_notifications(
    access: ListReader, page: PageQuery, flow_id: UUID | None = None
) -> Listed[NotificationOut]:
    """Notifications, newest first."""
    rows, cursor = await service.page(access.session, page, only(access.identity, flow_id))
    return Listed(items=await _shown(access, rows), next_cursor=cursor)


@router.post("/notifications", status_code=201)
async def create_notification(
    form: NotificationIn,
    access: Annotated[Access, require("notifications:write", "route")],
    ports: Ports,
    crowds: Limits,
    later: BackgroundTasks,
) -> NotificationMade:
    """Tell somebody when executions end. The secret that signs calls to URLs is shown only once. Mail
    addresses outside the tenant are asked first, by a mail with a link."""
    # A notification tells of executions, with their outputs.
    access.identity.demand("executions:read")
    demand_flows(access.identity, (form.flow_id,))
    with crowds.slow.place(access.identity):
        notification, secret = await service.create(
            access.session, access.scope, ports, access.identity.user_id, form
        )
    await _ask(access, ports, later, notification)
    [shown] = await _shown(access, [notification])
    return NotificationMade(**shown.model_dump(), secret=secret)


@router.get("/notifications/{notification_id}")
async def get_notification(notification_id: UUID, access: Reader) -> NotificationOut:
    """One notification."""
    [shown] = await _shown(access, [await service.get(access.session, notification_id)])
    return shown


@router.patch("/notifications/{notification_id}")
async def change_notification(
    notification_id: UUID,
    form: NotificationPatch,
    access: Writer,
    ports: Ports,
    crowds: Limits,
    later: BackgroundTasks,
) -> NotificationOut:
    """Change a notification, or switch it on and off. New mail addresses outside the tenant are asked
    first."""
    access.identity.demand("executions:read")
    if "flow_id" in form.model_fields_set:
        demand_flows(access.identity, (form.flow_id,))
    with crowds.slow.place(access.identity):
        changed = await service.change(access.session, access.scope, ports, notification_id, form)
    await _ask(access, ports, later, changed)
    [shown] = await _shown(access, [changed])
    return shown


@router.delete("/notifications/{notification_id}", status_code=204)
async def delete_notification(notification_id: UUID, access: Writer) -> None:
    """Delete a notification and the list of what it sent. Messages that still wait are not sent."""
    await service.delete(access.session, access.scope, notification_id)


@router.post("/notifications/{notification_id}/rotate-secret")
async def rotate_notification_secret(
    notification_id: UUID, access: Writer, ports: Ports
) -> NotificationSecret:
    """Make a new secret for signing; it is shown only once."""
    secret = await service.rotate_secret(access.session, access.scope, ports.keys, notification_id)
    return NotificationSecret(secret=secret)


@router.get("/notification-deliveries")
async def list_deliveries(
    access: ListReader,
    notification_id: UUID | None = None,
    execution_id: UUID | None = None,
    status: DeliveryStatus | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Listed[DeliveryOut]:
    """Messages that were sent or wait to be sent, newest first."""
    rows, cursor = await service.deliveries(
        access.session,
        Page(limit, cursor),
        notification_id=notification_id,
        execution_id=execution_id,
        status=status,
        flow_ids=only(access.identity),
    )
    return Listed(items=[DeliveryOut.model_validate(row) for row in rows], next_cursor=cursor)


@router.post("/notification-deliveries/{delivery_id}/resend")
async def send_again(delivery_id: UUID, access: Writer) -> DeliveryOut:
    """Send a message again, at once."""
    return DeliveryOut.model_validate(await service.send_again(access.session, access.scope, delivery_id))


async def _ask(
    access: Access, ports: NotificationPorts, later: BackgroundTasks, notification: Notification
) -> None:
    """Mail the strangers among the recipients, once the notification is stored."""
    if notification.channel == "email":
        recipients = notification.recipients
        for message in await addresses.ask_new(access.session, access.scope, ports.addresses, recipients):
            later.add_task(deliver, ports.mail, message)


async def _shown(access: Access, rows: Sequence[Notification]) -> list[NotificationOut]:
    mailed = {one for row in rows if row.channel == "email" for one in row.recipients}
    strangers = await addresses.strangers(access.session, access.scope, mailed) if mailed else {}
    shown: list[NotificationOut] = []
    for row in rows:
        out = NotificationOut.model_validate(row)
        if row.channel == "email":
            out.unconfirmed = [one for one in row.recipients if canonical_email(one) in strangers]
        shown.append(out)
    return shown
