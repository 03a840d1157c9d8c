"""Writes exchanges beside the commits: nobody waits for it but the end of the execution they belong to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from watchbill.core.ports import Secrets
from watchbill.core.ports.documents import Document, DocumentStore, DocumentsUnavailable
from watchbill.core.tenancy import TenantScope
from watchbill.engine.exchanges import Kept, document
from watchbill.engine.losses import Losses

logger = structlog.get_logger(__name__)

# Between tries, in seconds: the store may be starting anew.
_PAUSES = (0.1, 1.0)
_PATIENCE_SECONDS = 5.0


@dataclass(slots=True)
class _Group:
    """What of one tenant is written together, and whether it is."""

    waiting: list[tuple[UUID, Kept]] = field(default_factory=list[tuple[UUID, Kept]])
    written: asyncio.Event = field(default_factory=asyncio.Event)


class ExchangeWriter:
    """Takes exchanges of all executions of a worker and writes what gathered, of each tenant one group after
    the other: no tenant waits for another's documents. One that cannot be written is missed: no execution
    fails or stops for it."""

    def __init__(self, documents: DocumentStore, secrets: Secrets, losses: Losses):
        self._documents = documents
        self._losses = losses
        self._away = False
        self._secrets = secrets
        self._groups: dict[TenantScope, _Group] = {}
        self._tasks: dict[TenantScope, asyncio.Task[None]] = {}
        # The last group that holds something of an execution.
        self._last: dict[UUID, _Group] = {}

    def put(self, scope: TenantScope, execution_id: UUID, exchanges: Sequence[Kept]) -> None:
        """Write these soon."""
        if not exchanges:
            return
        group = self._groups.setdefault(scope, _Group())
        group.waiting += [(execution_id, kept) for kept in exchanges]
        self._last[execution_id] = group
        self._start(scope)

    async def written(self, execution_id: UUID) -> None:
        """Wait until all that was put of an execution is written or given up, but not for a store that
        hangs."""
        if group := self._last.get(execution_id):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    await group.written.wait()

    async def finish(self) -> None:
        """Wait until all is written or given up."""
        while self._tasks:
            await asyncio.wait(set(self._tasks.values()))
            # Those that are done leave in a turn of their own.
            await asyncio.sleep(0)

    async def _drain(self, scope: TenantScope) -> None:
        while group := self._groups.pop(scope, None):
            try:
                await self._write(scope, group.waiting)
            finally:
                group.written.set()
                for id_ in {id_ for id_, _ in group.waiting}:
                    if self._last.get(id_) is group:
                        del self._last[id_]

    def _start(self, scope: TenantScope) -> None:
        if scope in self._groups and scope not in self._tasks:
            task = self._tasks[scope] = asyncio.create_task(self._drain(scope), name="exchanges")
            task.add_done_callback(lambda _: self._drained(scope))

    def _drained(self, scope: TenantScope) -> None:
        del self._tasks[scope]
        # A group may have come after the last look.
        self._start(scope)

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
