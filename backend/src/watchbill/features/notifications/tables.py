"""Who is told about executions that are over, and what was sent; for all tenants, whose ends are noted."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from watchbill.kit.database.tables import (
    JSON,
    Edited,
    Identified,
    PublicTable,
    TenantTable,
    descending,
    sealed,
)


class NotifiedTenant(PublicTable):
    """A tenant that has a notification switched on; executions of others leave nothing behind."""

    __tablename__ = "notified_tenants"

    tenant_id: Mapped[UUID] = mapped_column(
        ForeignKey("public.tenants.id", ondelete="CASCADE"), primary_key=True
    )


class Notification(Edited, TenantTable):
    """Tells somebody when executions end in one of these statuses: of one flow, or of all. Recipients are
    URLs or mail addresses, by channel; the sealed secret signs what URLs are sent."""

    __tablename__ = "notifications"
    __table_args__ = (
        CheckConstraint("channel IN ('webhook', 'email')", "channel"),
        Index(None, "created_at", "id"),
        Index(None, "flow_id"),
    )

    name: Mapped[str]
    flow_id: Mapped[UUID | None] = mapped_column(ForeignKey("flows.id", ondelete="CASCADE"))
    statuses: Mapped[list[str]] = mapped_column(ARRAY(Text))
    channel: Mapped[str]
    recipients: Mapped[list[str]] = mapped_column(ARRAY(Text))
    sealed_secret: Mapped[str | None] = sealed("notification:{tenant}:{id}")
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_by: Mapped[UUID | None]


class Delivery(Identified, TenantTable):
    """One message to one recipient about one execution, with its attempts: a list of
    {at, ok, status, error, duration_ms}. `tries` counts them since it was sent by hand; `next_at` is null
    when no other attempt follows by itself. It is about the end of the execution, by a notification, or asks
    the person `user_id` a question that was asked at `asked_at`, `escalated` when nobody else answered it."""

    __tablename__ = "notification_deliveries"
    __table_args__ = (
        CheckConstraint("status IN ('pending', 'delivered', 'failed')", "status"),
        CheckConstraint("(notification_id IS NULL) <> (approval_id IS NULL)", "about"),
        UniqueConstraint("notification_id", "execution_id", "recipient"),
        UniqueConstraint("approval_id", "asked_at", "recipient"),
        Index("ix_notification_deliveries_list", descending("created_at"), descending("id")),
        Index(None, "execution_id"),
    )

    notification_id: Mapped[UUID | None] = mapped_column(ForeignKey("notifications.id", ondelete="CASCADE"))
    execution_id: Mapped[UUID] = mapped_column(ForeignKey("executions.id", ondelete="CASCADE"))
    approval_id: Mapped[UUID | None] = mapped_column(ForeignKey("approvals.id", ondelete="CASCADE"))
    asked_at: Mapped[datetime | None]
    user_id: Mapped[UUID | None]
    escalated: Mapped[bool] = mapped_column(server_default=text("false"))
    recipient: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="pending")
    attempts: Mapped[list[dict[str, Any]]] = mapped_column(JSON, server_default="[]")
    tries: Mapped[int] = mapped_column(server_default="0")
    next_at: Mapped[datetime | None]


class MailAddress(Identified, TenantTable):
    """An address outside the tenant, in the form in which addresses are compared: when it was asked last
    whether it wants to be written to, and since when it does."""

    __tablename__ = "mail_addresses"
    __table_args__ = (Index(None, "created_at", "id"),)

    address: Mapped[str] = mapped_column(unique=True)
    mailed_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
