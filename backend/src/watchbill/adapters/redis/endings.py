"""Endings: which executions ended, told to every process in which somebody waits for one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

import orjson
import redis.asyncio as redis
import structlog
from pydantic import TypeAdapter
from redis.exceptions import RedisError

from watchbill.core.ports.journal import Outcome
from watchbill.core.ports.live import Ending
from watchbill.kit.process.supervision import Alive, Supervisor

logger = structlog.get_logger(__name__)

CHANNEL = "wb:ended"
# Every process hears every ending, so only what is small goes with it. Bytes.
_MOST_TOLD = 16_384
_TASK = "endings"
_OUTCOME = TypeAdapter(Outcome)


def word_of(execution_id: UUID, outcome: Outcome | None) -> bytes:
    """The message that an execution ended: its id, and how it ended unless that is too large to tell."""
    told = b"" if outcome is None else orjson.dumps(outcome)
    return execution_id.bytes + (told if len(told) <= _MOST_TOLD else b"")


class Endings:
    """One subscription for all that wait in this process, kept from the first of them on: to subscribe for
    each execution would be two round trips for each. Use it from one event loop."""

    def __init__(self, client: redis.Redis, supervisor: Supervisor):
        self._redis = client
        self._supervisor = supervisor
        self._waiting: dict[UUID, list[Ending]] = {}
        self._listening = asyncio.Event()

    @contextlib.asynccontextmanager
    async def listen(self, execution_id: UUID) -> AsyncGenerator[Ending]:
        """Hears when the execution may have ended since the block was entered. Nothing is awaited for that:
        who came before the subscription is woken when it is there."""
        self._supervisor.keep(_TASK, self._read)
        ending = Ending()
        self._waiting.setdefault(execution_id, []).append(ending)
        try:
            yield ending
        finally:
            # Two may be equal, so it goes by which one it is.
            left = [one for one in self._waiting[execution_id] if one is not ending]
            self._waiting[execution_id] = left
            if not left:
                del self._waiting[execution_id]

    async def close(self) -> None:
        """Stop listening."""
        await self._supervisor.stop(_TASK)

    async def _read(self, alive: Alive) -> None:
        while True:
            self._listening.clear()
            alive()
            try:
                pubsub: Any = self._redis.pubsub(ignore_subscribe_messages=True)
                async with pubsub:
                    await pubsub.subscribe(CHANNEL)
                    self._listening.set()
                    self._wake_all()
                    while True:
                        message = await pubsub.get_message(timeout=10.0)
                        if message:
                            self._heed(message["data"])
            except (RedisError, OSError) as error:
                logger.warning("endings_lost", error=str(error))
                await asyncio.sleep(0.5)

    def _heed(self, message: bytes) -> None:
        waiting = self._waiting.get(UUID(bytes=message[:16]), ())
        if waiting and len(message) > 16:
            outcome = _OUTCOME.validate_python(orjson.loads(message[16:]))
            for ending in waiting:
                ending.outcome = outcome
        for ending in waiting:
            ending.heard.set()

    def _wake_all(self) -> None:
        """What was told while nobody listened is not told again."""
        for waiting in self._waiting.values():
            for ending in waiting:
                ending.heard.set()
