"""Whose turn it is on the loop that all executions of a worker share, where some of them have much to do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from watchbill.core.tenancy import TenantScope

# Who has much to do leaves the loop, and PostgreSQL, alone for about as long as a slice takes, while other
# tenants have anything to do or had a moment ago.
_PAUSE_SECONDS = 0.003
_MOMENT_SECONDS = 0.2


class Slices:
    """Gives out slices of the loop. Use it from one event loop.

    Args:
        clock: seconds that only rise.
        sleep: waits for so many seconds.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ):
        self._clock = clock
        self._sleep = sleep
        self._lock = asyncio.Lock()
        # The tenant that did something last, the last one that is another, and when they did.
        self._last: tuple[TenantScope, float] | None = None
        self._other: tuple[TenantScope, float] | None = None

    def small(self, scope: TenantScope) -> None:
        """Note that a tenant's execution does something that takes no time."""
        if self._last is not None and self._last[0] != scope:
            self._other = self._last
        self._last = (scope, self._clock())

    @asynccontextmanager
    async def turn(self, scope: TenantScope) -> AsyncGenerator[None]:
        """A slice for one of all that have much to do, after everybody else's turn."""
        async with self._lock:
            await self._sleep(_PAUSE_SECONDS if self._others(scope) else 0)
            yield

    def _others(self, scope: TenantScope) -> bool:
        since = self._clock() - _MOMENT_SECONDS
        seen = (self._last, self._other)
        return any(one is not None and one[0] != scope and one[1] > since for one in seen)
