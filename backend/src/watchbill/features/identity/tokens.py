"""Access tokens: JWT, HS256."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import jwt

from watchbill.core.errors import NotAuthenticated
from watchbill.features.identity.permissions import Role
from watchbill.kit.clock import now

_ALGORITHM = "HS256"
_CLAIMS = ["user_id", "tenant_id", "role", "exp", "iat", "jti"]


@dataclass(frozen=True, slots=True)
class Claims:
    """Whom a token stands for. The role in it is what it was then; the database says what it is now."""

    user_id: UUID
    tenant_id: UUID


def issue(secret: str, user_id: UUID, tenant_id: UUID, role: Role, *, seconds: int) -> str:
    """A token that is good for so many seconds."""
    moment = now()
    claims = {
        "user_id": str(user_id),
        "tenant_id": str(tenant_id),
        "role": role,
        "iat": moment,
        "exp": moment + timedelta(seconds=seconds),
        "jti": uuid4().hex,
    }
    return jwt.encode(claims, secret, algorithm=_ALGORITHM)


def read(secret: str, token: str) -> Claims:
    """What a token says.

    Raises:
        NotAuthenticated: it is not ours, was changed, or is over.
    """
    try:
        claims = jwt.decode(token, secret, algorithms=[_ALGORITHM], options={"require": _CLAIMS})
        return Claims(UUID(claims["user_id"]), UUID(claims["tenant_id"]))
    except jwt.ExpiredSignatureError as error:
        raise NotAuthenticated("Your session is over; sign in again.", code="session_expired") from error
    except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError) as error:
        raise NotAuthenticated("The credentials are not valid.", code="bad_token") from error
