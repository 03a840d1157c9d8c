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
from redis.asyncio import ConnectionPool, Redis
from redis.exceptions import RedisError

from watchbill.kit.patience import Patience

log = structlog.stdlib.get_logger("watchbill.rates")

WINDOW_SECONDS = 60
_PATIENCE_SECONDS = 0.25
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

    Args:
        pool: leads to Redis.
        patience: so many seconds may counting take: a Redis that does not answer must not hold up requests.
    """

    def __init__(self, pool: ConnectionPool, *, patience: float = _PATIENCE_SECONDS):
        self._limiter = SlidingWindowCounterRateLimiter(_storage(pool, patience))
        self._patience = Patience(patience)
        self._logged_at = -math.inf
        self.uncounted = 0

    async def count(self, *rates: Rate) -> list[Standing]:
        """Count a request under each of the rates that is a limit; a request over one of them is not counted
        under that one. Empty when it could not be counted."""
        wanted = [rate for rate in rates if rate.amount > 0]
        if not wanted:
            return []
        try:
            async with self._patience.asked():
                return list(await asyncio.gather(*map(self._count, wanted)))
        except (RedisError, OSError) as error:
            self._note_uncounted(str(error) or type(error).__name__)
            return []

    async def _count(self, rate: Rate) -> Standing:
        item = RateLimitItemPerMinute(rate.amount, namespace="wb:rate")
        # One after the other in Redis, as they are asked for, though nobody waits in between.
        within, stats = await asyncio.gather(
            self._limiter.hit(item, rate.name, rate.key),
            self._limiter.get_window_stats(item, rate.name, rate.key),
        )
        seconds = max(1, math.ceil(stats.reset_time - time.time()))
        return Standing(rate, within, stats.remaining, min(seconds, WINDOW_SECONDS))

    def _note_uncounted(self, reason: str) -> None:
        self.uncounted += 1
        now = time.monotonic()
        if now - self._logged_at >= _LOG_EVERY_SECONDS:
            self._logged_at = now
            log.warning("requests_not_counted", reason=reason, uncounted=self.uncounted)


def _storage(pool: ConnectionPool, patience: float) -> RedisStorage:
    options: dict[str, Any] = {"connection_pool": pool}
    # The URL names the kind of server only; the pool knows where it is.
    storage = RedisStorage("async+redis://", implementation="redispy", key_prefix="wb", **options)
    bridge: Any = storage.bridge
    bridge.storage = _Together(patience, connection_pool=pool)
    bridge.register_scripts()
    return storage


class _Together(Redis):
    """A client that sends the scripts which are asked for at the same moment together and in their order: a
    request is counted under several rates, and each answer tells where it stands."""

    def __init__(self, patience: float, **options: Any):
        super().__init__(**options)
        self._patience = patience
        self._waiting: list[tuple[tuple[Any, ...], asyncio.Future[Any]]] = []
        self._sending: set[asyncio.Task[None]] = set()
        # Scripts that Redis was not given yet; one that it forgets is given again by redis-py.
        self._new: list[str] = []

    def register_script(self, script: Any) -> Any:
        """The script as an object that can be called; it goes to Redis before the first call."""
        self._new.append(script)
        return super().register_script(script)

    async def evalsha(self, sha: str, numkeys: int, *keys_and_args: Any) -> Any:
        """The script's answer."""
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append(((sha, numkeys, *keys_and_args), answer))
        if len(self._waiting) == 1:
            sending = asyncio.create_task(self._send())
            self._sending.add(sending)
            sending.add_done_callback(self._sending.discard)
        return await answer

    async def _send(self) -> None:
        # Tasks that are ready now ask before this goes on.
        await asyncio.sleep(0)
        waiting, self._waiting = self._waiting, []
        new, self._new = self._new, []
        pipe: Any = self.pipeline(transaction=False)
        for script in new:
            pipe.script_load(script)
        for script, _ in waiting:
            pipe.evalsha(*script)
        answers: list[Any]
        try:
            async with asyncio.timeout(self._patience):
                answers = (await pipe.execute(raise_on_error=False))[len(new) :]
        except (RedisError, OSError) as error:
            self._new = new
            answers = [error] * len(waiting)
        for (_, answer), value in zip(waiting, answers, strict=True):
            if answer.done():  # whoever asked has given up
                continue
            if isinstance(value, Exception):
                answer.set_exception(value)
            else:
                answer.set_result(value)
