"""Live events: one capped stream per execution whose entry ids are the sequence numbers, and a doorbell."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any
from uuid import UUID

import orjson
import redis.asyncio as redis
import structlog
from redis.exceptions import RedisError, ResponseError

from watchbill.adapters.redis.doorbells import Doorbells
from watchbill.adapters.redis.endings import CHANNEL, Endings
from watchbill.core.events import Event
from watchbill.core.tenancy import TenantScope

logger = structlog.get_logger(__name__)

MAX_BUFFERED = 10_000
KEEP_SECONDS = 3600


def stream_key(scope: TenantScope, execution_id: UUID) -> str:
    """The stream of an execution's events."""
    return scope.key("execution", execution_id.hex, "events")


def doorbell_channel(scope: TenantScope, execution_id: UUID) -> str:
    """The channel that rings when events were added."""
    return scope.key("execution", execution_id.hex, "doorbell")


class RedisLive:
    """Implements core.ports.LiveEvents.

    A Redis that does not answer is logged and counted in `failures`; events are durable already and watchers
    refill from the stores.
    """

    def __init__(self, client: redis.Redis):
        self._redis = client
        self.failures = 0

    async def publish(self, scope: TenantScope, events: Sequence[Event]) -> None:
        if not events:
            return
        pipe: Any = self._redis.pipeline(transaction=False)
        newest: dict[UUID, int] = {}
        for event in events:
            newest[event.execution_id] = event.seq
            key, fields = stream_key(scope, event.execution_id), {"e": event.model_dump_json()}
            pipe.xadd(key, fields, id=f"{event.seq}-0", maxlen=MAX_BUFFERED, approximate=True)
        for execution_id, seq in newest.items():
            pipe.expire(stream_key(scope, execution_id), KEEP_SECONDS)
            pipe.publish(doorbell_channel(scope, execution_id), seq)
        for event in events:
            if event.final:
                pipe.publish(CHANNEL, event.execution_id.bytes)
        try:
            answers = await pipe.execute(raise_on_error=False)
        except (RedisError, OSError) as error:
            self.failures += 1
            logger.warning("live_publish_failed", error=str(error), failures=self.failures)
            return
        for answer in answers:
            # An id at or below the stream's last one was published before a worker stopped: it is there.
            if isinstance(answer, ResponseError) and "equal or smaller" in str(answer):
                continue
            if isinstance(answer, Exception):
                self.failures += 1
                logger.warning("live_publish_failed", error=str(answer), failures=self.failures)


class RedisLiveReader:
    """Implements core.ports.LiveReader. While Redis is away it reads nothing, and watchers ask the stores."""

    def __init__(self, client: redis.Redis, doorbells: Doorbells, endings: Endings):
        self._redis = client
        self._doorbells = doorbells
        self._endings = endings
        self._reading: dict[tuple[str, int, int], asyncio.Task[list[Event]]] = {}

    async def read(self, scope: TenantScope, execution_id: UUID, *, after: int, limit: int) -> list[Event]:
        # All who watch an execution hear its bell together, and mostly know the same of it.
        wanted = (stream_key(scope, execution_id), after, limit)
        reading = self._reading.get(wanted)
        if reading is None:
            reading = self._reading[wanted] = asyncio.create_task(self._read(*wanted), name="live")
        return await asyncio.shield(reading)

    async def _read(self, key: str, after: int, limit: int) -> list[Event]:
        await asyncio.sleep(0)
        # From here on nobody may join: an answer that is on its way may be older than the ring they heard.
        del self._reading[key, after, limit]
        try:
            entries: Any = await self._redis.xrange(key, min=f"{after + 1}-0", max="+", count=limit)
        except (RedisError, OSError) as error:
            logger.warning("live_read_failed", error=str(error))
            return []
        return [Event.model_validate(orjson.loads(fields[b"e"])) for _, fields in entries]

    def doorbell(self, scope: TenantScope, execution_id: UUID) -> AbstractAsyncContextManager[asyncio.Event]:
        return self._doorbells.listen(doorbell_channel(scope, execution_id))

    def ending(self, scope: TenantScope, execution_id: UUID) -> AbstractAsyncContextManager[asyncio.Event]:
        return self._endings.listen(execution_id)
