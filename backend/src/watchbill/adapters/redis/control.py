"""What people ask of executions reaches workers at once over a channel; the execution's row says so too, if
the message is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Literal
from uuid import UUID

import redis.asyncio as redis
import structlog
from redis.exceptions import RedisError

logger = structlog.get_logger(__name__)

CHANNEL = "wb:control"
Verb = Literal["cancel", "wake", "providers", "cool"]


async def announce(client: redis.Redis, verb: Verb, execution_id: UUID) -> None:
    """Tell every worker that an execution is to stop, or to look at what is asked of it; also that a tenant's
    providers changed, and that a provider is to be left alone, whose ids go in its place."""
    try:
        await client.publish(CHANNEL, f"{verb} {execution_id.hex}")
    except (RedisError, OSError) as error:
        logger.warning("control_not_announced", execution_id=str(execution_id), verb=verb, error=str(error))


class ControlListener:
    """Calls the function of each announced verb with the execution's id."""

    def __init__(self, client: redis.Redis, functions: Mapping[Verb, Callable[[UUID], None]]):
        self._redis = client
        self._functions: Mapping[str, Callable[[UUID], None]] = {**functions}

    async def run(self) -> None:
        """Listen until cancelled, through restarts of Redis."""
        while True:
            try:
                async with self._redis.pubsub(ignore_subscribe_messages=True) as pubsub:
                    await pubsub.subscribe(CHANNEL)
                    while True:
                        message: Any = await pubsub.get_message(timeout=10.0)
                        if message:
                            self._heed(message["data"].decode())
            except (RedisError, OSError) as error:
                logger.warning("control_listener_lost", error=str(error))
                await asyncio.sleep(0.5)

    def _heed(self, message: str) -> None:
        verb, _, execution_id = message.partition(" ")
        if function := self._functions.get(verb):
            function(UUID(hex=execution_id))
