"""Tools of a tenant."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from watchbill.kit.database.tables import JSON, Edited, TenantTable


class Tool(Edited, TenantTable):
    """A tool. `version` rises with each change; `updated_by` is the person who made the last one, if it was
    one."""

    __tablename__ = "tools"
    __table_args__ = (
        Index("uq_tools_name", text("lower(name)"), unique=True),
        Index(None, "created_at", "id"),
    )

    name: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    kind: Mapped[str]
    input_schema: Mapped[dict[str, Any]] = mapped_column(JSON)
    output_schema: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    config: Mapped[dict[str, Any]] = mapped_column(JSON)
    limits: Mapped[dict[str, Any]] = mapped_column(JSON, server_default="{}")
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    version: Mapped[int] = mapped_column(server_default="1")
    updated_by: Mapped[UUID | None]
