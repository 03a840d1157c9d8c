"""Single sign-on: a tenant's provider, the domains it speaks for, and whose account is whose."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from watchbill.kit.database.tables import PublicTable, sealed


class SsoConnection(PublicTable):
    """An OpenID Connect provider (`issuer`), and Watchbill's registration there. `roles` maps values of the
    claim `role_claim` to roles; whoever has none of them gets `default_role`, or is refused without one."""

    __tablename__ = "sso_connections"
    __table_args__ = (CheckConstraint("default_role IN ('admin', 'member', 'viewer')", "default_role"),)

    tenant_id: Mapped[UUID] = mapped_column(
        ForeignKey("public.tenants.id", ondelete="CASCADE"), primary_key=True
    )
    issuer: Mapped[str]
    client_id: Mapped[str]
    sealed_client_secret: Mapped[str | None] = sealed("sso:{tenant}")
    role_claim: Mapped[str | None]
    roles: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    default_role: Mapped[str | None]
    is_active: Mapped[bool]
    updated_at: Mapped[datetime] = mapped_column(
        server_default=func.clock_timestamp(), onupdate=func.clock_timestamp()
    )


class SsoDomain(PublicTable):
    """A mail domain whose people sign in with a tenant's provider. It belongs to one tenant only."""

    __tablename__ = "sso_domains"
    __table_args__ = (Index(None, "tenant_id"),)

    domain: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("public.tenants.id", ondelete="CASCADE"))


class SsoAccount(PublicTable):
    """Who somebody at a tenant's provider is here. A subject means something only together with the issuer
    that gave it: another provider of the tenant never speaks for who came with this one. It goes with the
    membership."""

    __tablename__ = "sso_accounts"
    __table_args__ = (
        ForeignKeyConstraint(
            ["user_id", "tenant_id"],
            ["public.memberships.user_id", "public.memberships.tenant_id"],
            ondelete="CASCADE",
        ),
        Index(None, "user_id", "tenant_id"),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[UUID]


class SsoSignIn(PublicTable):
    """A sign-in that a tenant's provider vouched for: it is good in that tenant only, since the provider has
    no say about the person's other tenants."""

    __tablename__ = "sso_sign_ins"

    sign_in_id: Mapped[UUID] = mapped_column(
        ForeignKey("public.sign_ins.id", ondelete="CASCADE"), primary_key=True
    )
