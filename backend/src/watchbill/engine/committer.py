"""Group commit: what all executions of a worker have to write goes out together, durable before visible."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from uuid import UUID

import structlog

from watchbill.core.execution import packed
from watchbill.core.ports import Ports
from watchbill.core.ports.documents import Document, DocumentsUnavailable
from watchbill.core.ports.journal import Control, Fenced
from watchbill.core.tenancy import TenantScope
from watchbill.engine.missing import Missing
from watchbill.engine.outbox import Outbox
from watchbill.engine.parcels import Parcel
from watchbill.engine.pending import CommitPart, PendingEvents
from watchbill.engine.settings import EngineSettings
from watchbill.engine.stored_exchanges import PlacedExchange, document
from watchbill.kit.database.faults import again

logger = structlog.get_logger(__name__)
_Answer = asyncio.Future[Control]

# Of a tenant. Two at a time keep PostgreSQL busy while the next group gathers; more only make the groups
# smaller.
_CONCURRENT_COMMITS = 2
# So many executions are written together, and go on together afterwards: those of other tenants on this loop
# wait for one group, not for all that somebody started at once.
_GROUP = 8
_MANY_EVENTS = 50
# How often is looked whether somebody still waits for an output that is not stored yet.
_LOOK_SECONDS = 1.0
# So long the end of an execution waits for its exchanges, when the documents hang.
_EXCHANGES_SECONDS = 5.0


@dataclass(slots=True)
class _Lane:
    """What executions of one tenant have pending: what waits to be written, and what is being written.
    Tenants do not wait for each other: the tables of one may be locked or gone."""

    scope: TenantScope
    waiting: dict[PendingEvents, list[_Answer]] = field(default_factory=dict[PendingEvents, list[_Answer]])
    busy: set[PendingEvents] = field(default_factory=set[PendingEvents])
    tasks: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    @property
    def idle(self) -> bool:
        return not (self.waiting or self.busy or self.tasks)


class Committer:
    """Writes what executions have pending to the journal, then the documents, then to watchers. Exchanges
    go beside it all; only the end of an execution waits for its own.

    An execution is never in two commits at once, so its events reach every store in order. Who waits for a
    commit waits for the journal only: it decides what happened, and the next node need not wait for the rest.

    Documents that are away stop nobody but those with large outputs, which are state: they wait by
    themselves, while the others go on.
    """

    def __init__(
        self,
        ports: Ports,
        settings: EngineSettings,
        missing: Missing | None = None,
    ):
        self._journal = ports.journal
        self._live = ports.live
        self._secrets = ports.secrets
        self._settings = settings
        self._outbox = Outbox(ports.documents, missing or Missing())
        self._lanes: dict[TenantScope, _Lane] = {}
        # Those whose large outputs wait for the documents.
        self._held: set[asyncio.Task[None]] = set()
        self._finishing = False
        self._timers: dict[PendingEvents, asyncio.TimerHandle] = {}

    async def commit(self, pending: PendingEvents) -> Control:
        """Make everything recorded so far durable, and soon visible; returns what is asked of the
        execution.

        Raises:
            Fenced: the claim was lost; nothing was written.
            Exception: what an earlier commit met when it wrote the trace. The execution should be given up:
                whoever takes it over mends the trace.
        """
        if pending.failure:
            raise pending.failure
        future: _Answer = asyncio.get_running_loop().create_future()
        lane = self._lane(pending)
        lane.waiting.setdefault(pending, []).append(future)
        self._start(lane)
        return await future

    def soon(self, pending: PendingEvents) -> None:
        """Commit within the trace interval, together with whatever else is there by then."""
        if pending not in self._timers and pending not in self._lane(pending).waiting:
            loop = asyncio.get_running_loop()
            self._timers[pending] = loop.call_later(self._settings.trace_seconds, self._due, pending)

    def forget(self, pending: PendingEvents) -> None:
        """Drop what a fenced or finished execution still has waiting, except its exchanges: they happened,
        whoever goes on."""
        if timer := self._timers.pop(pending, None):
            timer.cancel()
        self._put_exchanges(pending, pending.take_exchanges())
        lane = self._lane(pending)
        for future in lane.waiting.pop(pending, []):
            future.cancel()
        self._leave(lane)

    async def finish(self) -> None:
        """Wait until all that was committed is also visible, but not for documents that are away."""
        self._finishing = True
        while writing := self._held.union(*(lane.tasks for lane in self._lanes.values())):
            await asyncio.wait(writing)
        await self._outbox.finish()

    def _lane(self, pending: PendingEvents) -> _Lane:
        scope = pending.claim.scope
        if scope not in self._lanes:
            self._lanes[scope] = _Lane(scope)
        return self._lanes[scope]

    def _leave(self, lane: _Lane) -> None:
        if lane.idle and self._lanes.get(lane.scope) is lane:
            del self._lanes[lane.scope]

    def _due(self, pending: PendingEvents) -> None:
        self._timers.pop(pending, None)
        if not pending.empty:
            lane = self._lane(pending)
            lane.waiting.setdefault(pending, [])
            self._start(lane)

    def _start(self, lane: _Lane) -> None:
        if len(lane.tasks) < _CONCURRENT_COMMITS and lane.waiting.keys() - lane.busy:
            task = asyncio.create_task(self._drain(lane), name="commit")
            lane.tasks.add(task)
            task.add_done_callback(lambda done: self._drained(lane, done))

    def _drained(self, lane: _Lane, task: asyncio.Task[None]) -> None:
        lane.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            # Whoever waits for a commit heard of it; those that come next need another task.
            logger.error("commit_task_failed", tenant_id=str(lane.scope.tenant_id), exc_info=error)
            self._start(lane)
        self._leave(lane)

    async def _drain(self, lane: _Lane) -> None:
        # One turn of the loop lets the executions that became ready together join this group.
        await asyncio.sleep(0)
        while group := [pending for pending in lane.waiting if pending not in lane.busy][:_GROUP]:
            futures = {pending: lane.waiting.pop(pending) for pending in group}
            lane.busy.update(group)
            for pending in group:
                if timer := self._timers.pop(pending, None):
                    timer.cancel()
            waiting = dict(futures)
            try:
                await self._write(lane.scope, group, futures)
            except Exception as error:
                # One that cannot be taken apart must not leave those waiting that are written with it.
                for pending in group:
                    _give_up(pending, waiting[pending], error)
                raise
            finally:
                # Those that are held back are not this task's any more.
                lane.busy.difference_update(futures)

    async def _write(
        self,
        scope: TenantScope,
        group: Sequence[PendingEvents],
        futures: dict[PendingEvents, list[_Answer]],
    ) -> None:
        taken: dict[PendingEvents, CommitPart] = {}
        for pending in group:
            taken[pending] = part = pending.take()
            if part.final:
                self._put_exchanges(pending, part.exchanges)
            else:
                # To hide secrets takes a while: it is done while the journal is being written.
                asyncio.get_running_loop().call_soon(self._put_exchanges, pending, part.exchanges)
            if len(part.all) > _MANY_EVENTS:
                # It took milliseconds.
                await asyncio.sleep(0)
            if part.frozen is not None:
                part.batch = replace(part.batch, snapshot=await packed(part.frozen))
                part.frozen = None
        await self._write_taken(scope, taken, futures)

    async def _write_taken(
        self,
        scope: TenantScope,
        taken: dict[PendingEvents, CommitPart],
        futures: dict[PendingEvents, list[_Answer]],
    ) -> None:
        for group, asked in await self._decided(scope, taken, futures):
            for pending in group:
                id_ = pending.claim.execution_id
                _settle(futures[pending], asked[id_] if id_ in asked else Fenced())
            await self._tell(scope, {r: t for r, t in group.items() if r.claim.execution_id in asked})

    async def _decided(
        self,
        scope: TenantScope,
        taken: dict[PendingEvents, CommitPart],
        futures: dict[PendingEvents, list[_Answer]],
    ) -> list[tuple[dict[PendingEvents, CommitPart], dict[UUID, Control]]]:
        """Make a group durable; returns what was written together and what is asked of it. When that fails,
        each of the group is tried by itself: what is wrong with one must not end the others."""
        try:
            ready = await self._stored(scope, taken, futures)
            if not ready:
                return []
            await self._exchanges_written([pending for pending, part in ready.items() if part.final])
            return [(ready, await self._journal_write(scope, list(ready.values())))]
        except Exception as error:
            taken = {pending: part for pending, part in taken.items() if pending in futures}
            logger.warning("commit_failed", executions=len(taken), exc_info=error)
            if len(taken) > 1 and not isinstance(error, Fenced | OSError):
                alone = [await self._decided(scope, {r: t}, futures) for r, t in taken.items()]
                return [pair for pairs in alone for pair in pairs]
            for pending in taken:
                _give_up(pending, futures[pending], error)
            return []

    async def _stored(
        self,
        scope: TenantScope,
        taken: dict[PendingEvents, CommitPart],
        futures: dict[PendingEvents, list[_Answer]],
    ) -> dict[PendingEvents, CommitPart]:
        """Store large outputs, before the journal, which must never name what is not there. Returns
        those that can go on: those whose outputs have to wait are held back."""
        parcels = {
            pending: self._outbox.put(scope, "execution_outputs", part.outputs, owned=True)
            for pending, part in taken.items()
            if part.outputs
        }
        ready = dict(taken)
        for pending, parcel in parcels.items():
            if not await parcel.tried:
                self._hold(scope, pending, ready.pop(pending), futures.pop(pending), parcel)
        return ready

    def _hold(
        self,
        scope: TenantScope,
        pending: PendingEvents,
        part: CommitPart,
        waiting: list[_Answer],
        parcel: Parcel,
    ) -> None:
        writing = self._when_stored(scope, pending, part, waiting, parcel)
        task = asyncio.create_task(writing, name=f"outputs {pending.claim.execution_id}")
        self._held.add(task)
        task.add_done_callback(self._held.discard)

    async def _when_stored(
        self,
        scope: TenantScope,
        pending: PendingEvents,
        part: CommitPart,
        waiting: list[_Answer],
        parcel: Parcel,
    ) -> None:
        """Write one once its large outputs are stored. To give it up at once would run its node again,
        which may cost money; but it must not keep somebody waiting who wants to stop it."""
        deadline = asyncio.get_running_loop().time() + self._settings.documents_seconds
        try:
            while not parcel.done.is_set():
                nobody = all(future.done() for future in waiting)
                late = asyncio.get_running_loop().time() > deadline
                if nobody or late or pending.stopping or self._finishing:
                    self._outbox.withdraw(parcel)
                    break
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_SECONDS):
                        await parcel.done.wait()
            if parcel.written:
                part.outputs = []
                await self._write_taken(scope, {pending: part}, {pending: waiting})
            else:
                _give_up(pending, waiting, DocumentsUnavailable("A large output could not be stored."))
        except Exception as failure:
            logger.warning("commit_failed", executions=1, exc_info=failure)
            _give_up(pending, waiting, failure)
        finally:
            lane = self._lane(pending)
            lane.busy.discard(pending)
            self._start(lane)
            self._leave(lane)

    def _put_exchanges(self, pending: PendingEvents, exchanges: Sequence[PlacedExchange]) -> None:
        if not exchanges:
            return
        scope, key = pending.claim.scope, str(pending.claim.execution_id)
        try:
            secrets = self._secrets(scope)
            entries = [(key, document(kept, secrets)) for kept in exchanges]
            pending.exchanges = self._outbox.put(scope, "execution_exchanges", entries)
        except Exception as error:  # whatever it was, no execution depends on it
            logger.error("exchanges_not_written", tenant_id=str(scope.tenant_id), exc_info=error)

    async def _exchanges_written(self, group: Sequence[PendingEvents]) -> None:
        """Wait for the exchanges of executions that end, but not for a store that is away or hangs."""
        if last := [pending.exchanges.tried for pending in group if pending.exchanges]:
            await asyncio.wait(last, timeout=_EXCHANGES_SECONDS)

    async def _tell(self, scope: TenantScope, written: dict[PendingEvents, CommitPart]) -> None:
        """The trace and the watchers get what the journal has."""
        try:
            whole = await self._documents_write(scope, written)
            for pending, part in written.items():
                pending.told(part, whole=whole or not part.trace)
            # All in one go: a round trip for each execution would make every watcher wait for all others.
            parts = written.values()
            outcomes = {p.batch.execution_id: p.batch.outcome for p in parts if p.final and p.batch.outcome}
            await self._live.publish(scope, [event for part in parts for event in part.all], outcomes)
        except Exception as error:
            logger.error("trace_not_written", executions=len(written), exc_info=error)
            for pending in written:
                _give_up(pending, (), error)

    async def _journal_write(self, scope: TenantScope, taken: Sequence[CommitPart]) -> dict[UUID, Control]:
        """Write, trying again while the database is away. What was written before its answer got lost is
        found."""
        batches, tries = [part.batch for part in taken], count()

        async def write() -> Mapping[UUID, Control]:
            lease = self._settings.lease_seconds
            return await self._journal.append(scope, batches, lease_seconds=lease, again=next(tries) > 0)

        try:
            return dict(await again(write, seconds=self._settings.journal_seconds, what="journal"))
        except OSError as error:
            seconds = self._settings.journal_seconds
            raise Fenced(f"The database did not answer for {seconds:g} seconds.") from error

    async def _documents_write(self, scope: TenantScope, written: dict[PendingEvents, CommitPart]) -> bool:
        entries = [
            (
                str(pending.claim.execution_id),
                Document(event.seq, event.timestamp, event.model_dump(mode="json", exclude={"execution_id"})),
            )
            for pending, part in written.items()
            for event in part.trace
        ]
        return not entries or await self._outbox.put(scope, "execution_logs", entries).tried


def _give_up(pending: PendingEvents, waiting: Sequence[_Answer], error: Exception) -> None:
    """Hand an error to those who wait for this commit, or else to who asks for the next one."""
    if not _settle(waiting, error):
        pending.failure = error


def _settle(futures: Sequence[_Answer], result: Control | Exception) -> bool:
    """Answer those who still wait; returns whether anyone did."""
    waiting = [future for future in futures if not future.done()]
    for future in waiting:
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)
    return bool(waiting)
