"""What executions ask people."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from watchbill.kit.database.tables import JSON, TenantTable


class Approval(TenantTable):
    """A question that an execution asks a person. The journal's writer adds and closes it with the events
    that do; whoever answers fills in `answer`, which the engine reads. `mails` says who is asked by mail:
    {to, escalate_at, escalate_to}, or null."""

    __tablename__ = "approvals"
    __table_args__ = (Index("ix_approvals_open", "asked_at", postgresql_where=text("closed_at IS NULL")),)

    id: Mapped[UUID] = mapped_column(unique=True)
    execution_id: Mapped[UUID] = mapped_column(
        ForeignKey("executions.id", ondelete="CASCADE"), primary_key=True
    )
    node_id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    details: Mapped[str]
    role: Mapped[str]
    fields: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    mails: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    due_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column("asked_at", server_default=func.now())
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    answered_by: Mapped[UUID | None]
    answered_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
