"""Flows of a tenant and their published versions."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from watchbill.kit.database.tables import JSON, Edited, TenantTable


class Flow(Edited, TenantTable):
    """A flow and its draft. `version` counts the edits of the draft, for optimistic locking;
    `published_version` is the number of the newest FlowVersion; `max_running` bounds how many of its
    executions run at a time."""

    __tablename__ = "flows"
    __table_args__ = (
        Index("ix_flows_list", "created_at", "id", postgresql_where=text("deleted_at IS NULL")),
    )

    name: Mapped[str]
    description: Mapped[str | None]
    definition: Mapped[dict[str, Any]] = mapped_column(JSON)
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    version: Mapped[int] = mapped_column(server_default="1")
    published_version: Mapped[int | None]
    max_running: Mapped[int | None]
    created_by: Mapped[UUID | None]
    deleted_at: Mapped[datetime | None]


class FlowVersion(TenantTable):
    """A definition frozen by publishing it. Numbers count from 1 in each flow."""

    __tablename__ = "flow_versions"

    flow_id: Mapped[UUID] = mapped_column(ForeignKey("flows.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    definition: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
