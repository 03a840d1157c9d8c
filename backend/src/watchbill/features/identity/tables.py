"""Tenants, people, and who belongs where."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from watchbill.kit.tables import Identified, PublicTable


class Tenant(Identified, PublicTable):
    """A team. `schema_revision` repeats what its schema's own alembic_version says, so that one query finds
    the schemas that still have to be migrated."""

    __tablename__ = "tenants"
    __table_args__ = (CheckConstraint("status IN ('active', 'suspended')", "status"),)

    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="active")
    schema_revision: Mapped[str]


class User(Identified, PublicTable):
    """A person. The address is stored as typed, and unique whatever its case."""

    __tablename__ = "users"
    __table_args__ = (
        Index("uq_users_email", text("lower(email)"), unique=True),
        CheckConstraint("status IN ('active', 'disabled')", "status"),
    )

    email: Mapped[str]
    password_hash: Mapped[str]
    full_name: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default="active")


class Membership(PublicTable):
    """A person's role in a tenant."""

    __tablename__ = "memberships"
    __table_args__ = (
        CheckConstraint("role IN ('admin', 'member', 'viewer')", "role"),
        Index(None, "tenant_id"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("public.users.id", ondelete="CASCADE"), primary_key=True)
    tenant_id: Mapped[UUID] = mapped_column(
        ForeignKey("public.tenants.id", ondelete="CASCADE"), primary_key=True
    )
    role: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
