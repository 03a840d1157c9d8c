"""Hints from the API to workers: by Celery for executions, by a channel for cancels."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import redis.asyncio as redis
import structlog
from celery import Celery
from redis.exceptions import RedisError

from watchbill.adapters.celery.app import EXECUTE
from watchbill.adapters.celery.message import queue_of, task_message
from watchbill.adapters.redis import announce
from watchbill.core.tenancy import TenantScope

logger = structlog.get_logger(__name__)
# A tenant and its execution.
_Hint = tuple[str, str]
_Sleep = Callable[[float], Awaitable[None]]

# A message costs as much as running some small nodes. The first hint goes out at once; while executions begin
# one after the other, those of this long go together, and of longer while many begin: those wait for each
# other anyway.
_GATHER_SECONDS = 0.015
_GATHER_MANY_SECONDS = 0.04
# Who started nothing for that long does not wait for those who start many.
_GATHER_FIRST_SECONDS = 0.005
_MOST_TENANTS = 10_000
# A hint older than this has long been found by a sweep.
_GOOD_SECONDS = 300


class CeleryHints:
    """Sends hints. A broker that does not answer is logged: workers find the execution by their sweep.

    Args:
        sleep: waits for so many seconds while hints gather.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        app: Celery,
        client: redis.Redis,
        *,
        sleep: _Sleep = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._app = app
        self._redis = client
        self._clock = clock
        self._queue = queue_of(app)
        self._first = _Gathering(self._send, sleep, _GATHER_FIRST_SECONDS, _GATHER_FIRST_SECONDS)
        self._more = _Gathering(self._send, sleep, _GATHER_SECONDS, _GATHER_MANY_SECONDS)
        self._told_of: dict[UUID, float] = {}

    async def execute(self, scope: TenantScope, execution_id: UUID) -> None:
        """Say that an execution waits to be claimed. Nobody waits until it is said."""
        hint = (str(scope.tenant_id), str(execution_id))
        (self._first if self._quiet(scope.tenant_id) else self._more).add(hint)

    def _quiet(self, tenant_id: UUID) -> bool:
        """Whether the tenant started nothing just now."""
        now = self._clock()
        last = self._told_of.pop(tenant_id, -math.inf)
        self._told_of[tenant_id] = now
        if len(self._told_of) > _MOST_TENANTS:
            del self._told_of[next(iter(self._told_of))]
        return now - last > _GATHER_MANY_SECONDS

    async def close(self) -> None:
        """Wait until all is sent."""
        await self._first.close()
        await self._more.close()

    async def _send(self, executions: Sequence[_Hint]) -> None:
        try:
            message = task_message(self._app, EXECUTE, [executions], seconds=_GOOD_SECONDS)
            await self._redis.lpush(self._queue, message)  # type: ignore[misc]
        except (RedisError, OSError) as error:
            logger.warning("hint_not_sent", executions=len(executions), error=str(error))

    async def cancel(self, execution_id: UUID) -> None:
        """Say that an execution is to stop."""
        await announce(self._redis, "cancel", execution_id)

    async def wake(self, execution_id: UUID) -> None:
        """Say that something is asked of an execution."""
        await announce(self._redis, "wake", execution_id)


class _Gathering:
    """Hints that go out together: the first at once, and the next after so many seconds, one of which follows
    a single hint and the other one several."""

    def __init__(
        self,
        send: Callable[[Sequence[_Hint]], Awaitable[None]],
        sleep: _Sleep,
        after_one: float,
        after_many: float,
    ):
        self._send = send
        self._sleep = sleep
        self._after_one = after_one
        self._after_many = after_many
        self._waiting: list[_Hint] = []
        self._sending: asyncio.Task[None] | None = None

    def add(self, hint: _Hint) -> None:
        self._waiting.append(hint)
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._run(), name="hints")

    async def close(self) -> None:
        if self._sending:
            await self._sending

    async def _run(self) -> None:
        while self._waiting:
            hints, self._waiting = self._waiting, []
            await self._send(hints)
            await self._sleep(self._after_many if len(hints) > 1 else self._after_one)
