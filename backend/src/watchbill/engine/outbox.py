"""The outbox of a worker: documents on their way to the store, and those that wait while it is away."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heapreplace

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

logger = structlog.get_logger(__name__)
# A document with its key.
Entry = tuple[str, Document]

# Of all tenants together, while the store is away. What is too much is missed, and the tenant with the most
# loses its last: a history thins out, nothing stops.
_MOST_BYTES = 16 * 1024 * 1024
_AGAIN_SECONDS = 1.0
# Documents that are written together.
_BATCH = 500


@dataclass(slots=True, eq=False)
class Parcel:
    """Documents of one collection that were handed over together.

    `tried` is settled by the first try, with whether they are written; it raises what the store met that was
    not its being away. `done` is set when nothing of it waits any more: it is written, missed or withdrawn.
    """

    scope: TenantScope
    entries: Sequence[Entry]
    # Whether it may wait as long as its owner wants; else it takes part in the limit of what waits.
    owned: bool
    tried: asyncio.Future[bool]
    done: asyncio.Event = field(default_factory=asyncio.Event)
    written: bool = False
    # In bytes, while it waits for a store that is away.
    size: int = 0


@dataclass(slots=True, eq=False)
class _Lane:
    """What goes to one collection of one tenant, in order. No tenant waits for another's documents."""

    scope: TenantScope
    collection: Collection
    # There may be hundreds of thousands: to leave, or to find the last one, must not take the longer.
    waiting: OrderedDict[Parcel, None] = field(default_factory=OrderedDict[Parcel, None])
    away: bool = False
    task: asyncio.Task[None] | None = None


class _Held:
    """What waits while the store is away: parcels by tenant, in order, and how many bytes these have."""

    def __init__(self) -> None:
        self._total = 0
        self._bytes: dict[TenantScope, int] = {}
        self._parcels: dict[TenantScope, OrderedDict[Parcel, _Lane]] = {}

    def add(self, lane: _Lane, parcel: Parcel) -> None:
        """It waits from now on; its size is known."""
        self._total += parcel.size
        self._bytes[parcel.scope] = self._bytes.get(parcel.scope, 0) + parcel.size
        self._parcels.setdefault(parcel.scope, OrderedDict())[parcel] = lane

    def remove(self, parcel: Parcel) -> None:
        """It waits no longer, if it did."""
        parcels = self._parcels.get(parcel.scope)
        if parcels is None or parcel not in parcels:
            return
        del parcels[parcel]
        self._total -= parcel.size
        self._bytes[parcel.scope] -= parcel.size
        if not parcels:
            del self._parcels[parcel.scope], self._bytes[parcel.scope]

    def giving_way(self, scope: TenantScope, size: int) -> list[tuple[_Lane, Parcel]] | None:
        """What has to go, so that so many bytes more of a tenant may wait: what came last of those tenants
        that have more than it would have then. None if that is not enough; then nobody loses anything."""
        excess = self._total + size - _MOST_BYTES
        least = self._bytes.get(scope, 0) + size
        larger = [
            (-held, number, other) for number, (other, held) in enumerate(self._bytes.items()) if held > least
        ]
        if excess > 0 and sum(-held - least for held, _, _ in larger) < excess:
            return None
        heapify(larger)
        last = {other: reversed(self._parcels[other].items()) for _, _, other in larger}
        giving: list[tuple[_Lane, Parcel]] = []
        while excess > 0:
            held, number, other = larger[0]
            parcel, lane = next(last[other])
            giving.append((lane, parcel))
            excess -= parcel.size
            heapreplace(larger, (held + parcel.size, number, other))
        return giving


class Outbox:
    """Writes what all executions of a worker hand over: what gathered while the last documents were written
    goes out together. Only the first to find the store away takes the time-out; what comes then waits, up to
    a limit, and is tried again each second. Use it from one event loop."""

    def __init__(self, documents: DocumentStore, missing: Missing):
        self._documents = documents
        self._missing = missing
        self._lanes: dict[tuple[TenantScope, Collection], _Lane] = {}
        self._held = _Held()
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
        lane = self._lanes.setdefault((scope, collection), _Lane(scope, collection))
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

    def _start(self, lane: _Lane) -> None:
        if lane.waiting and lane.task is None:
            lane.task = asyncio.create_task(self._drain(lane), name=f"outbox {lane.collection}")
            lane.task.add_done_callback(lambda done: self._drained(lane, done))

    def _drained(self, lane: _Lane, task: asyncio.Task[None]) -> None:
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

    async def _drain(self, lane: _Lane) -> None:
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

    async def _write(self, lane: _Lane, batch: Sequence[Parcel]) -> None:
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

    async def _append(self, lane: _Lane, entries: Sequence[Entry]) -> None:
        try:
            await self._documents.append(lane.scope, lane.collection, entries)
        except DocumentTooLarge as error:
            if lane.collection != "execution_logs":
                raise
            logger.warning("trace_too_large", error=str(error))
            fitting = [_fitting(*entry) for entry in entries]
            await self._documents.append(lane.scope, lane.collection, fitting)

    def _keep(self, lane: _Lane, parcels: Sequence[Parcel], error: DocumentsUnavailable) -> None:
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

    def _miss(self, lane: _Lane, parcels: Sequence[Parcel], error: DocumentsUnavailable) -> None:
        for parcel in parcels:
            self._missing.note(error, **{f"missed_{lane.collection}": len(parcel.entries)})
            self._leave(lane, parcel, written=False)

    def _leave(self, lane: _Lane, parcel: Parcel, *, written: bool) -> None:
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
