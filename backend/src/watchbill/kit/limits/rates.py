"""How many requests a minute somebody may make: sliding windows in Redis, one for all processes."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from redis.asyncio import ConnectionPool, Redis
from redis.exceptions import RedisError

from watchbill.kit.limits.patience import Patience

log = structlog.stdlib.get_logger("watchbill.rates")

WINDOW_SECONDS = 60
_PATIENCE_SECONDS = 0.25
_LOG_EVERY_SECONDS = 60.0
# A key has when its window began, how many were counted in it, and how many in the window before. Those weigh
# by the part of their window that lies less than a window's length back. A window that begins later than now
# is of a clock that was set back, and counts no more. The answer says for each key whether it is within, how
# many are left, and the milliseconds until there are more.
_COUNT_SCRIPT = """
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local window = tonumber(ARGV[1])
local answer = {}
for position, key in ipairs(KEYS) do
  local most = tonumber(ARGV[position + 1])
  local kept = redis.call("HMGET", key, "began", "count", "before")
  local began, count, before = tonumber(kept[1]), tonumber(kept[2]) or 0, tonumber(kept[3]) or 0
  if not began or now < began or now >= began + 2 * window then
    began, count, before = now, 0, 0
  elseif now >= began + window then
    began, count, before = began + window, 0, count
  end
  local rest = math.min(window, began + window - now)
  local counted = math.floor(before * rest / window) + count
  local within = counted < most
  if within then
    count, counted = count + 1, counted + 1
    redis.call("HSET", key, "began", began, "count", count, "before", before)
    redis.call("PEXPIRE", key, 2 * window)
  end
  if before > 0 then rest = rest % (window / before) end
  table.insert(answer, {within and 1 or 0, math.max(0, most - counted), math.ceil(rest)})
end
return answer
"""


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
        window_seconds: in which so many requests are let through.
    """

    def __init__(
        self,
        pool: ConnectionPool,
        *,
        patience: float = _PATIENCE_SECONDS,
        window_seconds: int = WINDOW_SECONDS,
    ):
        self._window_ms = window_seconds * 1000
        self._script = Redis(connection_pool=pool).register_script(_COUNT_SCRIPT)
        self._patience = Patience(patience)
        self._waiting: list[tuple[Rate, asyncio.Future[Standing]]] = []
        self._asking: set[asyncio.Task[None]] = set()
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
                return list(await asyncio.gather(*map(self._counted, wanted)))
        except (RedisError, OSError) as error:
            self._note_uncounted(str(error) or type(error).__name__)
            return []

    def _counted(self, rate: Rate) -> asyncio.Future[Standing]:
        """What will be answered. Rates that are asked for at the same moment go to Redis together."""
        answer: asyncio.Future[Standing] = asyncio.get_running_loop().create_future()
        self._waiting.append((rate, answer))
        if len(self._waiting) == 1:
            asking = asyncio.create_task(self._ask())
            self._asking.add(asking)
            asking.add_done_callback(self._asking.discard)
        return answer

    async def _ask(self) -> None:
        # Requests that are ready now ask before this goes on.
        await asyncio.sleep(0)
        waiting, self._waiting = self._waiting, []
        rates = [rate for rate, _ in waiting]
        try:
            async with asyncio.timeout(self._patience.seconds):
                found: Sequence[Sequence[int]] = await self._script(
                    keys=[_place(rate) for rate in rates],
                    args=[self._window_ms, *(rate.amount for rate in rates)],
                )
        except (RedisError, OSError) as error:
            for _, answer in waiting:
                if not answer.done():
                    answer.set_exception(error)
            return
        for (rate, answer), (within, left, milliseconds) in zip(waiting, found, strict=True):
            if not answer.done():  # whoever asked may have given up
                seconds = max(1, math.ceil(milliseconds / 1000))
                answer.set_result(Standing(rate, bool(within), left, seconds))

    def _note_uncounted(self, reason: str) -> None:
        self.uncounted += 1
        now = time.monotonic()
        if now - self._logged_at >= _LOG_EVERY_SECONDS:
            self._logged_at = now
            log.warning("requests_not_counted", reason=reason, uncounted=self.uncounted)


def _place(rate: Rate) -> str:
    """Whoever is given another amount begins anew."""
    return f"wb:rate:{rate.name}:{rate.amount}:{rate.key}"
