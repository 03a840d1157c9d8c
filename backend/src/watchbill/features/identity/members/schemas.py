"""What the routes about members and invitations take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints

from watchbill.features.identity.permissions import Role
from watchbill.features.identity.schemas import Email
from watchbill.kit.requests.inputs import Input
from watchbill.kit.requests.text import Name


class MemberOut(BaseModel):
    """Somebody who belongs to the tenant. `last_active_at` is null for people who never signed in here."""

    user_id: UUID
    email: str
    full_name: str | None
    role: Role
    joined_at: datetime
    last_active_at: datetime | None


class RoleChange(Input):
    """The new role."""

    role: Role


class InvitationIn(Input):
    """Whom to invite, and as what."""

    email: Email
    role: Role = "member"


class InvitationOut(BaseModel):
    """An invitation that waits to be accepted. `mailed_at` is null when no mail went out."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    email: str
    role: Role
    invited_by: UUID | None
    expires_at: datetime
    mailed_at: datetime | None
    created_at: datetime


class SentInvitation(InvitationOut):
    """A new invitation. If no mail was sent, give the person `link`; it is shown only once."""

    link: str | None


class InvitationToken(Input):
    """The token of the invitation's link."""

    token: Annotated[str, StringConstraints(max_length=200)]


class InvitationDetails(BaseModel):
    """What an invitation is about. `has_account` tells whether the address has an account: then the person
    signs in instead of choosing a password."""

    email: str
    role: Role
    tenant_name: str
    invited_by: str | None
    expires_at: datetime
    has_account: bool


class Acceptance(InvitationToken):
    """Accepting an invitation: with a new name and password, with the password of an existing account, or
    with neither if you are signed in to that account."""

    password: Annotated[str, StringConstraints(max_length=1024)] | None = None
    full_name: Name | None = None
