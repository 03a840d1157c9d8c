"""What the audit log's routes give."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel

Outcome = Literal["done", "denied"]


class Actor(BaseModel):
    """Who did it: a person, an API key that acts for a person, or the system (an operator's command). `name`
    is the person's address at that time."""

    kind: Literal["user", "key", "system"]
    id: str | None
    user_id: str | None
    name: str | None


class Target(BaseModel):
    """What was changed: a table, and the row's id and name if it has them."""

    type: str
    id: str | None
    name: str | None


class RowChange(BaseModel):
    """A row that was changed. Secrets are hidden, and values over 4 KiB are replaced by their size and
    SHA-256."""

    table: str
    operation: Literal["create", "update", "delete"]
    id: str | None
    name: str | None
    before: dict[str, Any]
    after: dict[str, Any]


class Origin(BaseModel):
    """Where the request came from: the network address and the User-Agent."""

    address: str | None = None
    agent: str | None = None


class RequestOut(BaseModel):
    """The request that did it; its id is in the logs too."""

    id: str | None = None
    method: str | None = None
    path: str | None = None


class AuditEntryOut(BaseModel):
    """One entry. `seq` is its place in the chain, and `hash` (SHA-256, hex) covers it and all before it. An
    entry about several saves of a draft says how many (`saves`), and when the first was (`since`)."""

    id: UUID
    seq: int
    created_at: datetime
    action: str
    outcome: Outcome
    permission: str | None
    reason: str | None
    actor: Actor
    target: Target | None
    changes: list[RowChange]
    origin: Origin
    saves: int | None = None
    since: datetime | None = None
    request: RequestOut
    hash: str


class Verification(BaseModel):
    """Whether the chain is unbroken. `broken_at` is the first entry that does not fit, if any; `seq` and
    `hash` are its end, to be kept elsewhere and compared later."""

    ok: bool
    entries: int
    seq: int
    hash: str | None
    broken_at: int | None
    problem: str | None
