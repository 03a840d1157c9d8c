"""Hints from the API to workers: by Celery for executions, by a channel for cancels."""

from __future__ import annotations

import asyncio
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

# A message costs as much as running some small nodes. The first hint goes out at once; while executions begin
# one after the other, those of this long go together, and of longer while many begin: those wait for each
# other anyway.
_GATHER_SECONDS = 0.015
_GATHER_MANY_SECONDS = 0.04
# A hint older than this has long been found by a sweep.
_GOOD_SECONDS = 300


class CeleryHints:
    """Sends hints. A broker that does not answer is logged: workers find the execution by their sweep."""

    def __init__(self, app: Celery, client: redis.Redis):
        self._app = app
        self._redis = client
        self._queue = queue_of(app)
        self._waiting: list[tuple[str, str]] = []
        self._sending: asyncio.Task[None] | None = None

    async def execute(self, scope: TenantScope, execution_id: UUID) -> None:
        """Say that an execution waits to be claimed. Nobody waits until it is said."""
        self._waiting.append((str(scope.tenant_id), str(execution_id)))
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send(), name="hints")

    async def close(self) -> None:
        """Wait until all is sent."""
        if self._sending:
            await self._sending

    async def _send(self) -> None:
        while self._waiting:
            executions, self._waiting = self._waiting, []
            try:
                message = task_message(self._app, EXECUTE, [executions], seconds=_GOOD_SECONDS)
                await self._redis.lpush(self._queue, message)  # type: ignore[misc]
            except (RedisError, OSError) as error:
                logger.warning("hint_not_sent", executions=len(executions), error=str(error))
            await asyncio.sleep(_GATHER_MANY_SECONDS if len(executions) > 1 else _GATHER_SECONDS)

    async def cancel(self, execution_id: UUID) -> None:
        """Say that an execution is to stop."""
        await announce(self._redis, "cancel", execution_id)

    async def wake(self, execution_id: UUID) -> None:
        """Say that something is asked of an execution."""
        await announce(self._redis, "wake", execution_id)
