"""The one table of due work."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from watchbill.kit.database.tables import UNAUDITED, PublicTable


class DueRow(PublicTable):
    """Something to be done for a tenant at `due_at`. Whoever awaits something outside for it moves that on
    first: it is the lease too, and its value the proof of who has it. `attempts` counts those in vain. The
    tenant may be gone: the end of an execution must not wait for whoever deletes it."""

    __tablename__ = "due_work"
    __table_args__ = (
        Index("ix_due_work_waiting", "kind", "due_at", "tenant_id"),
        Index("ix_due_work_of_tenant", "tenant_id", "kind", "due_at"),
        UNAUDITED,
    )

    kind: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
