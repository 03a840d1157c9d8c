"""Group commit: what all executions of a worker have to write goes out together, durable before visible."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

import structlog

from watchbill.core.ports.documents import Document, DocumentStore, DocumentsUnavailable
from watchbill.core.ports.journal import Control, Fenced, Journal
from watchbill.core.ports.live import LiveEvents
from watchbill.core.tenancy import TenantScope
from watchbill.engine.exchange_writer import ExchangeWriter
from watchbill.engine.exchanges import Secrets
from watchbill.engine.losses import Losses
from watchbill.engine.record import Record, Taken
from watchbill.engine.settings import EngineSettings
from watchbill.engine.trace_writer import TraceWriter

logger = structlog.get_logger(__name__)
_Answer = asyncio.Future[Control]

# Two at a time keep PostgreSQL busy while the next group gathers; more only make the groups smaller.
_CONCURRENT_COMMITS = 2
_RETRY_SECONDS = 0.25
_OUTPUTS_AGAIN_SECONDS = 1.0


class Committer:
    """Writes records to the journal, then the documents, then to watchers. Exchanges go beside it all;
    only the end of an execution waits for its own.

    An execution is never in two commits at once, so its events reach every store in order. Who waits for a
    commit waits for the journal only: it decides what happened, and the next node need not wait for the rest.

    Documents that are away stop nobody but those with large outputs, which are state: they wait by
    themselves, while the others go on.
    """

    def __init__(
        self,
        journal: Journal,
        documents: DocumentStore,
        live: LiveEvents,
        settings: EngineSettings,
        secrets: Secrets = lambda _scope: (),
        losses: Losses | None = None,
    ):
        self._journal = journal
        self._documents = documents
        self._live = live
        self._settings = settings
        self._losses = losses or Losses()
        self._exchanges = ExchangeWriter(documents, secrets, self._losses)
        self._traces = TraceWriter(documents, self._losses)
        self._waiting: dict[Record, list[_Answer]] = {}
        self._busy: set[Record] = set()
        # Those whose large outputs wait for the documents.
        self._held: set[asyncio.Task[None]] = set()
        self._finishing = False
        self._timers: dict[Record, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def commit(self, record: Record) -> Control:
        """Make everything recorded so far durable, and soon visible; returns what is asked of the
        execution.

        Raises:
            Fenced: the claim was lost; nothing was written.
            Exception: what an earlier commit met when it wrote the trace. The execution should be given up:
                whoever takes it over mends the trace.
        """
        if record.failure:
            raise record.failure
        future: _Answer = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(record, []).append(future)
        self._start()
        return await future

    def soon(self, record: Record) -> None:
        """Commit within the trace interval, together with whatever else is there by then."""
        if record not in self._timers and record not in self._waiting:
            loop = asyncio.get_running_loop()
            self._timers[record] = loop.call_later(self._settings.trace_seconds, self._due, record)

    def forget(self, record: Record) -> None:
        """Drop what a fenced or finished record still has waiting, except its exchanges: they happened,
        whoever goes on."""
        if timer := self._timers.pop(record, None):
            timer.cancel()
        self._exchanges.put(record.claim.scope, record.claim.execution_id, record.take_exchanges())
        for future in self._waiting.pop(record, []):
            future.cancel()

    async def finish(self) -> None:
        """Wait until all that was committed is also visible, but not for documents that are away."""
        self._finishing = True
        while waiting := self._tasks | self._held:
            await asyncio.wait(waiting)
        await self._exchanges.finish()
        await self._traces.finish()

    def _due(self, record: Record) -> None:
        self._timers.pop(record, None)
        if not record.empty:
            self._waiting.setdefault(record, [])
            self._start()

    def _start(self) -> None:
        if len(self._tasks) < _CONCURRENT_COMMITS and self._waiting.keys() - self._busy:
            task = asyncio.create_task(self._drain(), name="commit")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _drain(self) -> None:
        # One turn of the loop lets the executions that became ready together join this group.
        await asyncio.sleep(0)
        while group := [record for record in self._waiting if record not in self._busy]:
            futures = {record: self._waiting.pop(record) for record in group}
            self._busy.update(group)
            for record in group:
                if timer := self._timers.pop(record, None):
                    timer.cancel()
            tenants: dict[TenantScope, list[Record]] = defaultdict(list)
            for record in group:
                tenants[record.claim.scope].append(record)
            try:
                for scope, records in tenants.items():
                    await self._write(scope, records, futures)
            finally:
                # Those that are held back are not this task's any more.
                self._busy.difference_update(futures)

    async def _write(
        self,
        scope: TenantScope,
        records: Sequence[Record],
        futures: dict[Record, list[_Answer]],
    ) -> None:
        taken = {record: record.take() for record in records}
        for record, part in taken.items():
            self._exchanges.put(scope, record.claim.execution_id, part.exchanges)
        await self._write_taken(scope, taken, futures)

    async def _write_taken(
        self, scope: TenantScope, taken: dict[Record, Taken], futures: dict[Record, list[_Answer]]
    ) -> None:
        for group, asked in await self._decided(scope, taken, futures):
            for record in group:
                id_ = record.claim.execution_id
                _settle(futures[record], asked[id_] if id_ in asked else Fenced())
            await self._tell(scope, {r: t for r, t in group.items() if r.claim.execution_id in asked})

    async def _decided(
        self, scope: TenantScope, taken: dict[Record, Taken], futures: dict[Record, list[_Answer]]
    ) -> list[tuple[dict[Record, Taken], dict[UUID, Control]]]:
        """Make a group durable; returns what was written together and what is asked of it. When that fails,
        each of the group is tried by itself: what is wrong with one must not end the others."""
        try:
            if outputs := [output for part in taken.values() for output in part.outputs]:
                # Before the journal, which must never name what is not there.
                await self._documents.append(scope, "execution_outputs", outputs)
            final = [part.batch.execution_id for part in taken.values() if part.final]
            await asyncio.gather(*map(self._exchanges.written, final))
            return [(taken, await self._journal_write(scope, list(taken.values())))]
        except DocumentsUnavailable as error:
            for record, part in taken.items():
                if part.outputs:
                    self._hold(scope, record, part, futures.pop(record), error)
            rest = {record: part for record, part in taken.items() if record in futures}
            return await self._decided(scope, rest, futures) if rest else []
        except Exception as error:
            logger.warning("commit_failed", executions=len(taken), exc_info=error)
            if len(taken) > 1 and not isinstance(error, Fenced | OSError):
                alone = [await self._decided(scope, {r: t}, futures) for r, t in taken.items()]
                return [pair for pairs in alone for pair in pairs]
            for record in taken:
                _give_up(record, futures[record], error)
            return []

    def _hold(
        self,
        scope: TenantScope,
        record: Record,
        part: Taken,
        waiting: list[_Answer],
        error: DocumentsUnavailable,
    ) -> None:
        self._losses.note(error, outputs_tried_again=len(part.outputs))
        writing = self._when_stored(scope, record, part, waiting, error)
        task = asyncio.create_task(writing, name=f"outputs {record.claim.execution_id}")
        self._held.add(task)
        task.add_done_callback(self._held.discard)

    async def _when_stored(
        self,
        scope: TenantScope,
        record: Record,
        part: Taken,
        waiting: list[_Answer],
        error: DocumentsUnavailable,
    ) -> None:
        """Write one record once its large outputs are stored. To give it up at once would run its node again,
        which may cost money; but it must not keep somebody waiting who wants to stop it."""
        deadline = asyncio.get_running_loop().time() + self._settings.documents_seconds
        try:
            while part.outputs:
                await asyncio.sleep(_OUTPUTS_AGAIN_SECONDS)
                nobody = all(future.done() for future in waiting)
                late = asyncio.get_running_loop().time() > deadline
                if nobody or late or record.stopping or self._finishing:
                    _give_up(record, waiting, error)
                    return
                try:
                    await self._documents.append(scope, "execution_outputs", part.outputs)
                    part.outputs = []
                except DocumentsUnavailable as again:
                    error = again
                    self._losses.note(error, outputs_tried_again=len(part.outputs))
            await self._write_taken(scope, {record: part}, {record: waiting})
        except Exception as failure:
            logger.warning("commit_failed", executions=1, exc_info=failure)
            _give_up(record, waiting, failure)
        finally:
            self._busy.discard(record)
            self._start()

    async def _tell(self, scope: TenantScope, written: dict[Record, Taken]) -> None:
        """The trace and the watchers get what the journal has."""
        try:
            await self._documents_write(scope, written)
            # All in one go: a round trip for each execution would make every watcher wait for all others.
            parts = written.values()
            outcomes = {p.batch.execution_id: p.batch.outcome for p in parts if p.final and p.batch.outcome}
            await self._live.publish(scope, [event for part in parts for event in part.all], outcomes)
        except Exception as error:
            logger.error("trace_not_written", executions=len(written), exc_info=error)
            for record in written:
                _give_up(record, (), error)

    async def _journal_write(self, scope: TenantScope, taken: Sequence[Taken]) -> dict[UUID, Control]:
        """Write, trying again while the database is away: the lease says how long that makes sense."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._settings.lease_seconds
        while True:
            try:
                return dict(
                    await self._journal.append(
                        scope, [part.batch for part in taken], lease_seconds=self._settings.lease_seconds
                    )
                )
            except OSError as error:
                if loop.time() > deadline:
                    raise Fenced("The database did not answer for as long as the lease lasts.") from error
                logger.warning("journal_unavailable", error=str(error))
                await asyncio.sleep(_RETRY_SECONDS)

    async def _documents_write(self, scope: TenantScope, written: dict[Record, Taken]) -> None:
        entries = [
            (
                str(record.claim.execution_id),
                Document(event.seq, event.timestamp, event.model_dump(mode="json", exclude={"execution_id"})),
            )
            for record, part in written.items()
            for event in part.trace
        ]
        await self._traces.write(scope, entries)


def _give_up(record: Record, waiting: Sequence[_Answer], error: Exception) -> None:
    """Hand an error to those who wait for this commit, or else to who asks for the next one."""
    if not _settle(waiting, error):
        record.failure = error


def _settle(futures: Sequence[_Answer], result: Control | Exception) -> bool:
    """Answer those who still wait; returns whether anyone did."""
    waiting = [future for future in futures if not future.done()]
    for future in waiting:
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)
    return bool(waiting)
