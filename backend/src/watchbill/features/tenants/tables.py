"""What an operator and its admins set for one tenant, and what went wrong with its migration."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, func
from sqlalchemy.orm import Mapped, mapped_column

from watchbill.kit.database.tables import PublicTable


class TenantLimit(PublicTable):
    """What an operator lets a tenant have: requests a minute, and executions that run at a time. Null means
    the installation's, 0 no limit."""

    __tablename__ = "tenant_limits"

    tenant_id: Mapped[UUID] = mapped_column(
        ForeignKey("public.tenants.id", ondelete="CASCADE"), primary_key=True
    )
    user_a_minute: Mapped[int | None]
    tenant_a_minute: Mapped[int | None]
    running: Mapped[int | None]


class TenantSetting(PublicTable):
    """What a tenant's admins set for it: executions that run at a time, when that is to be less than its
    limit, and days that executions and their logs are kept after their end; null means the installation's,
    0 for ever."""

    __tablename__ = "tenant_settings"

    tenant_id: Mapped[UUID] = mapped_column(
        ForeignKey("public.tenants.id", ondelete="CASCADE"), primary_key=True
    )
    max_running: Mapped[int | None]
    keep_executions_days: Mapped[int | None]
    keep_logs_days: Mapped[int | None]


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
