"""What the audit log will say of one transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

_KEY = "audit_trail"
# Columns that only note that something was used: no change that anybody made.
_BOOKKEEPING = frozenset(("updated_at", "last_used_at", "refreshed_at", "generation", "last_seq"))


@dataclass(slots=True)
class Change:
    """One row: `operation` is create, update or delete; `before` and `after` hold what differs, masked."""

    table: str
    operation: str
    id: str | None
    name: str | None
    before: dict[str, Any]
    after: dict[str, Any]

    @property
    def matters(self) -> bool:
        """Whether more than bookkeeping changed. That a key was used is noted (once a minute, when its row
        is), as keys are used where nobody looks."""
        return (
            self.operation != "update" or self.table == "api_keys" or bool(self.after.keys() - _BOOKKEEPING)
        )

    def entry(self) -> dict[str, Any]:
        """As it stands in the log."""
        return {
            "table": self.table,
            "operation": self.operation,
            "id": self.id,
            "name": self.name,
            "before": self.before,
            "after": self.after,
        }


@dataclass(slots=True)
class Trail:
    """Who does what from where; `changes` are gathered from the session while the transaction goes on.

    `action` is the name of what is done (a route's function, a command); `always` says that it is noted even
    when it changes nothing; `gathers` that it may become one entry with others of its kind that follow it.
    Without a tenant the entry goes to the tenants that the changed rows tell.
    """

    action: str
    origin: dict[str, Any] = field(default_factory=dict[str, Any])
    request: dict[str, Any] = field(default_factory=dict[str, Any])
    tenant_id: UUID | None = None
    user_id: UUID | None = None
    key_id: UUID | None = None
    permission: str | None = None
    always: bool = False
    outcome: str = "done"
    reason: str | None = None
    changes: list[Change] = field(default_factory=list[Change])
    gathers: bool = False
    subject: dict[str, str | None] | None = None

    def about(self, table: str, id: object, name: str | None) -> None:
        """Note what it is done to, where the changed rows do not tell."""
        self.subject = {"type": table, "id": str(id), "name": name and name[:200]}

    def by(self, tenant_id: UUID, user_id: UUID, key_id: UUID | None, permission: str) -> None:
        """Note who is asking, where, and under which permission. What needs more than reading is always
        noted."""
        self.tenant_id, self.user_id, self.key_id = tenant_id, user_id, key_id
        self.permission = permission
        self.always = self.always or not permission.endswith(":read")

    @property
    def worth_noting(self) -> bool:
        """Whether the log gets an entry."""
        return self.always or any(change.matters for change in self.changes)

    def refuse(self, tenant_id: UUID | None, reason: str) -> None:
        """Note that a tenant, or without one all of the person's, refused somebody, although the transaction
        goes on."""
        self.tenant_id, self.reason = tenant_id, reason
        self.outcome, self.always = "denied", True

    def entry(self) -> dict[str, Any]:
        """The log's entry. The first row that was changed is what it is about, or else what was changed at
        once, of which no single row is known."""
        matters = [change for change in self.changes if change.matters]
        gathers = self.gathers and self.outcome == "done" and len(matters) == 1
        target = next((change for change in matters if change.id), matters[0] if matters else None)
        return {
            "action": self.action,
            "outcome": self.outcome,
            "permission": self.permission,
            "reason": self.reason,
            "actor": {
                "kind": "key" if self.key_id else "user" if self.user_id else "system",
                "id": str(self.key_id or self.user_id or "") or None,
                "user_id": str(self.user_id) if self.user_id else None,
            },
            "target": self.subject
            or ({"type": target.table, "id": target.id, "name": target.name} if target else None),
            "changes": [change.entry() for change in matters],
            "origin": self.origin,
            "request": self.request,
            **({"gather": f"{self.user_id} {matters[0].table} {matters[0].id}"} if gathers else {}),
        }


def trail_of(session: AsyncSession | Session) -> Trail | None:
    """The trail of a session's transaction, if somebody keeps one."""
    return session.info.get(_KEY)


def keep_trail(session: AsyncSession, trail: Trail) -> None:
    """Let this session's changes be written to the log with its commit."""
    session.info[_KEY] = trail


def drop_trail(session: AsyncSession) -> None:
    """Write nothing: the log that would tell of it is going away."""
    session.info.pop(_KEY, None)
