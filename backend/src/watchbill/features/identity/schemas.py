"""What identity's routes take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, EmailStr, Field, StringConstraints

from watchbill.features.identity.permissions import Permission, Role
from watchbill.kit.requests.inputs import Input
from watchbill.kit.requests.mail_addresses import canonical_email
from watchbill.kit.requests.text import Name
from watchbill.kit.secrets.passwords import LONGEST_PASSWORD, SHORTEST_PASSWORD, seen

Email = Annotated[EmailStr, Field(max_length=254), AfterValidator(canonical_email)]
# What somebody says their address is; the answer must be the same when it is none.
ClaimedEmail = Annotated[str, StringConstraints(max_length=254), AfterValidator(canonical_email)]
Password = Annotated[
    str, StringConstraints(min_length=SHORTEST_PASSWORD, max_length=LONGEST_PASSWORD), AfterValidator(seen)
]


class Registration(Input):
    """A new person with a tenant of their own. `token` is from the mailed link, if a link is needed."""

    email: Email
    password: Password
    full_name: Name | None = None
    tenant_name: Name
    token: Annotated[str, StringConstraints(max_length=2_000)] | None = None


class RegistrationLink(Input):
    """Who wants to register."""

    email: Email


class RegistrationOptions(BaseModel):
    """How people register. With `link_needed` they need the token of a mailed link."""

    link_needed: bool


class Login(Input):
    """`tenant` is the slug or id of one of several tenants; without it, the one joined first."""

    email: ClaimedEmail
    password: Annotated[str, StringConstraints(max_length=1024)]
    tenant: Annotated[str, StringConstraints(max_length=200)] | None = None


class UserOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    email: str
    full_name: str | None
    email_verified_at: datetime | None
    created_at: datetime


class TenantOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    slug: str
    name: str
    created_at: datetime


class Session(BaseModel):
    """A session that began or was renewed. `expires_in` is in seconds. Browsers get the token as a cookie
    too, and the refresh token only as a cookie; programs get it in `refresh_token`."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 (a scheme, no secret)
    expires_in: int
    refresh_token: str | None = None
    user: UserOut
    tenant: TenantOut
    role: Role


class Me(BaseModel):
    """Who you are, what you may do here, and your other tenants. `unverified` means that you have to prove
    your address before you may do anything. `sso` is a session from the tenant's single sign-on: it does not
    see other tenants and cannot change name or password."""

    user: UserOut
    tenant: TenantOut
    role: Role
    permissions: list[Permission]
    tenants: list[TenantOut]
    unverified: bool
    sso: bool


class Refresh(Input):
    """The refresh token, if it is not sent as a cookie."""

    refresh_token: Annotated[str, StringConstraints(max_length=200)] | None = None


class Switch(Input):
    """`tenant` is the slug or id of one of the person's tenants."""

    tenant: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class ProfileChange(Input):
    """What people can change about themselves."""

    full_name: Name | None


class NewTenant(Input):
    """Another tenant for a person who has an account."""

    name: Name


class PasswordChange(Input):
    """The present password and the new one."""

    current_password: Annotated[str, StringConstraints(max_length=1024)]
    new_password: Password


class Forgotten(Input):
    """The address of somebody who forgot the password."""

    email: ClaimedEmail


class PasswordReset(Input):
    """The token of the mailed link, and the new password."""

    token: Annotated[str, StringConstraints(max_length=200)]
    password: Password


class MailedToken(Input):
    """The token of a mailed link."""

    token: Annotated[str, StringConstraints(max_length=200)]


class SignInOut(BaseModel):
    """Where a person is signed in. `device` is in words; `current` is the session of this request."""

    id: UUID
    device: str
    address: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    current: bool


class SignInList(BaseModel):
    """Where a person is signed in; the session used last is first."""

    items: list[SignInOut]


class PermissionOut(BaseModel):
    """A line of the table of roles: what a permission allows, and which roles have it."""

    permission: Permission
    allows: str
    roles: list[Role]
    grantable: bool = Field(description="Whether an API key can be given it.")


class PermissionTable(BaseModel):
    """The table of roles."""

    items: list[PermissionOut]
