"""Doorbells: one subscription connection per process, shared by every watcher in it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Any

import redis.asyncio as redis
import structlog
from redis.exceptions import RedisError

logger = structlog.get_logger(__name__)


class Doorbells:
    """Lets many watchers wait for channels over one Redis connection. Use it from one event loop."""

    def __init__(self, client: redis.Redis):
        self._redis = client
        self._bells: dict[str, set[asyncio.Event]] = {}
        self._pubsub: Any = client.pubsub(ignore_subscribe_messages=False)
        self._subscribed: dict[str, asyncio.Event] = {}
        self._task: asyncio.Task[None] | None = None

    @contextlib.asynccontextmanager
    async def listen(self, channel: str) -> AsyncGenerator[asyncio.Event]:
        """An event that is set when the channel rings, and once at the start. While Redis is away it is not
        set; watchers have a time-out for that."""
        bell = asyncio.Event()
        bell.set()
        bells = self._bells.setdefault(channel, set())
        bells.add(bell)
        if len(bells) == 1:
            await self._quietly(self._pubsub.subscribe(channel))
            self._ensure_reader()
        try:
            yield bell
        finally:
            bells.discard(bell)
            if not bells:
                self._bells.pop(channel, None)
                await self._quietly(self._pubsub.unsubscribe(channel))

    async def close(self) -> None:
        """Stop reading and close the connection."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._quietly(self._pubsub.aclose())

    def _ensure_reader(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._read(), name="doorbells")

    async def _read(self) -> None:
        while self._bells:
            try:
                message = await self._pubsub.get_message(timeout=5.0)
            except (RedisError, OSError) as error:
                logger.warning("doorbells_lost", error=str(error))
                await asyncio.sleep(0.5)
                await self._quietly(self._pubsub.connect())
                self._ring_all()
                continue
            if message and message["type"] in ("message", "subscribe"):
                self._ring(message["channel"].decode())

    def _ring(self, channel: str) -> None:
        for bell in self._bells.get(channel, ()):
            bell.set()

    def _ring_all(self) -> None:
        for channel in self._bells:
            self._ring(channel)

    async def _quietly(self, call: Any) -> None:
        """Run a call whose failure only means that bells do not ring: watchers then look by the clock."""
        try:
            await call
        except (RedisError, OSError) as error:
            logger.warning("doorbells_unavailable", error=str(error))
