"""Counting attempts in Redis over sliding windows. While it is away each process goes by what it counted
itself, and that is logged."""

from __future__ import annotations

import time
from typing import Any

import structlog
from limits import RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.asyncio import ConnectionPool
from redis.exceptions import RedisError

from watchbill.kit.database.waits import about_to_await
from watchbill.kit.limits.own_counts import OwnCounts
from watchbill.kit.limits.patience import Patience

# So long one sign-in may be held up by each of its counts; then Redis is left alone for a while.
_PATIENCE_SECONDS = 1.0
_COUNT = "A count of attempts"
log = structlog.stdlib.get_logger("watchbill.attempts")


class Limit:
    """At most `amount` attempts in `seconds`, counted under `name`."""

    def __init__(self, name: str, amount: int, seconds: int):
        self.name, self.amount, self.seconds = name, amount, seconds
        self.item = RateLimitItemPerSecond(amount, seconds, namespace="wb:attempts")


class AttemptCounts:
    """Counters in the Redis of that connection pool. Keys must not hold what nobody may read there. None may
    be asked for while a database connection is held.

    Args:
        pool: leads to Redis.
        patience: how long each may take; a second where nothing is given.
    """

    def __init__(self, pool: ConnectionPool, patience: Patience | None = None):
        options: dict[str, Any] = {"connection_pool": pool}
        # The URL names the kind of server only; the pool knows where it is.
        storage = RedisStorage("async+redis://", implementation="redispy", key_prefix="wb", **options)
        self._limiter = SlidingWindowCounterRateLimiter(storage)
        self._patience = patience or Patience(_PATIENCE_SECONDS)
        self._own = OwnCounts()

    async def count(self, limit: Limit, *key: str) -> bool:
        """Count an attempt; False when it is one too many, which is not counted."""
        about_to_await(_COUNT)
        mine = self._own.count((limit.name, *key), limit.amount, limit.seconds)
        try:
            async with self._patience.asked():
                return await self._limiter.hit(limit.item, limit.name, *key)
        except (RedisError, OSError) as error:
            _note(limit, error)
            return mine

    async def left(self, limit: Limit, *key: str) -> bool:
        """Whether another attempt would be let through; nothing is counted."""
        about_to_await(_COUNT)
        try:
            async with self._patience.asked():
                return await self._limiter.test(limit.item, limit.name, *key)
        except (RedisError, OSError) as error:
            _note(limit, error)
            return self._own.left((limit.name, *key), limit.amount)

    async def forget(self, limit: Limit, *key: str) -> None:
        """Begin to count anew."""
        about_to_await(_COUNT)
        self._own.forget((limit.name, *key))
        try:
            async with self._patience.asked():
                await self._limiter.clear(limit.item, limit.name, *key)
        except (RedisError, OSError) as error:
            _note(limit, error)

    async def wait(self, limit: Limit, *key: str) -> int:
        """Seconds until another attempt may be let through, at least 1."""
        about_to_await(_COUNT)
        try:
            async with self._patience.asked():
                stats = await self._limiter.get_window_stats(limit.item, limit.name, *key)
        except (RedisError, OSError) as error:
            _note(limit, error)
            return self._own.wait((limit.name, *key))
        return max(1, round(stats.reset_time - time.time()))


def _note(limit: Limit, error: Exception) -> None:
    log.warning("attempt_not_shared", limit=limit.name, error=str(error) or type(error).__name__)
