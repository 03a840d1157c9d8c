"""Doorbells: one subscription connection per process, shared by every watcher in it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Any

import redis.asyncio as redis
import structlog
from redis.exceptions import RedisError

from watchbill.kit.process.supervision import Alive, Supervisor

_TASK = "doorbells"
logger = structlog.get_logger(__name__)


class Doorbells:
    """Lets many watchers wait for channels over one Redis connection. Use it from one event loop."""

    def __init__(self, client: redis.Redis, supervisor: Supervisor):
        self._redis = client
        self._supervisor = supervisor
        self._bells: dict[str, set[asyncio.Event]] = {}
        self._pubsub: Any = client.pubsub(ignore_subscribe_messages=False)
        # Without a subscription there is nothing to read.
        self._listened = asyncio.Event()

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
            self._listened.set()
            self._supervisor.keep(_TASK, self._read)
        try:
            yield bell
        finally:
            bells.discard(bell)
            if not bells:
                self._bells.pop(channel, None)
                if not self._bells:
                    self._listened.clear()
                await self._quietly(self._pubsub.unsubscribe(channel))

    async def close(self) -> None:
        """Stop reading and close the connection."""
        await self._supervisor.stop(_TASK)
        await self._quietly(self._pubsub.aclose())

    async def _read(self, alive: Alive) -> None:
        while True:
            alive()
            await self._listened.wait()
            try:
                message = await self._pubsub.get_message(timeout=5.0)
            except (RedisError, OSError) as error:
                logger.warning("doorbells_lost", error=str(error))
                await asyncio.sleep(0.5)
                if await self._quietly(self._pubsub.connect()):
                    # What rang meanwhile was not heard.
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

    async def _quietly(self, call: Any) -> bool:
        """Run a call whose failure only means that bells do not ring: watchers then look by the clock.
        Returns whether it was done."""
        try:
            await call
        except (RedisError, OSError) as error:
            logger.warning("doorbells_unavailable", error=str(error))
            return False
        return True
