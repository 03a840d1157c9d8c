"""/notifications and /notification-deliveries: who is told when executions end, and what was sent."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.requests import HTTPConnection

from watchbill.features.identity.access import Access, require
from watchbill.features.identity.crowds import Crowds, crowds_of
from watchbill.features.notifications import service
from watchbill.features.notifications.schemas import (
    DeliveryOut,
    DeliveryStatus,
    NotificationIn,
    NotificationMade,
    NotificationOut,
    NotificationPatch,
    NotificationSecret,
)
from watchbill.features.notifications.service import NotificationBackend
from watchbill.kit.paging import Listed, Page, PageQuery

router = APIRouter(tags=["notifications"])


async def backend(connection: HTTPConnection) -> NotificationBackend:
    """The backend that the app's lifespan put into its state."""
    return connection.app.state.notifications


Backend = Annotated[NotificationBackend, Depends(backend)]
Limits = Annotated[Crowds, Depends(crowds_of)]
Reader = Annotated[Access, require("notifications:read")]
Writer = Annotated[Access, require("notifications:write")]


@router.get("/notifications")
async def list_notifications(
    access: Reader, page: PageQuery, flow_id: UUID | None = None
) -> Listed[NotificationOut]:
    """Notifications, newest first."""
    rows, cursor = await service.page(access.session, page, flow_id)
    return Listed(items=[NotificationOut.model_validate(row) for row in rows], next_cursor=cursor)


@router.post("/notifications", status_code=201)
async def create_notification(
    form: NotificationIn, access: Writer, parts: Backend, crowds: Limits
) -> NotificationMade:
    """Tell somebody when executions end. The secret that signs what URLs are sent is shown this once."""
    with crowds.slow.place(access.identity):
        notification, secret = await service.create(
            access.session, access.scope, parts, access.identity.user_id, form
        )
    shown = NotificationOut.model_validate(notification)
    return NotificationMade(**shown.model_dump(), secret=secret)


@router.get("/notifications/{notification_id}")
async def get_notification(notification_id: UUID, access: Reader) -> NotificationOut:
    """One notification."""
    return NotificationOut.model_validate(await service.get(access.session, notification_id))


@router.patch("/notifications/{notification_id}")
async def change_notification(
    notification_id: UUID, form: NotificationPatch, access: Writer, parts: Backend, crowds: Limits
) -> NotificationOut:
    """Change a notification, or switch it on and off."""
    with crowds.slow.place(access.identity):
        changed = await service.change(access.session, access.scope, parts, notification_id, form)
    return NotificationOut.model_validate(changed)


@router.delete("/notifications/{notification_id}", status_code=204)
async def delete_notification(notification_id: UUID, access: Writer) -> None:
    """Remove a notification and what it sent; what waits is not sent."""
    await service.delete(access.session, access.scope, notification_id)


@router.post("/notifications/{notification_id}/rotate-secret")
async def rotate_notification_secret(
    notification_id: UUID, access: Writer, parts: Backend
) -> NotificationSecret:
    """Sign with a new secret from now on; it is shown this once."""
    secret = await service.rotate_secret(access.session, access.scope, parts.keys, notification_id)
    return NotificationSecret(secret=secret)


@router.get("/notification-deliveries")
async def list_deliveries(
    access: Reader,
    notification_id: UUID | None = None,
    execution_id: UUID | None = None,
    status: DeliveryStatus | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Listed[DeliveryOut]:
    """What was sent or is about to be, newest first."""
    rows, cursor = await service.deliveries(
        access.session,
        Page(limit, cursor),
        notification_id=notification_id,
        execution_id=execution_id,
        status=status,
    )
    return Listed(items=[DeliveryOut.model_validate(row) for row in rows], next_cursor=cursor)


@router.post("/notification-deliveries/{delivery_id}/resend")
async def send_again(delivery_id: UUID, access: Writer) -> DeliveryOut:
    """Send a message again, at once."""
    return DeliveryOut.model_validate(await service.send_again(access.session, access.scope, delivery_id))
