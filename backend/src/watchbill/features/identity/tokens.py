"""Access tokens and those that prove an address (JWT, HS256), refresh tokens, and the random secrets of links
and keys."""

from __future__ import annotations

import hashlib
import secrets
import struct
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from uuid import UUID, uuid4

import jwt
from jwt.types import Options

from watchbill.core.errors import NotAuthenticated
from watchbill.features.identity.permissions import Role
from watchbill.kit.clock import now
from watchbill.kit.secrets import signed_tokens

_ALGORITHM = "HS256"
_CLAIMS = ["user_id", "tenant_id", "role", "exp", "iat", "jti", "sid"]
_REGISTRATION = "registration"
_REFRESH = "wbr_"
_PURPOSE = b"refresh token"
_BODY = struct.Struct(">16sI")


@dataclass(frozen=True, slots=True)
class Claims:
    """Whom a token stands for. The role in it is what it was then; the database says what it is now."""

    user_id: UUID
    tenant_id: UUID
    sign_in_id: UUID


def issue(secret: str, user_id: UUID, tenant_id: UUID, role: Role, sign_in_id: UUID, *, seconds: int) -> str:
    """An access token that is good for so many seconds, and no longer than its sign-in."""
    moment = now()
    claims = {
        "user_id": str(user_id),
        "tenant_id": str(tenant_id),
        "role": role,
        "sid": str(sign_in_id),
        "iat": moment,
        "exp": moment + timedelta(seconds=seconds),
        "jti": uuid4().hex,
    }
    return jwt.encode(claims, secret, algorithm=_ALGORITHM)


def read(secret: str, token: str) -> Claims:
    """What an access token says.

    Raises:
        NotAuthenticated: it is not ours, was changed, or is over.
    """
    try:
        claims, over_at = _checked(secret, token)
        if over_at <= now().timestamp():
            raise jwt.ExpiredSignatureError
        return claims
    except jwt.ExpiredSignatureError as error:
        raise NotAuthenticated("Your session is over; sign in again.", code="session_expired") from error
    except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError) as error:
        raise bad_token() from error


# A token comes with each request, and its signature does not change.
@lru_cache(maxsize=2_000)
def _checked(secret: str, token: str) -> tuple[Claims, int]:
    """What a token says that is ours, and when it is over, in seconds since 1970."""
    # When it was issued is only told: clocks of several machines differ, and may be set back.
    options: Options = {"require": _CLAIMS, "verify_iat": False}
    claims = jwt.decode(token, secret, algorithms=[_ALGORITHM], options=options)
    return Claims(UUID(claims["user_id"]), UUID(claims["tenant_id"]), UUID(claims["sid"])), claims["exp"]


def refresh_token(secret: str, sign_in_id: UUID, generation: int) -> str:
    """The refresh token of that number. It follows from the sign-in and the number, so that two tabs which
    refresh at once are given the same one; a MAC makes that nobody else can tell it, and that one which is
    used a second time can be told from one that was made up."""
    body = _BODY.pack(sign_in_id.bytes, generation)
    return _REFRESH + signed_tokens.make(secret, _PURPOSE, body)


def read_refresh(secret: str, token: str) -> tuple[UUID, int]:
    """The sign-in and the number of a refresh token.

    Raises:
        NotAuthenticated: it is not ours.
    """
    body = signed_tokens.body_of(secret, _PURPOSE, token.removeprefix(_REFRESH), _BODY.size)
    if body is None:
        raise bad_token()
    sign_in, generation = _BODY.unpack(body)
    return UUID(bytes=sign_in), generation


def registration(secret: str, email: str, *, seconds: int) -> str:
    """What a mailed link carries that proves whose an address is, and is good for so many seconds. It needs
    no row in the database: an address registers once."""
    claims = {"aud": _REGISTRATION, "sub": email, "exp": now() + timedelta(seconds=seconds)}
    return jwt.encode(claims, secret, algorithm=_ALGORITHM)


def read_registration(secret: str, token: str) -> str | None:
    """The address that such a link proves; None when it is not ours, was changed, or is over."""
    try:
        claims = jwt.decode(
            token, secret, [_ALGORITHM], audience=_REGISTRATION, options={"require": ["aud", "sub", "exp"]}
        )
    except jwt.InvalidTokenError:
        return None
    return str(claims["sub"])


def random_token(prefix: str = "") -> str:
    """A secret of 256 random bits."""
    return prefix + secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What is kept of a random token. It needs no salt and no slow hash: nobody can guess 256 bits."""
    return hashlib.sha256(token.encode()).hexdigest()


def bad_token() -> NotAuthenticated:
    """What to raise for credentials that are not ours."""
    return NotAuthenticated("The credentials are not valid.", code="bad_token")
