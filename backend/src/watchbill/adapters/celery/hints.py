"""Hints from the API to workers: by Celery for executions, by a channel for cancels."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import redis.asyncio as redis
import structlog
from celery import Celery

from watchbill.adapters.celery.app import EXECUTE
from watchbill.adapters.celery.sending import BrokerAway, TaskSender
from watchbill.adapters.redis import announce
from watchbill.core.tenancy import TenantScope

logger = structlog.get_logger(__name__)
# A tenant and its execution.
_Hint = tuple[str, str]
_Sleep = Callable[[float], Awaitable[None]]

# A message costs as much as running some small nodes. The first hint goes out at once; while executions begin
# one after the other, those of this long go together, and of longer while many begin: those wait for each
# other anyway.
_GATHER_SECONDS = 0.008
_GATHER_MANY_SECONDS = 0.02
# Those of tenants that start no more than so many in a while do not wait for those who start many.
_FEW, _WHILE_SECONDS = 3, 0.04
_GATHER_FEW_SECONDS = 0.005
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
        self._sender = TaskSender(app)
        self._redis = client
        self._clock = clock
        self._few = _Gathering(self._send, sleep, _GATHER_FEW_SECONDS, _GATHER_SECONDS)
        self._many = _Gathering(self._send, sleep, _GATHER_SECONDS, _GATHER_MANY_SECONDS)
        self._pace: dict[UUID, _Pace] = {}

    async def execute(self, scope: TenantScope, execution_id: UUID) -> None:
        """Say that an execution waits to be claimed. Nobody waits until it is said."""
        hint = (str(scope.tenant_id), str(execution_id))
        pace = self._pace.pop(scope.tenant_id, None) or _Pace()
        # The one that was told of last stands last.
        self._pace[scope.tenant_id] = pace
        if len(self._pace) > _MOST_TENANTS:
            del self._pace[next(iter(self._pace))]
        (self._few if pace.few(self._clock()) else self._many).add(hint)

    async def close(self) -> None:
        """Wait until all is sent."""
        await self._few.close()
        await self._many.close()
        await self._sender.close()

    async def _send(self, executions: Sequence[_Hint]) -> None:
        try:
            await self._sender.send(EXECUTE, [executions], seconds=_GOOD_SECONDS)
        except BrokerAway as error:
            logger.warning("hint_not_sent", executions=len(executions), error=str(error))

    async def cancel(self, execution_id: UUID) -> None:
        """Say that an execution is to stop."""
        await announce(self._redis, "cancel", execution_id)

    async def wake(self, execution_id: UUID) -> None:
        """Say that something is asked of an execution."""
        await announce(self._redis, "wake", execution_id)


@dataclass(slots=True)
class _Pace:
    """How many hints of a tenant there were in this while, and in the one before."""

    began: float = -math.inf
    count: int = 0
    before: int = 0

    def few(self, now: float) -> bool:
        """Count one more; returns whether there are few of them."""
        if now - self.began >= _WHILE_SECONDS:
            self.before = self.count if now - self.began < 2 * _WHILE_SECONDS else 0
            self.began, self.count = now, 0
        self.count += 1
        return self.count <= _FEW and self.before <= _FEW


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
        if self._sending is None:
            self._begin()

    async def close(self) -> None:
        while self._sending:
            await asyncio.wait((self._sending,))

    def _begin(self) -> None:
        self._sending = asyncio.create_task(self._run(), name="hints")
        self._sending.add_done_callback(self._ended)

    def _ended(self, sending: asyncio.Task[None]) -> None:
        self._sending = None
        if error := None if sending.cancelled() else sending.exception():
            logger.error("hint_not_sent", exc_info=error)
        # What waits for its turn goes out all the same.
        if self._waiting and not sending.cancelled():
            self._begin()

    async def _run(self) -> None:
        while self._waiting:
            hints, self._waiting = self._waiting, []
            await self._send(hints)
            await self._sleep(self._after_many if len(hints) > 1 else self._after_one)
