"""What identity's routes take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, EmailStr, Field, StringConstraints

from watchbill.features.identity.permissions import Permission, Role
from watchbill.kit.text import Name

Email = Annotated[EmailStr, Field(max_length=254), AfterValidator(str.lower)]
Password = Annotated[str, StringConstraints(min_length=10, max_length=128)]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Registration(_Input):
    """A new person with a tenant of their own."""

    email: Email
    password: Password
    full_name: Name | None = None
    tenant_name: Name


class Login(_Input):
    """`tenant` is the slug or id of one of several tenants; without it, the one joined first."""

    email: Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, max_length=254)]
    password: Annotated[str, StringConstraints(max_length=1024)]
    tenant: Annotated[str, StringConstraints(max_length=200)] | None = None


class UserOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    email: str
    full_name: str | None
    created_at: datetime


class TenantOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    slug: str
    name: str
    created_at: datetime


class Session(BaseModel):
    """A session just begun. `expires_in` is in seconds; browsers also get the token as a cookie."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 (a scheme, no secret)
    expires_in: int
    user: UserOut
    tenant: TenantOut
    role: Role


class Me(BaseModel):
    """Who is asking, what they may do here, and where else they belong."""

    user: UserOut
    tenant: TenantOut
    role: Role
    permissions: list[Permission]
    tenants: list[TenantOut]
