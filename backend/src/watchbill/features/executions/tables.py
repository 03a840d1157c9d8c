"""Executions: the shared list of those under way; each tenant's plans, executions, journal and documents."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from watchbill.kit.database.tables import JSON, UNAUDITED, Identified, PublicTable, TenantTable, descending


class ActiveExecution(PublicTable):
    """One row per execution that is not over, for all tenants, so that a sweep visits one table. `epoch`
    rises with each owner, and an owner whose epoch is old may write nothing any more."""

    __tablename__ = "active_executions"
    __table_args__ = (
        Index("ix_active_executions_due", "tenant_id", "due_at", postgresql_where=text("owner IS NULL")),
        Index("ix_active_executions_lease_until", "lease_until", postgresql_where=text("owner IS NOT NULL")),
        UNAUDITED,
    )

    execution_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("public.tenants.id", ondelete="CASCADE"))
    plan_digest: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="pending")
    due_at: Mapped[datetime] = mapped_column(server_default=func.now())
    owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    epoch: Mapped[int] = mapped_column(server_default="0")
    last_seq: Mapped[int] = mapped_column(server_default="0")
    traced: Mapped[int] = mapped_column(server_default="0")
    cancel_requested: Mapped[bool] = mapped_column(server_default=text("false"))
    pause_requested: Mapped[bool] = mapped_column(server_default=text("false"))
    wakes: Mapped[int] = mapped_column(server_default="0")
    flow_id: Mapped[UUID | None]
    flow_limit: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class StoredPlan(TenantTable):
    """A plan, stored once per digest however many executions run it."""

    __tablename__ = "plans"
    __table_args__ = UNAUDITED

    digest: Mapped[str] = mapped_column(primary_key=True)
    definition: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Execution(Identified, TenantTable):
    """What lists and pages show of an execution. The journal is the truth; this row follows it. Once
    `logs_removed`, numbers of trace events are missing from its history. `waited_seconds` is how long nothing
    was done between its start and its end, apart from the wait that lasts since `waits_since`."""

    __tablename__ = "executions"
    __table_args__ = (
        Index("ix_executions_list", descending("created_at"), descending("id")),
        Index("ix_executions_flow_id", "flow_id", descending("created_at")),
        Index("ix_executions_status", "status", descending("created_at")),
        Index(
            "ix_executions_ended",
            "logs_removed",
            "finished_at",
            postgresql_where=text("finished_at IS NOT NULL"),
        ),
        Index("ix_executions_plan_digest", "plan_digest"),
        Index(
            "uq_executions_idempotency_key",
            "idempotency_key",
            unique=True,
            postgresql_where=text("idempotency_key IS NOT NULL"),
        ),
    )

    flow_id: Mapped[UUID | None] = mapped_column(ForeignKey("flows.id"))
    flow_version: Mapped[int | None]
    plan_digest: Mapped[str] = mapped_column(ForeignKey("plans.digest"))
    status: Mapped[str]
    inputs: Mapped[dict[str, Any]] = mapped_column(JSON)
    outputs: Mapped[Any | None] = mapped_column(JSON)
    error: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    usage: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    idempotency_key: Mapped[str | None]
    forked_from: Mapped[UUID | None]
    created_by: Mapped[UUID | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    logs_removed: Mapped[bool] = mapped_column(server_default=text("false"))
    waited_seconds: Mapped[float] = mapped_column(server_default=text("0"))
    waits_since: Mapped[datetime | None]


class ExecutionEvent(TenantTable):
    """One event of the journal (core.events). The primary key gives each seq to one writer only."""

    __tablename__ = "execution_events"
    __table_args__ = UNAUDITED

    execution_id: Mapped[UUID] = mapped_column(
        ForeignKey("executions.id", ondelete="CASCADE"), primary_key=True
    )
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    type: Mapped[str]
    node_id: Mapped[str | None]
    timestamp: Mapped[datetime]
    data: Mapped[dict[str, Any]] = mapped_column(JSON)


class ExecutionSnapshot(TenantTable):
    """The newest state of a long execution (core.execution.snapshot), so that it need not be folded whole."""

    __tablename__ = "execution_snapshots"
    __table_args__ = (UNAUDITED,)

    execution_id: Mapped[UUID] = mapped_column(
        ForeignKey("executions.id", ondelete="CASCADE"), primary_key=True
    )
    seq: Mapped[int]
    state: Mapped[dict[str, Any]] = mapped_column(JSON)


class StoredDocument(TenantTable):
    """A document of core.ports.documents, where no document database is used."""

    __tablename__ = "documents"
    __table_args__ = (Index(None, "created_at"),)

    collection: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime]
