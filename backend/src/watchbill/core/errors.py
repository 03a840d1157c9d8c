"""The error tree: every error that may reach a user has a code, an HTTP status and a title.

WatchbillError
|- InvalidInput      422   the request cannot be understood or breaks a rule; carries field errors
|- NotAuthenticated  401   no or bad credentials
|- Forbidden         403   the role does not allow it
|- NotFound          404   unknown, or another tenant's
|- Conflict          409   the state does not allow it (stale version, duplicate name)
|- TooSlow           408   the body did not arrive in time
|- TooLarge          413   the body is larger than allowed
|- TooManyRequests   429   a limit was reached; carries retry_after
|- Unavailable       503   something we depend on does not answer
`- NodeError         a node failed; its kind says whose fault it is (never leaves an execution)
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from watchbill.core.json.characters import plainly


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field: where it is, a machine-readable code, and a sentence for a person."""

    loc: tuple[str | int, ...]
    code: str
    message: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", plainly(self.message))


class WatchbillError(Exception):
    """Something went wrong that a caller can be told about. The message is the detail a user reads."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"

    def __init__(self, detail: str = "", *, code: str | None = None, errors: tuple[FieldError, ...] = ()):
        self.detail = plainly(detail or self.title)
        super().__init__(self.detail)
        self.error_code = code or self.code
        self.errors = errors


class InvalidInput(WatchbillError):
    code = "invalid_input"
    status = 422
    title = "The request is not valid"


class NotAuthenticated(WatchbillError):
    code = "not_authenticated"
    status = 401
    title = "Sign in to continue"


class Forbidden(WatchbillError):
    code = "forbidden"
    status = 403
    title = "This is not allowed"


class NotFound(WatchbillError):
    code = "not_found"
    status = 404
    title = "Not found"


class Conflict(WatchbillError):
    code = "conflict"
    status = 409
    title = "The current state does not allow this"


class TooLarge(WatchbillError):
    code = "too_large"
    status = 413
    title = "The request is too large"


class TooSlow(WatchbillError):
    code = "too_slow"
    status = 408
    title = "The request did not arrive in time"


class TooManyRequests(WatchbillError):
    code = "too_many_requests"
    status = 429
    title = "Too many requests"

    def __init__(self, detail: str = "", *, retry_after: int, code: str | None = None):
        super().__init__(detail, code=code)
        self.retry_after = retry_after


class Unavailable(WatchbillError):
    code = "unavailable"
    status = 503
    title = "A service Watchbill needs does not answer"


class ErrorKind(StrEnum):
    """Whose fault a node's failure is. Retry policies and the user interface use it."""

    USER = "user"  # the flow or its inputs: retrying changes nothing
    UPSTREAM = "upstream"  # a provider or another service: worth a retry
    TIMEOUT = "timeout"  # a time-out of the node, its call or the execution
    LIMIT = "limit"  # a budget, quota or size limit
    BUG = "bug"  # ours


class NodeError(WatchbillError):
    """A node failed. `kind` decides whether its retry policy applies; `code` names the cause."""

    code = "node_failed"

    def __init__(self, kind: ErrorKind, detail: str, *, code: str | None = None):
        super().__init__(detail, code=code)
        self.kind = kind
