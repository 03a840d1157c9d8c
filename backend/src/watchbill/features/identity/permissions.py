"""Who may do what: the one table of roles and permissions."""

from __future__ import annotations

from typing import Literal, get_args

Role = Literal["admin", "member", "viewer"]
Permission = Literal[
    "profile:read",
    "flows:read",
    "flows:write",
    "flows:execute",
    "executions:read",
    "executions:write",
    "agents:read",
    "agents:write",
    "providers:read",
    "providers:write",
    "members:read",
    "members:write",
]

_VIEWER: frozenset[Permission] = frozenset(
    ("profile:read", "flows:read", "executions:read", "agents:read", "providers:read", "members:read")
)
_MEMBER: frozenset[Permission] = _VIEWER | frozenset(
    ("flows:write", "flows:execute", "executions:write", "agents:write")
)
ALL: frozenset[Permission] = frozenset(get_args(Permission))
GRANTS: dict[Role, frozenset[Permission]] = {"viewer": _VIEWER, "member": _MEMBER, "admin": ALL}
