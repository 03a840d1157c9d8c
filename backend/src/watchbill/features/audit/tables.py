"""The audit log of a tenant, and the end of its chain."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DDL, BigInteger, Index, LargeBinary, event, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from watchbill.kit.database.tables import TenantTable, descending


class AuditEntry(TenantTable):
    """What somebody did (kit.audit.trail writes `entry`). `hash` is SHA-256 over the hash before it, the
    number, the time and the entry; tenants' own role may read rows here, and no more."""

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("ix_audit_log_list", descending("created_at"), descending("id")),
        Index("ix_audit_log_target", text("((entry -> 'target'::text) ->> 'id'::text)"), "seq"),
    )

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    id: Mapped[UUID] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    entry: Mapped[dict[str, Any]] = mapped_column(JSONB)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class AuditHead(TenantTable):
    """The one row that says how long the chain is and what its last hash is."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class GatheringAudit(TenantTable):
    """The saves of one draft (`what`) by one person, which become one entry: before anything else is noted,
    before somebody reads the log, or five minutes after the first. `one` is 1: a tenant gathers one thing at
    a time."""

    __tablename__ = "audit_gathering"

    one: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[UUID]
    what: Mapped[str]
    entry: Mapped[dict[str, Any]] = mapped_column(JSONB)
    saves: Mapped[int]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]


class PendingAuditEntry(TenantTable):
    """What the transaction under way did. Its commit takes the row away and puts the entry into the chain, so
    nobody ever sees one of another transaction, and a crash leaves none."""

    __tablename__ = "audit_pending"
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    entry: Mapped[dict[str, Any]] = mapped_column(JSONB)


event.listen(
    PendingAuditEntry.__table__,
    "after_create",
    DDL(
        "CREATE CONSTRAINT TRIGGER chain_audit_entry AFTER INSERT ON audit_pending"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.chain_audit_entry()"
    ),
)
