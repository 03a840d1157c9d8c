"""Writes the trace: what the documents do not take while they are away waits for them, up to a limit."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence

import orjson
import structlog

from watchbill.core.ports.documents import (
    MAX_BODY_BYTES,
    Document,
    DocumentStore,
    DocumentsUnavailable,
    DocumentTooLarge,
)
from watchbill.core.tenancy import TenantScope
from watchbill.engine.losses import Losses
from watchbill.engine.repair import too_large
from watchbill.kit.supervision import end

logger = structlog.get_logger(__name__)
_Entry = tuple[str, Document]

# Of all tenants together. What comes when that much waits is missed: a history thins out, nothing stops.
_MOST_BYTES = 16 * 1024 * 1024
_AGAIN_SECONDS = 1.0
_BATCH = 500


class TraceWriter:
    """Nobody waits here for documents that are away: the first one to find out takes the time-out."""

    def __init__(self, documents: DocumentStore, losses: Losses):
        self._documents = documents
        self._losses = losses
        self._waiting: dict[TenantScope, list[_Entry]] = defaultdict(list)
        self._bytes = 0
        self._task: asyncio.Task[None] | None = None
        self._finishing = False

    async def write(self, scope: TenantScope, entries: Sequence[_Entry]) -> bool:
        """Write events of the trace, or keep them for later; returns whether they are written.

        Raises:
            Exception: what the store met that is not its being away.
        """
        if not entries:
            return True
        if scope in self._waiting:
            self._keep(scope, entries, DocumentsUnavailable("The documents are away."))
            return False
        try:
            await self._append(scope, entries)
        except DocumentsUnavailable as error:
            self._keep(scope, entries, error)
            return False
        return True

    async def finish(self) -> None:
        """Try once more what waits; it is missed then."""
        self._finishing = True
        if self._task is not None:
            await end([self._task])
        if self._waiting and not await self._catch_up():
            left = sum(map(len, self._waiting.values()))
            self._losses.note(DocumentsUnavailable("The worker stops."), missed_traces=left)
            self._losses.over()

    async def _append(self, scope: TenantScope, entries: Sequence[_Entry]) -> None:
        try:
            await self._documents.append(scope, "execution_logs", entries)
        except DocumentTooLarge as error:
            logger.warning("trace_too_large", error=str(error))
            await self._documents.append(scope, "execution_logs", [_fitting(*entry) for entry in entries])

    def _keep(self, scope: TenantScope, entries: Sequence[_Entry], error: DocumentsUnavailable) -> None:
        missed = 0
        for entry in entries:
            size = _size(entry)
            if self._bytes + size > _MOST_BYTES:
                missed += 1
            else:
                self._bytes += size
                self._waiting[scope].append(entry)
        self._losses.note(error, missed_traces=missed)
        if self._waiting and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._later(), name="traces")

    async def _later(self) -> None:
        # A store's driver may turn a cancel into an error of its own.
        while not self._finishing:
            await asyncio.sleep(_AGAIN_SECONDS)
            if await self._catch_up():
                self._losses.over()
                return

    async def _catch_up(self) -> bool:
        """Write what waits, of each tenant as much as its documents take; returns whether nothing waits. No
        tenant waits for another's documents."""
        await asyncio.gather(*map(self._catch_up_with, list(self._waiting)))
        return not self._waiting

    async def _catch_up_with(self, scope: TenantScope) -> None:
        entries = self._waiting[scope]
        while entries:
            batch = entries[:_BATCH]
            try:
                await self._append(scope, batch)
            except DocumentsUnavailable:
                return
            except Exception as error:  # such as a tenant that was deleted meanwhile: the others go on
                logger.error("trace_not_written", tenant_id=str(scope.tenant_id), exc_info=error)
            del entries[: len(batch)]
            self._bytes -= sum(map(_size, batch))
        del self._waiting[scope]


def _size(entry: _Entry) -> int:
    return len(orjson.dumps(entry[1].body))


def _fitting(key: str, document: Document) -> _Entry:
    if len(orjson.dumps(document.body)) <= MAX_BODY_BYTES:
        return key, document
    return key, Document(document.seq, document.created_at, too_large(document.body))
