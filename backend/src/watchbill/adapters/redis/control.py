"""Cancels reach workers at once over a channel; the execution's row says so too, if the message is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

import redis.asyncio as redis
import structlog
from redis.exceptions import RedisError

logger = structlog.get_logger(__name__)

CHANNEL = "wb:cancel"


async def announce_cancel(client: redis.Redis, execution_id: UUID) -> None:
    """Tell every worker that an execution is to stop."""
    try:
        await client.publish(CHANNEL, execution_id.hex)
    except (RedisError, OSError) as error:
        logger.warning("cancel_not_announced", execution_id=str(execution_id), error=str(error))


class CancelListener:
    """Calls `cancel` with each announced execution id."""

    def __init__(self, client: redis.Redis, cancel: Callable[[UUID], None]):
        self._redis = client
        self._cancel = cancel

    async def run(self) -> None:
        """Listen until cancelled, through restarts of Redis."""
        while True:
            try:
                async with self._redis.pubsub(ignore_subscribe_messages=True) as pubsub:
                    await pubsub.subscribe(CHANNEL)
                    while True:
                        message: Any = await pubsub.get_message(timeout=10.0)
                        if message:
                            self._cancel(UUID(hex=message["data"].decode()))
            except (RedisError, OSError) as error:
                logger.warning("cancel_listener_lost", error=str(error))
                await asyncio.sleep(0.5)
