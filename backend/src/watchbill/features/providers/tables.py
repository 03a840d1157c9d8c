"""LLM providers of a tenant."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from watchbill.kit.database.tables import JSON, Edited, TenantTable, sealed


class LlmProvider(Edited, TenantTable):
    """A provider. `sealed_key` is the encrypted API key; `api_key_hint` shows enough of it to know it by."""

    __tablename__ = "llm_providers"
    __table_args__ = (
        Index("uq_llm_providers_name", text("lower(name)"), unique=True),
        Index(None, "created_at", "id"),
    )

    name: Mapped[str]
    provider_type: Mapped[str]
    base_url: Mapped[str | None]
    sealed_key: Mapped[str | None] = sealed("llm_provider:{tenant}:{id}")
    api_key_hint: Mapped[str | None]
    models: Mapped[list[str]] = mapped_column(ARRAY(Text))
    priority: Mapped[int] = mapped_column(server_default="100")
    config: Mapped[dict[str, Any]] = mapped_column(JSON, server_default="{}")
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
