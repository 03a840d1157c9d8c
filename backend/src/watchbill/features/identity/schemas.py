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
    """A new person with a tenant of their own. `token` is that of the link mailed to the address, where
    one is needed."""

    email: Email
    password: Password
    full_name: Name | None = None
    tenant_name: Name
    token: Annotated[str, StringConstraints(max_length=2_000)] | None = None


class RegistrationLink(Input):
    """Who wants to register."""

    email: Email


class RegistrationOptions(BaseModel):
    """How one registers. `link_needed`: with the token of a link that is mailed first."""

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
    """A session just begun, or gone on with. `expires_in` is in seconds. Browsers also get the token as a
    cookie, and the one to refresh it with only so; programs find it in `refresh_token`."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 (a scheme, no secret)
    expires_in: int
    refresh_token: str | None = None
    user: UserOut
    tenant: TenantOut
    role: Role


class Me(BaseModel):
    """Who is asking, what they may do here, and where else they belong. `unverified` is somebody who has to
    prove their address before they may do anything. `sso` is a session that the tenant's own provider began:
    it is told of no other tenant, and changes neither name nor password."""

    user: UserOut
    tenant: TenantOut
    role: Role
    permissions: list[Permission]
    tenants: list[TenantOut]
    unverified: bool
    sso: bool


class Refresh(Input):
    """The refresh token, when it does not come as a cookie."""

    refresh_token: Annotated[str, StringConstraints(max_length=200)] | None = None


class Switch(Input):
    """`tenant` is the slug or id of one of the person's tenants."""

    tenant: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class ProfileChange(Input):
    """What a person says of themselves."""

    full_name: Name | None


class NewTenant(Input):
    """A further tenant of somebody who has an account."""

    name: Name


class PasswordChange(Input):
    """The password one has, and the one to have from now on."""

    current_password: Annotated[str, StringConstraints(max_length=1024)]
    new_password: Password


class Forgotten(Input):
    """Whose password was forgotten."""

    email: ClaimedEmail


class PasswordReset(Input):
    """The token of the mailed link, and the password to have from now on."""

    token: Annotated[str, StringConstraints(max_length=200)]
    password: Password


class MailedToken(Input):
    """The token of a mailed link."""

    token: Annotated[str, StringConstraints(max_length=200)]


class SignInOut(BaseModel):
    """Where a person is signed in. `device` is in words; `current` is the one that asks."""

    id: UUID
    device: str
    address: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    current: bool


class SignInList(BaseModel):
    """Where a person is signed in, what was used last coming first."""

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
