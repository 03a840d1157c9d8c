"""Tenants, people, who belongs where, and what lets somebody in."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, synonym

from watchbill.kit.database.tables import UNAUDITED, Identified, PublicTable, TenantTable


class Tenant(Identified, PublicTable):
    """A team. `schema_revision` repeats what its schema's own alembic_version says, so that one query finds
    the schemas that still have to be migrated."""

    __tablename__ = "tenants"
    __table_args__ = (
        CheckConstraint("status IN ('active', 'suspended')", "status"),
        Index(None, "created_by"),
    )

    slug: Mapped[str] = mapped_column(unique=True)
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("public.users.id", ondelete="SET NULL"))
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
    email_verified_at: Mapped[datetime | None]
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
    # Lists of one tenant's members are cut at it.
    id = synonym("user_id")


class SignIn(Identified, PublicTable):
    """A sign-in on one device, from the password to signing out. Its refresh tokens are numbered by
    `generation`; only the newest is good. A row that ended stays until it would have expired, so that a token
    used again is known for what it is."""

    __tablename__ = "sign_ins"
    __table_args__ = (Index(None, "user_id"), Index(None, "tenant_id"), Index(None, "expires_at"))

    user_id: Mapped[UUID] = mapped_column(ForeignKey("public.users.id", ondelete="CASCADE"))
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("public.tenants.id", ondelete="CASCADE"))
    generation: Mapped[int] = mapped_column(server_default="0")
    refreshed_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    last_used_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    browser: Mapped[bool]
    agent: Mapped[str]
    address: Mapped[str]


class MailLink(Identified, PublicTable):
    """A link that was mailed: it works once, and only its hash is kept."""

    __tablename__ = "mail_links"
    __table_args__ = (CheckConstraint("purpose IN ('reset', 'verify')", "purpose"), Index(None, "user_id"))

    user_id: Mapped[UUID] = mapped_column(ForeignKey("public.users.id", ondelete="CASCADE"))
    purpose: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    expires_at: Mapped[datetime]


class Invitation(Identified, PublicTable):
    """Somebody who may join a tenant. Accepting or revoking removes it. `mailed_at` is null when the mail did
    not go out and the link was handed over otherwise."""

    __tablename__ = "invitations"
    __table_args__ = (
        CheckConstraint("role IN ('admin', 'member', 'viewer')", "role"),
        Index("uq_invitations_email", "tenant_id", text("lower(email)"), unique=True),
        Index(None, "invited_by"),
    )

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("public.tenants.id", ondelete="CASCADE"))
    email: Mapped[str]
    role: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    invited_by: Mapped[UUID | None] = mapped_column(ForeignKey("public.users.id", ondelete="SET NULL"))
    expires_at: Mapped[datetime]
    mailed_at: Mapped[datetime | None]


class ApiKey(Identified, PublicTable):
    """A key of a program. It may do what its scopes say and its maker's role grants, and goes with its
    maker's membership. `flow_ids` limits it to some flows."""

    __tablename__ = "api_keys"
    __table_args__ = (
        ForeignKeyConstraint(
            ["user_id", "tenant_id"],
            ["public.memberships.user_id", "public.memberships.tenant_id"],
            ondelete="CASCADE",
        ),
        Index(None, "tenant_id", "created_at"),
        Index(None, "user_id", "tenant_id"),
    )

    tenant_id: Mapped[UUID]
    user_id: Mapped[UUID]
    name: Mapped[str]
    key_hash: Mapped[str] = mapped_column(unique=True)
    hint: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String))
    flow_ids: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid))
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class MailDay(TenantTable):
    """How many mails a tenant caused on a day (in UTC), and how many of them went to people who had not
    agreed to any."""

    __tablename__ = "mail_days"
    __table_args__ = UNAUDITED

    day: Mapped[date] = mapped_column(primary_key=True)
    mails: Mapped[int]
    strangers: Mapped[int]
