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

from watchbill.kit.process.supervision import Alive, nobody

logger = structlog.get_logger(__name__)

CHANNEL = "wb:control"
_ANNOUNCE_SECONDS = 2.0
Verb = Literal["cancel", "wake", "providers", "cool"]


async def announce(client: redis.Redis, verb: Verb, execution_id: UUID) -> None:
    """Tell every worker that an execution is to stop, or to look at what is asked of it; also that a tenant's
    providers changed, and that a provider is to be left alone, whose ids go in its place."""
    try:
        # A Redis that hangs must not hold up whoever asks.
        async with asyncio.timeout(_ANNOUNCE_SECONDS):
            await client.publish(CHANNEL, f"{verb} {execution_id.hex}")
    except (RedisError, OSError) as error:
        logger.warning("control_not_announced", execution_id=str(execution_id), verb=verb, error=str(error))


class ControlHints:
    """Says to workers what is asked of executions; a failure is logged, since their rows say so too."""

    def __init__(self, client: redis.Redis):
        self._redis = client

    async def cancel(self, execution_id: UUID) -> None:
        """Say that an execution is to stop."""
        await announce(self._redis, "cancel", execution_id)


class ControlListener:
    """Calls the function of each announced verb with the execution's id."""

    def __init__(self, client: redis.Redis, functions: Mapping[Verb, Callable[[UUID], None]]):
        self._redis = client
        self._functions: Mapping[str, Callable[[UUID], None]] = {**functions}

    async def run(self, alive: Alive = nobody) -> None:
        """Listen until cancelled, through restarts of Redis."""
        while True:
            alive()
            try:
                pubsub: Any = self._redis.pubsub(ignore_subscribe_messages=True)
                async with pubsub:
                    await pubsub.subscribe(CHANNEL)
                    while True:
                        alive()
                        message = await pubsub.get_message(timeout=10.0)
                        if message:
                            self._heed(message["data"].decode(errors="replace"))
            except (RedisError, OSError) as error:
                logger.warning("control_listener_lost", error=str(error))
                await asyncio.sleep(0.5)

    def _heed(self, message: str) -> None:
        verb, _, execution_id = message.partition(" ")
        function = self._functions.get(verb)
        try:
            id_ = UUID(hex=execution_id)
        except ValueError:
            logger.warning("control_not_understood", message=message[:200])
            return
        if function:
            function(id_)
