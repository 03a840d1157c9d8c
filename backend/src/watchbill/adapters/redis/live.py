"""Live events: one capped stream per execution, and a doorbell. An entry of the stream holds the events that
were published together, and its id is the sequence number of the last of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any
from uuid import UUID

import orjson
import redis.asyncio as redis
import structlog
from redis.exceptions import RedisError, ResponseError

from watchbill.adapters.redis.doorbells import Doorbells
from watchbill.adapters.redis.endings import CHANNEL, Endings, word_of
from watchbill.core.events import Event
from watchbill.core.ports.journal import Outcome
from watchbill.core.ports.live import Ending
from watchbill.core.tenancy import TenantScope
from watchbill.kit.waits import about_to_await

logger = structlog.get_logger(__name__)

# Entries; what is no longer among them is read from the stores.
MAX_BUFFERED = 5_000
KEEP_SECONDS = 3600
_FIELD = "events"


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

    async def publish(
        self, scope: TenantScope, events: Sequence[Event], outcomes: Mapping[UUID, Outcome] | None = None
    ) -> None:
        if not events:
            return
        endings: Any = self._redis.pipeline(transaction=False)
        for event in events:
            if event.final:
                outcome = (outcomes or {}).get(event.execution_id)
                endings.publish(CHANNEL, word_of(event.execution_id, outcome))
        # Whoever waits for a result needs no events, and to write these takes its time.
        await self._send(endings)
        pipe: Any = self._redis.pipeline(transaction=False)
        together: dict[UUID, list[Event]] = {}
        for event in events:
            together.setdefault(event.execution_id, []).append(event)
        for execution_id, pack in together.items():
            key, seq = stream_key(scope, execution_id), pack[-1].seq
            fields: Any = {_FIELD: orjson.dumps([_told(event) for event in pack])}
            pipe.xadd(key, fields, id=f"{seq}-0", maxlen=MAX_BUFFERED, approximate=True)
            pipe.expire(key, KEEP_SECONDS)
            pipe.publish(doorbell_channel(scope, execution_id), seq)
        await self._send(pipe)

    async def _send(self, pipe: Any) -> None:
        """Send what is in the pipeline, if anything."""
        if not pipe:
            return
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
        about_to_await("A live event")
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
        return list(_events(entries, after))[:limit]

    def doorbell(self, scope: TenantScope, execution_id: UUID) -> AbstractAsyncContextManager[asyncio.Event]:
        about_to_await("A live event")
        return self._doorbells.listen(doorbell_channel(scope, execution_id))

    def ending(self, scope: TenantScope, execution_id: UUID) -> AbstractAsyncContextManager[Ending]:
        return self._endings.listen(execution_id)


def _told(event: Event) -> dict[str, Any]:
    return {
        "seq": event.seq,
        "execution_id": str(event.execution_id),
        "type": event.type,
        "node_id": event.node_id,
        "timestamp": event.timestamp,
        "data": event.data,
    }


def _events(entries: Any, after: int) -> Iterator[Event]:
    """The events of stream entries from there on, each once: whoever takes over an execution may publish some
    again together with new ones."""
    for _, fields in entries:
        for value in orjson.loads(fields[_FIELD.encode()]):
            if value["seq"] > after:
                after = value["seq"]
                yield Event.model_validate(value)
