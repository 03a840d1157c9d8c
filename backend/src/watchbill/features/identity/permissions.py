"""Who may do what: the one table of roles and permissions. The code, the documentation and the user interface
all read it."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

Role = Literal["admin", "member", "viewer"]
Permission = Literal[
    "profile:read",
    "profile:write",
    "flows:read",
    "flows:write",
    "flows:execute",
    "triggers:read",
    "triggers:write",
    "notifications:read",
    "notifications:write",
    "executions:read",
    "executions:write",
    "agents:read",
    "agents:write",
    "tools:read",
    "tools:write",
    "providers:read",
    "providers:write",
    "members:read",
    "members:write",
    "keys:read",
    "keys:write",
    "audit:read",
    "tenant:read",
    "tenant:write",
    "sso:read",
    "sso:write",
]


class Rule(NamedTuple):
    """One line of the table: a permission, the least role that has it, and what it allows, in words."""

    permission: Permission
    least: Role
    allows: str


TABLE: tuple[Rule, ...] = (
    Rule("profile:read", "viewer", "See your own name, role and tenants"),
    Rule("profile:write", "viewer", "Change your own name, password, sessions and memberships"),
    Rule("flows:read", "viewer", "See flows and their versions"),
    Rule("flows:write", "member", "Create, change, publish and delete flows"),
    Rule("flows:execute", "member", "Run flows and crews"),
    Rule("triggers:read", "viewer", "See triggers, without addresses and secrets"),
    Rule("triggers:write", "member", "Create, change and delete schedules and webhooks"),
    Rule("notifications:read", "viewer", "See notifications, and what they sent"),
    Rule("notifications:write", "member", "Create, change and delete notifications, and send them again"),
    Rule("executions:read", "viewer", "See executions, their events and results"),
    Rule("executions:write", "member", "Stop, resume and repeat executions"),
    Rule("agents:read", "viewer", "See agents and crews"),
    Rule("agents:write", "member", "Create, change and delete agents and crews"),
    Rule("tools:read", "viewer", "See tools, with their source"),
    Rule("tools:write", "member", "Create, change, try out and delete tools"),
    Rule("providers:read", "viewer", "See model providers, without their keys"),
    Rule("providers:write", "admin", "Connect, change and remove model providers"),
    Rule("members:read", "viewer", "See who belongs to the tenant"),
    Rule("members:write", "admin", "Invite people, change roles, remove members"),
    Rule("keys:read", "admin", "See the tenant's API keys, without their secrets"),
    Rule("keys:write", "admin", "Create and revoke API keys"),
    Rule("audit:read", "admin", "See and search the audit log"),
    Rule("tenant:read", "viewer", "See the tenant's name, limits and settings"),
    Rule("tenant:write", "admin", "Rename, set up, export and delete the tenant"),
    Rule("sso:read", "admin", "See how people sign in with the company's account"),
    Rule("sso:write", "admin", "Set up single sign-on"),
)
RANKS: dict[Role, int] = {"viewer": 1, "member": 2, "admin": 3}
ALL: frozenset[Permission] = frozenset(get_args(Permission))
GRANTS: dict[Role, frozenset[Permission]] = {
    role: frozenset(rule.permission for rule in TABLE if RANKS[rule.least] <= rank)
    for role, rank in RANKS.items()
}
# What only a person may do, never a key: a key that was lost must not lock its owner out.
PERSONAL: frozenset[Permission] = frozenset(("profile:write",))
# Their routes work on public tables across tenants, where a tenant's own database role does not reach.
DIRECTORY: frozenset[str] = frozenset(("profile", "members", "keys", "tenant", "sso"))
