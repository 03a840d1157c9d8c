"""The outbox of a worker: documents on their way to the store, and those that wait while it is away."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Sequence

import orjson
import structlog

from watchbill.core.ports.documents import (
    MAX_BODY_BYTES,
    Collection,
    Document,
    DocumentStore,
    DocumentsUnavailable,
    DocumentTooLarge,
)
from watchbill.core.tenancy import TenantScope
from watchbill.engine.missing import Missing, note_of_too_large
from watchbill.engine.parcels import Entry, Held, Lane, Parcel

logger = structlog.get_logger(__name__)
_AGAIN_SECONDS = 1.0
# Documents that are written together.
_BATCH = 500


class Outbox:
    """Writes what all executions of a worker hand over: what gathered while the last documents were written
    goes out together. Only the first to find the store away takes the time-out; what comes then waits, up to
    a limit, and is tried again each second. Use it from one event loop."""

    def __init__(self, documents: DocumentStore, missing: Missing):
        self._documents = documents
        self._missing = missing
        self._lanes: dict[tuple[TenantScope, Collection], Lane] = {}
        self._held = Held()
        self._finishing = asyncio.Event()

    def put(
        self, scope: TenantScope, collection: Collection, entries: Sequence[Entry], *, owned: bool = False
    ) -> Parcel:
        """Write these soon.

        Args:
            owned: they are never missed: somebody waits for them, or withdraws them.
        """
        parcel = Parcel(scope, entries, owned, asyncio.get_running_loop().create_future())
        # Nobody has to ask how it went.
        parcel.tried.add_done_callback(_heard)
        lane = self._lanes.setdefault((scope, collection), Lane(scope, collection))
        lane.waiting[parcel] = None
        if lane.away:
            self._keep(lane, [parcel], DocumentsUnavailable("The documents are away."))
        self._start(lane)
        return parcel

    def withdraw(self, parcel: Parcel) -> None:
        """It need not be written any more, if it is not yet."""
        for lane in self._lanes.values():
            if parcel in lane.waiting:
                del lane.waiting[parcel]
                self._settle(parcel, written=False)

    async def finish(self) -> None:
        """Try once more what waits; it is missed then."""
        self._finishing.set()
        while tasks := [lane.task for lane in self._lanes.values() if lane.task]:
            await asyncio.wait(tasks)
            # Those that are done leave in a turn of their own.
            await asyncio.sleep(0)
        self._finishing.clear()
        self._missing.tell("The worker stops.")

    def _start(self, lane: Lane) -> None:
        if lane.waiting and lane.task is None:
            lane.task = asyncio.create_task(self._drain(lane), name=f"outbox {lane.collection}")
            lane.task.add_done_callback(lambda done: self._drained(lane, done))

    def _drained(self, lane: Lane, task: asyncio.Task[None]) -> None:
        lane.task = None
        if not task.cancelled() and (error := task.exception()):
            # A mistake of ours: nobody waits for ever for what it was about to write.
            logger.error("outbox_failed", tenant_id=str(lane.scope.tenant_id), exc_info=error)
            for parcel in list(lane.waiting):
                self._leave(lane, parcel, written=False)
        if lane.waiting:
            # It came after the last look.
            self._start(lane)
        else:
            del self._lanes[lane.scope, lane.collection]

    async def _drain(self, lane: Lane) -> None:
        # A store that is away is asked for a sign of life also when nothing may wait for it any more.
        while lane.waiting or lane.away:
            batch = _some(lane.waiting)
            last = self._finishing.is_set()
            try:
                await (self._write(lane, batch) if batch else self._documents.ping())
            except DocumentsUnavailable as error:
                # What came while it was known to be away is kept already.
                late = [one for one in batch if one in lane.waiting] if lane.away else list(lane.waiting)
                lane.away = True
                if last:
                    self._miss(lane, list(lane.waiting), error)
                    return
                self._keep(lane, late, error)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_AGAIN_SECONDS):
                        await self._finishing.wait()
                continue
            if lane.away:
                lane.away = False
                self._missing.tell("They answer again.")

    async def _write(self, lane: Lane, batch: Sequence[Parcel]) -> None:
        try:
            await self._append(lane, [entry for parcel in batch for entry in parcel.entries])
        except DocumentsUnavailable:
            raise
        except Exception as error:  # such as a tenant that was deleted meanwhile
            if len(batch) > 1:
                # What is wrong with one must not be the end of the others.
                for parcel in batch:
                    await self._write(lane, [parcel])
                return
            logger.error(
                "documents_refused",
                tenant_id=str(lane.scope.tenant_id),
                collection=lane.collection,
                exc_info=error,
            )
            if not batch[0].tried.done():
                batch[0].tried.set_exception(error)
            self._leave(lane, batch[0], written=False)
            return
        for parcel in batch:
            self._leave(lane, parcel, written=True)

    async def _append(self, lane: Lane, entries: Sequence[Entry]) -> None:
        try:
            await self._documents.append(lane.scope, lane.collection, entries)
        except DocumentTooLarge as error:
            if lane.collection != "execution_logs":
                raise
            logger.warning("trace_too_large", error=str(error))
            fitting = [_fitting(*entry) for entry in entries]
            await self._documents.append(lane.scope, lane.collection, fitting)

    def _keep(self, lane: Lane, parcels: Sequence[Parcel], error: DocumentsUnavailable) -> None:
        """Those who wait learn that it takes a while; what is too much is missed."""
        for parcel in parcels:
            if parcel.owned:
                self._missing.note(error, outputs_tried_again=len(parcel.entries))
            elif not parcel.size:
                size = sum(len(orjson.dumps(document.body)) for _, document in parcel.entries)
                giving = self._held.giving_way(lane.scope, size)
                if giving is None:
                    self._miss(lane, [parcel], error)
                    continue
                for other, last in giving:
                    self._miss(other, [last], error)
                parcel.size = size
                self._held.add(lane, parcel)
                self._missing.note(error)
            if not parcel.tried.done():
                parcel.tried.set_result(False)

    def _miss(self, lane: Lane, parcels: Sequence[Parcel], error: DocumentsUnavailable) -> None:
        for parcel in parcels:
            self._missing.note(error, **{f"missed_{lane.collection}": len(parcel.entries)})
            self._leave(lane, parcel, written=False)

    def _leave(self, lane: Lane, parcel: Parcel, *, written: bool) -> None:
        # One that was withdrawn while it was written is gone already.
        if parcel in lane.waiting:
            del lane.waiting[parcel]
            self._settle(parcel, written=written)

    def _settle(self, parcel: Parcel, *, written: bool) -> None:
        self._held.remove(parcel)
        parcel.written, parcel.size, parcel.entries = written, 0, ()
        if not parcel.tried.done():
            parcel.tried.set_result(written)
        parcel.done.set()


def _some(waiting: Iterable[Parcel]) -> list[Parcel]:
    """As many of the first as are written together, at least one if there is one."""
    some: list[Parcel] = []
    count = 0
    for parcel in waiting:
        count += len(parcel.entries)
        if some and count > _BATCH:
            break
        some.append(parcel)
    return some


def _fitting(key: str, document: Document) -> Entry:
    if len(orjson.dumps(document.body)) <= MAX_BODY_BYTES:
        return key, document
    return key, Document(document.seq, document.created_at, note_of_too_large(document.body))


def _heard(tried: asyncio.Future[bool]) -> None:
    if not tried.cancelled():
        tried.exception()
