"""Who is asking, and what identity has to know of the settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import MetaData

from watchbill.core.errors import Forbidden
from watchbill.core.tenancy import TenantScope
from watchbill.features.identity.limits.mails import DEFAULT, MailLimits
from watchbill.features.identity.permissions import Permission, Role


@dataclass(frozen=True, slots=True)
class IdentityOptions:
    """What identity has to know of the settings. Times are in seconds.

    Args:
        tenant_tables: what a new tenant's schema holds.
        base_url: the address people use, which mails link to.
        token_seconds: how long the access token of a program is good; a browser's `access_seconds`, as it
            gets the next one by itself.
        session_seconds: how long a sign-in lasts without being used.
        api_key: a key of the installation; it acts as an admin of the first tenant.
        mail_limits: how many mails a day each tenant may cause.
        verify_email: whether people must prove that their address is theirs.
        tenants_per_person: how many tenants a person may have made; 0 is any number.
        origins: other sites whose pages may use the session cookie.
    """

    tenant_tables: MetaData
    jwt_secret: str
    base_url: str = "http://127.0.0.1:8000"
    bcrypt_cost: int = 12
    token_seconds: int = 24 * 3600
    access_seconds: int = 15 * 60
    session_seconds: int = 14 * 24 * 3600
    invitation_seconds: int = 7 * 24 * 3600
    link_seconds: int = 3600
    api_key: str | None = None
    verify_email: bool = False
    tenants_per_person: int = 10
    mail_limits: MailLimits = DEFAULT
    secure_cookies: bool = True
    origins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody in a tenant, with the role they have there now, or a key that acts for them.

    `sign_in_id` is set for people, `key_id` for API keys, neither for the installation's own key. `flow_ids`
    are the only flows that the key may touch, or None. `last_used_at` is when the sign-in or key was used
    last, as far as it was noted. `unverified` is somebody who has yet to prove their address.
    """

    user_id: UUID
    tenant_id: UUID
    role: Role
    permissions: frozenset[Permission]
    sign_in_id: UUID | None = None
    key_id: UUID | None = None
    flow_ids: frozenset[UUID] | None = None
    last_used_at: datetime | None = None
    unverified: bool = False

    @property
    def scope(self) -> TenantScope:
        """The tenant's scope."""
        return TenantScope(self.tenant_id)

    def may(self, permission: Permission) -> bool:
        """Whether the role, and the key's scopes, grant it."""
        return permission in self.permissions

    def demand(self, permission: Permission) -> None:
        """Insist on a permission.

        Raises:
            Forbidden: it is not granted; the message says what is in the way.
        """
        if self.may(permission):
            return
        if self.unverified:
            raise Forbidden(
                "Confirm your e-mail address first: follow the link in the mail.", code="email_unverified"
            )
        if self.sign_in_id is None:
            raise Forbidden(
                f"This key's scopes, or the role of its maker, do not include {permission}.",
                code="scope_forbids",
            )
        raise Forbidden(f"Your role, {self.role}, does not include {permission}.", code="role_forbids")

    @property
    def sign_in(self) -> UUID:
        """The id of the person's sign-in.

        Raises:
            Forbidden: a key is asking.
        """
        if self.sign_in_id is None:
            raise Forbidden("Only a person who is signed in may do this, not a key.", code="person_needed")
        return self.sign_in_id


def access_changed() -> Forbidden:
    """What somebody may do was changed while they did it."""
    return Forbidden(
        "Your permissions changed a moment ago, so this was not done. Try again.",
        code="access_changed",
    )
