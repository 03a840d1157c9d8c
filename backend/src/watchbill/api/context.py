"""What belongs to the request under way: its id."""

from __future__ import annotations

import re
from contextvars import ContextVar
from uuid import uuid4

_current: ContextVar[str] = ContextVar("request_id", default="-")
_SAFE = re.compile(r"[A-Za-z0-9._-]{1,64}")


def request_id() -> str:
    """The id of the request under way, or "-" outside of one."""
    return _current.get()


def begin_request(given: str) -> str:
    """Note the request's id: the one a proxy gave, when it can be trusted to be harmless, or a new one."""
    chosen = given if _SAFE.fullmatch(given) else uuid4().hex
    _current.set(chosen)
    return chosen
