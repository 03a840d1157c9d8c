"""Endings: which executions ended, told to every process in which somebody waits for one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

import redis.asyncio as redis
import structlog
from redis.exceptions import RedisError

logger = structlog.get_logger(__name__)

CHANNEL = "wb:ended"
# So long a request waits for the subscription; without it, it looks by the clock.
_PATIENCE_SECONDS = 1.0


class Endings:
    """One subscription for all that wait in this process, kept from the first of them on: to subscribe for
    each execution would be two round trips for each. Use it from one event loop."""

    def __init__(self, client: redis.Redis):
        self._redis = client
        self._waiting: dict[UUID, set[asyncio.Event]] = {}
        self._listening = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @contextlib.asynccontextmanager
    async def listen(self, execution_id: UUID) -> AsyncGenerator[asyncio.Event]:
        """An event that is set when the execution may have ended since the block was entered."""
        if self._task is None:
            self._task = asyncio.create_task(self._read(), name="endings")
        event = asyncio.Event()
        self._waiting.setdefault(execution_id, set()).add(event)
        try:
            if not self._listening.is_set():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_PATIENCE_SECONDS):
                        await self._listening.wait()
            yield event
        finally:
            events = self._waiting[execution_id]
            events.discard(event)
            if not events:
                del self._waiting[execution_id]

    async def close(self) -> None:
        """Stop listening."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _read(self) -> None:
        while True:
            try:
                async with self._redis.pubsub(ignore_subscribe_messages=True) as pubsub:
                    await pubsub.subscribe(CHANNEL)
                    self._listening.set()
                    self._wake_all()
                    while True:
                        message: Any = await pubsub.get_message(timeout=10.0)
                        if message:
                            self._heed(message["data"])
            except (RedisError, OSError) as error:
                logger.warning("endings_lost", error=str(error))
                self._listening.clear()
                await asyncio.sleep(0.5)

    def _heed(self, message: bytes) -> None:
        for event in self._waiting.get(UUID(bytes=message), ()):
            event.set()

    def _wake_all(self) -> None:
        """What was told while nobody listened is not told again."""
        for events in self._waiting.values():
            for event in events:
                event.set()
