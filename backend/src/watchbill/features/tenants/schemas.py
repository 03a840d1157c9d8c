"""What the tenant's routes take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from watchbill.kit.text import Name


class Limits(BaseModel):
    """Requests a minute that an operator set for this tenant; null means the installation's, 0 none."""

    user_a_minute: int | None
    tenant_a_minute: int | None


class TenantDetail(BaseModel):
    """The tenant one is in."""

    id: UUID
    slug: str
    name: str
    status: Literal["active", "suspended"]
    created_at: datetime
    members: int
    limits: Limits


class TenantChange(BaseModel):
    """What may be changed of a tenant."""

    model_config = ConfigDict(extra="forbid")

    name: Name
