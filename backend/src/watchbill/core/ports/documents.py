"""Documents: what is large or many, kept in order under a key, and may thin out."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from watchbill.core.tenancy import TenantScope

Collection = Literal["execution_logs", "execution_outputs", "execution_exchanges", "chat_messages"]
# Of a body as JSON, in bytes: what the smallest store takes, less what stands around it.
MAX_BODY_BYTES = 15 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Document:
    """One document. `seq` orders the documents of a key and is unique within it; `body` is a JSON object.
    `size` is how many characters it had as JSON where it was read from."""

    seq: int
    created_at: datetime
    body: dict[str, Any]
    size: int = field(default=0, compare=False)


class DocumentsUnavailable(ConnectionError):
    """The documents do not answer, or refuse what they were asked for. A part of what was to be written may
    be there; to repeat it is harmless."""


class DocumentTooLarge(ValueError):
    """A body has more than MAX_BODY_BYTES; nothing of what was to be written with it is there."""


class DocumentStore(Protocol):
    """Append-only lists of documents per tenant, collection and key. Every method raises DocumentsUnavailable
    after some seconds when the store does not answer."""

    @property
    def outside(self) -> bool:
        """Whether the documents are elsewhere than in the tenants' schemas, so that they neither go with one
        nor are exported with its tables."""
        ...

    async def append(
        self, scope: TenantScope, collection: Collection, entries: Sequence[tuple[str, Document]]
    ) -> None:
        """Add documents, each under its key. One whose seq is there already is left as it is, so that a
        repeat is harmless.

        Raises:
            DocumentTooLarge: none of them was added.
        """
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
        room: int | None = None,
    ) -> list[Document]:
        """Documents with seq > after, lowest first, and none after those that have `room` characters;
        `types` keeps those whose body.type is one of them."""
        ...

    async def pick(
        self, scope: TenantScope, collection: Collection, key: str, seqs: Sequence[int]
    ) -> list[Document]:
        """The documents of a key that have one of these numbers, lowest first; all in one question."""
        ...

    async def copy(
        self,
        scope: TenantScope,
        collection: Collection,
        key: str,
        to: str,
        seqs: Mapping[int, int],
        *,
        at: datetime,
    ) -> set[int]:
        """Add documents of one key under another, each number of `seqs` as the one that it stands for, as if
        they were made at that time, without holding them all; returns which numbers were there. One that
        stands under the other key already is left as it is."""
        ...

    async def seqs(
        self, scope: TenantScope, collection: Collection, key: str, *, after: int = 0
    ) -> list[int]:
        """The numbers above `after` of the documents of a key, lowest first, without the documents."""
        ...

    async def delete(self, scope: TenantScope, collection: Collection, *keys: str) -> None:
        """Remove every document of the keys."""
        ...

    async def expire(self, scope: TenantScope, *, before: datetime) -> int:
        """Remove documents created before that time; returns how many."""
        ...

    def everything(self, scope: TenantScope) -> AsyncGenerator[tuple[str, str, Document]]:
        """All documents of a tenant, each with its collection and key, in no order."""
        ...

    async def drop(self, scope: TenantScope) -> None:
        """Remove everything of a tenant; harmless to repeat, also when the tenant is gone."""
        ...

    async def remains(self, scope: TenantScope) -> list[str]:
        """What is left of a tenant, in words; empty after `drop`."""
        ...

    async def ping(self) -> None:
        """Ask for a sign of life."""
        ...

    async def close(self) -> None:
        """Close the connections that are its own."""
        ...
