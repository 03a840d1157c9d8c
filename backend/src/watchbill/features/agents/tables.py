"""Agents and crews of a tenant."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from watchbill.kit.database.tables import JSON, Edited, TenantTable


class Agent(Edited, TenantTable):
    """An agent as core.agents.AgentConfig describes it, with a name of its own. A provider that is deleted
    leaves its agents on the tenant's default."""

    __tablename__ = "agents"
    __table_args__ = (
        Index("uq_agents_name", text("lower(name)"), unique=True),
        Index(None, "created_at", "id"),
        Index(None, "provider_id"),
    )

    name: Mapped[str]
    role: Mapped[str]
    goal: Mapped[str]
    backstory: Mapped[str] = mapped_column(server_default="")
    model: Mapped[str | None]
    provider_id: Mapped[UUID | None] = mapped_column(ForeignKey("llm_providers.id", ondelete="SET NULL"))
    tool_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default="{}")
    config: Mapped[dict[str, Any]] = mapped_column(JSON, server_default="{}")


class Crew(Edited, TenantTable):
    """A crew: its agents by id, and its tasks as they were written."""

    __tablename__ = "crews"
    __table_args__ = (
        Index("uq_crews_name", text("lower(name)"), unique=True),
        Index(None, "created_at", "id"),
        Index(None, "agent_ids", postgresql_using="gin"),
        Index(None, "manager_agent_id"),
    )

    name: Mapped[str]
    description: Mapped[str | None]
    process: Mapped[str]
    agent_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    tasks: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    manager_agent_id: Mapped[UUID | None] = mapped_column(ForeignKey("agents.id"))
    config: Mapped[dict[str, Any]] = mapped_column(JSON, server_default="{}")
