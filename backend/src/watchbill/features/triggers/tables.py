"""Triggers of a tenant and what came of them; for all tenants, where hooks lead."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
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


class Hook(PublicTable):
    """Whose trigger an address of a webhook leads to; the address itself is known by its SHA-256 only."""

    __tablename__ = "hooks"
    __table_args__ = (Index(None, "tenant_id"), Index(None, "trigger_id"))

    token_digest: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("public.tenants.id", ondelete="CASCADE"))
    trigger_id: Mapped[UUID]


class Trigger(Edited, TenantTable):
    """What starts a flow by itself. `config` is a schemas.Schedule or schemas.Webhook by kind. Of a schedule,
    `resume_at` is the next time of its cron expression; of a webhook, the sealed token is its address and the
    sealed secret signs its requests. After a rotation the previous secret is good for a while."""

    __tablename__ = "triggers"
    __table_args__ = (
        CheckConstraint("kind IN ('schedule', 'webhook')", "kind"),
        Index(None, "created_at", "id"),
        Index(None, "flow_id"),
    )

    flow_id: Mapped[UUID] = mapped_column(ForeignKey("flows.id", ondelete="CASCADE"))
    name: Mapped[str]
    kind: Mapped[str]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    version: Mapped[str | None]
    inputs: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    config: Mapped[dict[str, Any]] = mapped_column(JSON)
    resume_at: Mapped[datetime | None]
    sealed_token: Mapped[str | None] = sealed("{tenant}/trigger-token/{id}")
    sealed_secret: Mapped[str | None] = sealed("{tenant}/trigger-secret/{id}")
    previous_sealed_secret: Mapped[str | None] = sealed("{tenant}/trigger-secret/{id}")
    previous_until: Mapped[datetime | None]
    created_by: Mapped[UUID | None]


class Firing(Identified, TenantTable):
    """One time that a trigger was due or called: what came of it, and why. The signature and key of a call
    are kept, so that the same call a second time finds the first."""

    __tablename__ = "trigger_firings"
    __table_args__ = (
        CheckConstraint("cause IN ('schedule', 'webhook', 'manual')", "cause"),
        CheckConstraint("outcome IN ('started', 'queued', 'skipped', 'failed')", "outcome"),
        Index("ix_trigger_firings_list", "trigger_id", descending("created_at"), descending("id")),
        Index(None, "execution_id"),
        Index("ix_trigger_firings_queue", "trigger_id", "at", postgresql_where=text("outcome = 'queued'")),
        Index("uq_trigger_firings_signature", "trigger_id", "signature", unique=True),
        Index("uq_trigger_firings_request_key", "trigger_id", "request_key", unique=True),
    )

    trigger_id: Mapped[UUID] = mapped_column(ForeignKey("triggers.id", ondelete="CASCADE"))
    cause: Mapped[str]
    at: Mapped[datetime]
    outcome: Mapped[str]
    message: Mapped[str | None]
    execution_id: Mapped[UUID | None] = mapped_column(ForeignKey("executions.id", ondelete="SET NULL"))
    signature: Mapped[str | None]
    request_key: Mapped[str | None]
