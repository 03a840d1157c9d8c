"""Writes exchanges beside the commits: nobody waits for it but the end of the execution they belong to."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from watchbill.core.ports.documents import Document, DocumentStore, DocumentsUnavailable
from watchbill.core.tenancy import TenantScope
from watchbill.engine.exchanges import Kept, Secrets, document
from watchbill.engine.losses import Losses

logger = structlog.get_logger(__name__)

# Between tries, in seconds: the store may be starting anew.
_PAUSES = (0.1, 1.0)
_PATIENCE_SECONDS = 5.0


@dataclass(slots=True)
class _Group:
    """What is written together, and whether it is."""

    waiting: dict[TenantScope, list[tuple[UUID, Kept]]] = field(
        default_factory=lambda: defaultdict[TenantScope, list[tuple[UUID, Kept]]](list)
    )
    written: asyncio.Event = field(default_factory=asyncio.Event)


class ExchangeWriter:
    """Takes exchanges of all executions of a worker and writes what gathered, one group after the other. One
    that cannot be written is missed: no execution fails or stops for it."""

    def __init__(self, documents: DocumentStore, secrets: Secrets, losses: Losses):
        self._documents = documents
        self._losses = losses
        self._away = False
        self._secrets = secrets
        self._group = _Group()
        self._task: asyncio.Task[None] | None = None
        # The last group that holds something of an execution.
        self._last: dict[UUID, _Group] = {}

    def put(self, scope: TenantScope, execution_id: UUID, exchanges: Sequence[Kept]) -> None:
        """Write these soon."""
        if not exchanges:
            return
        self._group.waiting[scope] += [(execution_id, kept) for kept in exchanges]
        self._last[execution_id] = self._group
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain(), name="exchanges")

    async def written(self, execution_id: UUID) -> None:
        """Wait until all that was put of an execution is written or given up, but not for a store that
        hangs."""
        if group := self._last.get(execution_id):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    await group.written.wait()

    async def finish(self) -> None:
        """Wait until all is written or given up."""
        if self._task is not None:
            await asyncio.wait({self._task})

    async def _drain(self) -> None:
        while self._group.waiting:
            group, self._group = self._group, _Group()
            for scope, entries in group.waiting.items():
                await self._write(scope, entries)
            group.written.set()
            for id_ in {id_ for entries in group.waiting.values() for id_, _ in entries}:
                if self._last.get(id_) is group:
                    del self._last[id_]

    async def _write(self, scope: TenantScope, entries: Sequence[tuple[UUID, Kept]]) -> None:
        try:
            secrets = self._secrets(scope)
            documents = [(str(execution_id), document(kept, secrets)) for execution_id, kept in entries]
            await self._append(scope, documents)
            self._away = False
        except DocumentsUnavailable as error:
            self._away = True
            self._losses.note(error, missed_exchanges=len(entries))
        except Exception as error:  # whatever it was, no execution depends on it
            logger.error("exchanges_not_written", tenant_id=str(scope.tenant_id), exc_info=error)

    async def _append(self, scope: TenantScope, documents: Sequence[tuple[str, Document]]) -> None:
        for pause in (*_PAUSES, None):
            try:
                return await self._documents.append(scope, "execution_exchanges", documents)
            except Exception as error:
                # While the documents are away, those who wait for the end of their execution go on soon.
                if pause is None or self._away:
                    raise
                logger.warning("exchanges_tried_again", error=str(error))
            await asyncio.sleep(pause)
        return None
