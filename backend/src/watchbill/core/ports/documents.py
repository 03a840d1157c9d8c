"""Documents: what is large or many, kept in order under a key, and may thin out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from watchbill.core.tenancy import TenantScope

Collection = Literal[
    "execution_logs", "execution_outputs", "execution_exchanges", "chat_messages", "audit_logs"
]


@dataclass(frozen=True, slots=True)
class Document:
    """One document. `seq` orders the documents of a key and is unique within it; `body` is a JSON object."""

    seq: int
    created_at: datetime
    body: dict[str, Any]


class DocumentStore(Protocol):
    """Append-only lists of documents per tenant, collection and key."""

    async def append(
        self, scope: TenantScope, collection: Collection, entries: Sequence[tuple[str, Document]]
    ) -> None:
        """Add documents, each under its key. One whose seq is there already is left as it is, so that a
        repeat is harmless."""
        ...

    async def read(
        self,
        scope: TenantScope,
        collection: Collection,
        key: str,
        *,
        after: int = 0,
        limit: int = 1000,
        types: Sequence[str] = (),
    ) -> list[Document]:
        """Documents with seq > after, lowest first; `types` keeps those whose body.type is one of them."""
        ...

    async def delete(self, scope: TenantScope, collection: Collection, *keys: str) -> None:
        """Remove every document of the keys."""
        ...

    async def expire(self, scope: TenantScope, *, before: datetime) -> int:
        """Remove documents created before that time; returns how many."""
        ...
