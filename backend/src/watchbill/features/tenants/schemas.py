"""What the tenant's routes take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from watchbill.core.tenancy import TenantDefaults
from watchbill.kit.requests.inputs import Input
from watchbill.kit.requests.text import Name


class Limits(BaseModel):
    """What the operator set for this tenant: requests a minute, and executions that run at a time. Null means
    the installation's limit, 0 no limit."""

    user_a_minute: int | None
    tenant_a_minute: int | None
    running: int | None


class TenantDetail(BaseModel):
    """The tenant that you are signed in to."""

    id: UUID
    slug: str
    name: str
    status: Literal["active", "suspended"]
    created_at: datetime
    members: int
    limits: Limits


class DefaultLimits(BaseModel):
    """The limits of tenants that have none of their own: requests a minute, and executions that run at a
    time. 0 is no limit."""

    user_a_minute: int
    tenant_a_minute: int
    running: int


class TenantShown(TenantDetail):
    """The tenant that you are signed in to. The installation's limits apply if `limits` has none."""

    default_limits: DefaultLimits


class TenantChange(Input):
    """What may be changed of a tenant."""

    name: Name


_Days = Annotated[int, Field(ge=0, le=36_500)]


class SettingsForm(Input):
    """What the tenant's admins set. Days count from an execution's end; null means the installation's
    default, 0 for ever. No more executions run at a time than the operator allows."""

    max_running: Annotated[int, Field(ge=1, le=1_000_000)] | None
    keep_executions_days: _Days | None
    keep_logs_days: _Days | None


class SettingsOut(BaseModel):
    """The tenant's own settings, and the defaults: `defaults.running` is what the operator allows this
    tenant."""

    max_running: int | None
    keep_executions_days: int | None
    keep_logs_days: int | None
    defaults: TenantDefaults
