"""What the routes of single sign-on take and give."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from watchbill.features.identity.permissions import Role
from watchbill.features.identity.schemas import ClaimedEmail
from watchbill.kit.requests.inputs import Input
from watchbill.kit.requests.mail_addresses import ascii_domain

_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
# Everybody has an address there, so nobody can speak for all of them.
_ANYBODYS = frozenset(
    (
        *("gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "yahoo.com", "icloud.com"),
        *("proton.me", "protonmail.com", "gmx.de", "gmx.net", "web.de", "aol.com", "mail.ru", "qq.com"),
    )
)


def _domain(text: str) -> str:
    """A mail domain in its canonical form."""
    plain = ascii_domain(text)
    if len(plain) > 253 or not _DOMAIN.fullmatch(plain):
        raise ValueError("This is not a mail domain, such as example.com.")
    if plain in _ANYBODYS:
        raise ValueError("Anybody can get an address at this domain, so it cannot belong to one tenant.")
    return plain


Domain = Annotated[str, AfterValidator(_domain)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class SsoIn(Input):
    """A tenant's provider. Without `client_secret` the stored secret stays. An empty `client_secret` removes
    it, for providers that treat Watchbill as a public client."""

    issuer: Line
    client_id: Line
    client_secret: Annotated[str, StringConstraints(max_length=2000)] | None = None
    domains: Annotated[list[Domain], Field(min_length=1, max_length=20)]
    role_claim: Line | None = None
    roles: dict[Line, Role] = Field({}, max_length=100)
    default_role: Role | None = "viewer"
    is_active: bool = True


class DomainProof(BaseModel):
    """Whether a domain is known to be the tenant's. People can use it to sign in only when it is `proved`,
    that is, when a TXT record of the domain has the text `record`. `trusted` means that the operator trusts
    every domain."""

    domain: str
    record: str
    state: Literal["proved", "unproved", "trusted"]


class SsoOut(BaseModel):
    """The provider as it is set up. Register `redirect_uri` there. `proofs` are the proofs of the domains."""

    issuer: str | None = None
    client_id: str | None = None
    has_secret: bool = False
    domains: list[str] = []
    proofs: list[DomainProof] = []
    role_claim: str | None = None
    roles: dict[str, Role] = {}
    default_role: Role | None = "viewer"
    is_active: bool = False
    redirect_uri: str
    updated_at: datetime | None = None


class SsoLookup(BaseModel):
    """The address to look up."""

    email: ClaimedEmail


class SsoOffer(BaseModel):
    """Where to sign in with the company's account, if the address belongs to one."""

    start: str | None


class SsoState(BaseModel):
    """What is remembered while somebody is at their provider; it is kept by their browser, sealed."""

    tenant_id: UUID
    state: str
    nonce: str
    verifier: str
    next: str
    user_id: UUID | None
    expires_at: float
