"""The whole history of an execution: the journal and the trace, merged by sequence number."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from heapq import merge
from typing import Any
from uuid import UUID

import orjson

from watchbill.core.events import Event
from watchbill.core.json.parts import PART_BYTES
from watchbill.core.ports.documents import Collection as Documents
from watchbill.core.ports.documents import Document, DocumentStore, DocumentsUnavailable
from watchbill.core.tenancy import TenantScope
from watchbill.engine.large_outputs import Enough, copy_outputs, everything, lean, read_outputs, whole
from watchbill.features.executions.queries import journal as journal_queries
from watchbill.features.executions.queries import removing
from watchbill.kit.database.transactions import Database
from watchbill.kit.limits.turns import NoTurn, Turns

# Of a page of events or exchanges. An output that is stored aside counts as much as it may have: how much it
# has is not known before it is read.
PAGE_BYTES = 8 * 1024 * 1024
# Of what somebody who watches is given at a time: hundreds may do so, and each holds it while reading slowly.
_WATCHED_BYTES = 1024 * 1024
# Of what is read at a time.
READ_BYTES = 1024 * 1024
_LARGE_BYTES = 4 * 1024 * 1024
_NO_LAST = 2**63
# Large outputs of one tenant that are on their way to somebody who watches: each may have a hundred megabytes
# of memory, and so may hundreds of slow readers.
LARGE_AT_ONCE = 4
_EVERYBODY = 2**31
_TURN_SECONDS = 60.0


# Told of the bytes that were read.
Read = Callable[[int], None]


def unmeasured(_bytes: int) -> None:
    """For who reads no more than some megabytes at a time."""


class History:
    """Reads events from the stores.

    The journal is written before the trace, so for a moment a number may be missing that is about to come:
    `contiguous` stops there, `page` does not care.

    Who watches gets what there is without documents that are away. All others are told so, by a
    DocumentsUnavailable: a page of nothing would look as if there were nothing.
    """

    def __init__(self, database: Database, documents: DocumentStore):
        self._database = database
        self._documents = documents
        self._large = Turns(_EVERYBODY, LARGE_AT_ONCE)

    async def page(
        self, scope: TenantScope, execution_id: UUID, *, after: int, limit: int, read: Read
    ) -> tuple[list[Event], bool]:
        """Events with seq > after, at most `limit`, and whether there may be more: a page ends where its
        events have megabytes, too."""

        def note(size: int) -> bool:
            read(size)
            return False

        some, more = await self._lean_page(scope, execution_id, after, limit, read)
        return await whole(self._documents, scope, some, enough=note), more

    async def _lean_page(
        self,
        scope: TenantScope,
        execution_id: UUID,
        after: int,
        limit: int,
        note: Read,
        most: int = PAGE_BYTES,
    ) -> tuple[list[Event], bool]:
        journal, last = await self._journal_of_some_size(scope, execution_id, after, limit, note, most)
        trace, more = await self.trace(
            scope, execution_id, types=(), after=after, limit=limit, read=note, most=most
        )
        if more:
            last = min(last, trace[-1].seq)
        merged = [event for event in merge(journal, trace, key=lambda e: e.seq) if event.seq <= last]
        some = await of_some_size(merged[:limit], most)
        return some, len(some) < len(merged) or len(some) == limit or last < _NO_LAST

    async def _journal_of_some_size(
        self, scope: TenantScope, execution_id: UUID, after: int, limit: int, note: Read, most: int
    ) -> tuple[list[Event], int]:
        """Events of the journal, and the number up to which they are all there."""
        found: list[Event] = []
        size = 0
        async with self._database.transaction(scope) as work:
            parts = journal_queries.parts(work.session, execution_id, after, limit)
            async with aclosing(parts):
                async for part, read in parts:
                    note(read)
                    found += part
                    size += read
                    if size > most:
                        return found, found[-1].seq
        return found, _NO_LAST

    async def there(
        self, scope: TenantScope, execution_id: UUID, *, after: int, limit: int
    ) -> tuple[list[Event], bool, bool]:
        """The same without large outputs, and then whether these are all of them: while the documents are
        away, there are only the journal's."""
        try:
            some, more = await self._lean_page(scope, execution_id, after, limit, unmeasured, _WATCHED_BYTES)
            return some, more, True
        except DocumentsUnavailable:
            journal, last = await self._journal_of_some_size(
                scope, execution_id, after, limit, unmeasured, _WATCHED_BYTES
            )
            return journal, len(journal) == limit or last < _NO_LAST, False

    async def copy_outputs(
        self, scope: TenantScope, source: UUID, target: UUID, seqs: Mapping[str, int]
    ) -> str | None:
        """Give a new execution large outputs of another: engine.large_outputs.copy_outputs.

        Raises:
            DocumentsUnavailable: they cannot be had.
        """
        return await copy_outputs(self._documents, scope, source, target, seqs, at=datetime.now(UTC))

    async def without_large_outputs(self, scope: TenantScope, events: Sequence[Event]) -> list[Event]:
        """Events of a new execution as its journal keeps them; their large outputs are stored meanwhile."""
        kept, aside = lean(events)
        if aside:
            await self._documents.append(scope, "execution_outputs", aside)
        return kept

    async def whole(
        self, scope: TenantScope, events: Sequence[Event], *, enough: Enough = everything
    ) -> list[Event]:
        """The events with large outputs in their places, until it is enough. They keep null while the
        documents are away: there is enough to be seen."""
        try:
            return await whole(self._documents, scope, events, enough=enough)
        except DocumentsUnavailable:
            return list(events)

    @asynccontextmanager
    async def turn_for_large(self, scope: TenantScope) -> AsyncGenerator[None]:
        """For as long as somebody who watches holds a large output: one tenant's watchers have turns."""
        who = scope.tenant_id.hex
        while True:
            with contextlib.suppress(NoTurn):
                await self._large.take(who, _TURN_SECONDS)
                break
        try:
            yield
        finally:
            self._large.give_back(who)

    async def outputs(
        self, scope: TenantScope, execution_id: UUID, references: Collection[str], enough: Enough
    ) -> dict[str, Any]:
        """Large outputs by where they are stored, until it is enough; none while the documents are away."""
        try:
            return await read_outputs(self._documents, scope, execution_id, references, enough=enough)
        except DocumentsUnavailable:
            return {}

    async def contiguous(
        self, scope: TenantScope, execution_id: UUID, *, after: int, limit: int
    ) -> tuple[list[Event], bool]:
        """Events after+1, after+2, ... without large outputs, up to the first number that is not there yet;
        and whether there may be more of them now. Where the clean-up made holes, or the documents are away,
        there is nothing to wait for."""
        events, more, complete = await self.there(scope, execution_id, after=after, limit=limit)
        connected = unbroken(events, after)
        if not complete or len(connected) == len(events):
            return events, more
        async with self._database.transaction(scope) as work:
            removed = await removing.logs_removed(work.session, execution_id)
        return (events, more) if removed else (connected, False)

    async def ended(self, scope: TenantScope, execution_id: UUID, *, by: int) -> bool:
        """Whether the execution is over and its last event's seq is `by` or lower."""
        async with self._database.transaction(scope) as work:
            return await journal_queries.ended(work.session, execution_id, by)

    async def trace(
        self,
        scope: TenantScope,
        execution_id: UUID,
        *,
        types: Sequence[str],
        after: int,
        limit: int,
        read: Read,
        most: int = PAGE_BYTES,
    ) -> tuple[list[Event], bool]:
        """Events of the trace of these types (all of them when none is named), and whether there may be more:
        a page ends where it has megabytes, too."""
        documents, more = await self._page_of(
            "execution_logs", scope, execution_id, types, after, limit, read, most
        )
        return [_event(execution_id, document) for document in documents], more

    async def exchanges(
        self,
        scope: TenantScope,
        execution_id: UUID,
        *,
        nodes: Sequence[str],
        after: int,
        limit: int,
        read: Read,
    ) -> tuple[list[Document], bool]:
        """What these nodes (all of them when none is named) exchanged with the world, as it is stored
        (engine.stored_exchanges), and whether there may be more, as in `trace`."""
        return await self._page_of(
            "execution_exchanges", scope, execution_id, nodes, after, limit, read, PAGE_BYTES
        )

    async def picked(self, scope: TenantScope, execution_id: UUID, seqs: Sequence[int]) -> list[Event]:
        """The events of the trace with these numbers, as far as they are kept."""
        found = await self._documents.pick(scope, "execution_logs", str(execution_id), seqs)
        return [_event(execution_id, document) for document in found]

    async def _page_of(
        self,
        collection: Documents,
        scope: TenantScope,
        execution_id: UUID,
        types: Sequence[str],
        after: int,
        limit: int,
        read: Read,
        most: int,
    ) -> tuple[list[Document], bool]:
        found: list[Document] = []
        size = 0
        while size < most and (wanted := limit - len(found)) > 0:
            part = await self._documents.read(
                scope,
                collection,
                str(execution_id),
                after=found[-1].seq if found else after,
                limit=wanted,
                types=types,
                room=READ_BYTES,
            )
            part_size = sum(document.size for document in part)
            read(part_size)
            found += part
            size += part_size
            if len(part) < wanted and part_size < READ_BYTES:
                return found, False
        return found, True


async def of_some_size(events: Iterable[Event], most: int = _LARGE_BYTES) -> list[Event]:
    """The first events that have so many bytes at most with their large outputs, and one in any case."""
    some: list[Event] = []
    size = seen = 0
    for event in events:
        large = event.data.get("output_ref") is not None
        size += _LARGE_BYTES if large else len(orjson.dumps(event.data))
        if some and size > most:
            break
        some.append(event)
        if size - seen > PART_BYTES:
            seen = size
            await asyncio.sleep(0)
    return some


def unbroken(events: Sequence[Event], after: int) -> list[Event]:
    """The longest prefix whose numbers follow `after` one by one."""
    count = 0
    for count, event in enumerate(events, start=1):
        if event.seq != after + count:
            return list(events[: count - 1])
    return list(events[:count])


def _event(execution_id: UUID, document: Document) -> Event:
    body: dict[str, Any] = document.body
    return Event(
        seq=document.seq,
        execution_id=execution_id,
        type=body["type"],
        node_id=body["node_id"],
        timestamp=document.created_at,
        data=body["data"],
    )
