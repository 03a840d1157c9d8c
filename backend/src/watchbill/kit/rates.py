"""How many requests a minute somebody may make: sliding windows in Redis, one for all processes."""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass
from typing import Any

import structlog
from limits import RateLimitItemPerMinute
from limits.aio.storage import RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.asyncio import ConnectionPool
from redis.exceptions import RedisError

log = structlog.stdlib.get_logger("watchbill.rates")

WINDOW_SECONDS = 60
# So long may counting take: a Redis that does not answer must not hold up requests.
_PATIENCE_SECONDS = 0.25
# After a failure requests go on uncounted for a while, rather than each waiting again.
_PAUSE_SECONDS = 5.0
_LOG_EVERY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `amount` requests a minute under a name ("user", "tenant") for one key; 0 is no limit."""

    name: str
    key: str
    amount: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where somebody stands after a request: `left` are to come, and seconds until there are more."""

    rate: Rate
    within: bool
    left: int
    seconds: int


class Rates:
    """Counters in the Redis of that connection pool.

    While Redis is away every request is let through; that is logged once a minute with how many went
    uncounted, and `uncounted` adds them up.
    """

    def __init__(self, pool: ConnectionPool):
        options: dict[str, Any] = {"connection_pool": pool}
        # The URL names the kind of server only; the pool knows where it is.
        storage = RedisStorage("async+redis://", implementation="redispy", key_prefix="wb", **options)
        self._limiter = SlidingWindowCounterRateLimiter(storage)
        self._paused_until = 0.0
        self._logged_at = -math.inf
        self.uncounted = 0

    async def count(self, *rates: Rate) -> list[Standing]:
        """Count a request under each of the rates that is a limit; a request over one of them is not counted
        under that one. Empty when it could not be counted."""
        wanted = [rate for rate in rates if rate.amount > 0]
        if not wanted:
            return []
        if time.monotonic() < self._paused_until:
            self._note_uncounted("paused after a failure")
            return []
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                return list(await asyncio.gather(*map(self._count, wanted)))
        except (RedisError, OSError, TimeoutError) as error:
            self._paused_until = time.monotonic() + _PAUSE_SECONDS
            self._note_uncounted(str(error) or type(error).__name__)
            return []

    async def _count(self, rate: Rate) -> Standing:
        item = RateLimitItemPerMinute(rate.amount, namespace="wb:rate")
        within = await self._limiter.hit(item, rate.name, rate.key)
        stats = await self._limiter.get_window_stats(item, rate.name, rate.key)
        seconds = max(1, math.ceil(stats.reset_time - time.time()))
        return Standing(rate, within, stats.remaining, min(seconds, WINDOW_SECONDS))

    def _note_uncounted(self, reason: str) -> None:
        self.uncounted += 1
        now = time.monotonic()
        if now - self._logged_at >= _LOG_EVERY_SECONDS:
            self._logged_at = now
            log.warning("requests_not_counted", reason=reason, uncounted=self.uncounted)
