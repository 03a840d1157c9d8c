"""What an operator sets for one tenant, and what went wrong with its migration."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, func
from sqlalchemy.orm import Mapped, mapped_column

from watchbill.kit.tables import PublicTable


class TenantLimit(PublicTable):
    """Requests a minute of a tenant that has its own limits; null means the installation's, 0 none."""

    __tablename__ = "tenant_limits"

    tenant_id: Mapped[UUID] = mapped_column(
        ForeignKey("public.tenants.id", ondelete="CASCADE"), primary_key=True
    )
    user_a_minute: Mapped[int | None]
    tenant_a_minute: Mapped[int | None]


class MigrationFailure(PublicTable):
    """A tenant whose schema could not be brought to `revision`; kit.migrations writes it, and removes it
    when the migration succeeds."""

    __tablename__ = "migration_failures"

    tenant_id: Mapped[UUID] = mapped_column(
        ForeignKey("public.tenants.id", ondelete="CASCADE"), primary_key=True
    )
    revision: Mapped[str]
    error: Mapped[str]
    failed_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
