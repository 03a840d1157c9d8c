"""Patience with something of ours that may be away: so long is waited, and after a failure not at all for a
while."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from redis.exceptions import RedisError

# After a failure all go on without for so long, rather than each waiting again.
PAUSE_SECONDS = 5.0


class Paused(ConnectionError):
    """It failed a moment ago and is not asked again yet."""


class Patience:
    """Who asks it within `asked`, waits for at most so many seconds. Use it from one event loop.

    Args:
        clock: seconds that only rise.
    """

    def __init__(self, seconds: float, *, clock: Callable[[], float] = time.monotonic):
        self.seconds = seconds
        self._clock = clock
        self._paused_until = 0.0

    @asynccontextmanager
    async def asked(self) -> AsyncGenerator[None]:
        """A block that asks it.

        Raises:
            Paused: it is not asked, since it failed a moment ago.
            RedisError, OSError: it failed, or took too long.
        """
        if self._clock() < self._paused_until:
            raise Paused("paused after a failure")
        try:
            async with asyncio.timeout(self.seconds):
                yield
        except (RedisError, OSError):
            self._paused_until = self._clock() + PAUSE_SECONDS
            raise
