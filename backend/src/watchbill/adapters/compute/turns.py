"""Whose turn it is: tenants take turns, and none has all processes to itself."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from watchbill.core.ports.compute import ComputeBusy
from watchbill.core.tenancy import TenantScope


class Turns:
    """So many jobs at a time. A tenant has at most all turns but one, so that another never waits for the end
    of its jobs; where there is only one, it is everybody's.

    Args:
        places: jobs at a time.
        waiting: jobs of a tenant that may wait.
        share: jobs of a tenant at a time, instead of all but one.
    """

    def __init__(self, places: int, waiting: int, share: int | None = None):
        self._free = places
        self._most = max(1, places - 1 if share is None else share)
        self._waiting = waiting
        self._has: dict[TenantScope, int] = {}
        # The tenant that had a turn last stands at the end.
        self._queues: OrderedDict[TenantScope, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, scope: TenantScope) -> AsyncGenerator[None]:
        """Wait for a turn, and have it until the end of the block.

        Raises:
            ComputeBusy: too many of the tenant wait.
        """
        await self._begin(scope)
        try:
            yield
        finally:
            self._end(scope)

    async def _begin(self, scope: TenantScope) -> None:
        queue = self._queues.setdefault(scope, deque())
        if len(queue) >= self._waiting:
            raise ComputeBusy
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(future)
        self._give()
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self._end(scope)
            elif scope in self._queues:
                self._drop(scope, future)
            raise

    def _drop(self, scope: TenantScope, future: asyncio.Future[None]) -> None:
        queue = self._queues[scope]
        if future in queue:
            queue.remove(future)
        if not queue:
            del self._queues[scope]

    def _end(self, scope: TenantScope) -> None:
        self._free += 1
        self._has[scope] -= 1
        if not self._has[scope]:
            del self._has[scope]
        self._give()

    def _give(self) -> None:
        while self._free and (scope := self._next()) is not None:
            queue = self._queues.pop(scope)
            future = queue.popleft()
            if queue:
                self._queues[scope] = queue
            if future.done():
                continue
            self._free -= 1
            self._has[scope] = self._has.get(scope, 0) + 1
            future.set_result(None)

    def _next(self) -> TenantScope | None:
        able = (
            scope for scope, queue in self._queues.items() if queue and self._has.get(scope, 0) < self._most
        )
        return min(able, key=lambda scope: self._has.get(scope, 0), default=None)
