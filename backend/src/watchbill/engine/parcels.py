"""Parcels of documents on their way to the store, and who loses some while too many wait."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from itertools import chain

from watchbill.core.ports.documents import Collection, Document
from watchbill.core.tenancy import TenantScope

# A document with its key.
Entry = tuple[str, Document]

# Of all tenants together, while the store is away. What is too much is missed, and the tenant with the most
# loses its last: a history thins out, nothing stops.
MOST_BYTES = 16 * 1024 * 1024


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
class Lane:
    """What goes to one collection of one tenant, in order. No tenant waits for another's documents."""

    scope: TenantScope
    collection: Collection
    # There may be hundreds of thousands: to leave, or to find the last one, must not take the longer.
    waiting: OrderedDict[Parcel, None] = field(default_factory=OrderedDict[Parcel, None])
    away: bool = False
    task: asyncio.Task[None] | None = None


class Largest:
    """Tenants by how many bytes they have. To note a change and to find the largest takes a time that hardly
    grows with the number of tenants."""

    def __init__(self) -> None:
        # What is no longer so stays in the heap until it comes up, or until it is more than half of it.
        self._heap: list[tuple[int, int, TenantScope]] = []
        self._latest: dict[TenantScope, int] = {}
        self._count = 0

    def note(self, scope: TenantScope, size: int) -> None:
        """The tenant has so many bytes now; with none it is forgotten."""
        self._latest.pop(scope, None)
        if size:
            self._count += 1
            self._latest[scope] = self._count
            heappush(self._heap, (-size, self._count, scope))
        if len(self._heap) > 2 * len(self._latest) + 16:
            self._heap = [entry for entry in self._heap if self._true(entry)]
            heapify(self._heap)

    def above(self, least: int) -> Generator[tuple[int, int, TenantScope]]:
        """Those that have more than so many bytes, the largest first, as (-bytes, number, tenant). Close it
        before anything is noted."""
        seen: list[tuple[int, int, TenantScope]] = []
        try:
            while self._heap and -self._heap[0][0] > least:
                entry = heappop(self._heap)
                if self._true(entry):
                    seen.append(entry)
                    yield entry
        finally:
            for entry in seen:
                heappush(self._heap, entry)

    def _true(self, entry: tuple[int, int, TenantScope]) -> bool:
        return self._latest.get(entry[2]) == entry[1]


class Held:
    """What waits while the store is away: parcels by tenant, in order, and how many bytes these have."""

    def __init__(self) -> None:
        self._total = 0
        self._bytes: dict[TenantScope, int] = {}
        self._parcels: dict[TenantScope, OrderedDict[Parcel, Lane]] = {}
        self._largest = Largest()

    def add(self, lane: Lane, parcel: Parcel) -> None:
        """It waits from now on; its size is known."""
        self._parcels.setdefault(parcel.scope, OrderedDict())[parcel] = lane
        self._change(parcel.scope, parcel.size)

    def remove(self, parcel: Parcel) -> None:
        """It waits no longer, if it did."""
        parcels = self._parcels.get(parcel.scope)
        if parcels is None or parcel not in parcels:
            return
        del parcels[parcel]
        self._change(parcel.scope, -parcel.size)
        if not parcels:
            del self._parcels[parcel.scope], self._bytes[parcel.scope]

    def giving_way(self, scope: TenantScope, size: int) -> list[tuple[Lane, Parcel]] | None:
        """What has to go, so that so many bytes more of a tenant may wait: what came last of those tenants
        that have more than it would have then. None if that is not enough; then nobody loses anything.

        It looks at no more tenants than it takes to see whether it is enough.
        """
        excess = self._total + size - MOST_BYTES
        if excess <= 0:
            return []
        least = self._bytes.get(scope, 0) + size
        with closing(self._largest.above(least)) as larger:
            seen: list[tuple[int, int, TenantScope]] = []
            left = excess
            for entry in larger:
                seen.append(entry)
                left -= -entry[0] - least
                if left <= 0:
                    return self._last(chain(seen, larger), excess)
        return None

    def _last(self, larger: Iterator[tuple[int, int, TenantScope]], excess: int) -> list[tuple[Lane, Parcel]]:
        """Parcels of so many bytes, each the last of the tenant that has the most then."""
        giving: list[tuple[Lane, Parcel]] = []
        last: dict[TenantScope, Iterator[tuple[Parcel, Lane]]] = {}
        heap: list[tuple[int, int, TenantScope]] = []
        following = next(larger, None)
        while excess > 0:
            if following is not None and (not heap or following < heap[0]):
                last[following[2]] = reversed(self._parcels[following[2]].items())
                heappush(heap, following)
                following = next(larger, None)
            held, number, other = heappop(heap)
            parcel, lane = next(last[other])
            giving.append((lane, parcel))
            excess -= parcel.size
            heappush(heap, (held + parcel.size, number, other))
        return giving

    def _change(self, scope: TenantScope, size: int) -> None:
        self._total += size
        self._bytes[scope] = self._bytes.get(scope, 0) + size
        self._largest.note(scope, self._bytes[scope])
