"""Live events: one capped stream per execution, and a doorbell. An entry of the stream holds the events that
were published together, and its id is the sequence number of the last of them."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
import redis.asyncio as redis
import structlog
from redis.exceptions import RedisError, ResponseError

from watchbill.adapters.redis.doorbells import Doorbells
from watchbill.adapters.redis.endings import CHANNEL, Endings, word_of
from watchbill.core.events import Event
from watchbill.core.json.parts import read_texts
from watchbill.core.ports.journal import Outcome
from watchbill.core.ports.live import Ending
from watchbill.core.tenancy import TenantScope
from watchbill.kit.database.waits import about_to_await
from watchbill.kit.process.supervision import Alive, Supervisor

logger = structlog.get_logger(__name__)

# Entries; what is no longer among them is read from the stores.
MAX_BUFFERED = 5_000
KEEP_SECONDS = 3600
# That are read first; then twice as many each time.
_FIRST_ENTRIES = 4
_FIELD = "events"
# What may wait while Redis is slow. More of it would be old news by the time that it is sent.
MOST_WAITING_BYTES = 16 * 1024 * 1024
_AT_ONCE = 500
# Redis answers within milliseconds, or it hangs.
_SEND_SECONDS = 10.0
_LAST_SECONDS = 2.0
_TASK = "live events"


def stream_key(scope: TenantScope, execution_id: UUID) -> str:
    """The stream of an execution's events."""
    return scope.key("execution", execution_id.hex, "events")


def doorbell_channel(scope: TenantScope, execution_id: UUID) -> str:
    """The channel that rings when events were added."""
    return scope.key("execution", execution_id.hex, "doorbell")


@dataclass(frozen=True, slots=True)
class _Pack:
    """What one publish tells of one execution, as it goes out; `word` tells its end."""

    key: str
    channel: str
    seq: int
    body: bytes
    word: bytes | None


class RedisLive:
    """Implements core.ports.LiveEvents.

    What is published waits here until it is sent, so that a Redis that hangs holds up no commit. When too
    much waits the oldest is dropped; that, and a Redis that does not answer, is logged and counted in
    `dropped` and `failures`. Events are durable already and watchers refill from the stores. Use it from one
    event loop.
    """

    def __init__(self, client: redis.Redis, supervisor: Supervisor):
        self._redis = client
        self._supervisor = supervisor
        self._packs: deque[_Pack] = deque()
        self._bytes = 0
        self._more = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self.failures = 0
        self.dropped = 0

    async def publish(
        self, scope: TenantScope, events: Sequence[Event], outcomes: Mapping[UUID, Outcome] | None = None
    ) -> None:
        together: dict[UUID, list[Event]] = {}
        for event in events:
            together.setdefault(event.execution_id, []).append(event)
        for execution_id, pack in together.items():
            final = any(event.final for event in pack)
            self._put(
                _Pack(
                    stream_key(scope, execution_id),
                    doorbell_channel(scope, execution_id),
                    pack[-1].seq,
                    orjson.dumps([_told(event) for event in pack]),
                    word_of(execution_id, (outcomes or {}).get(execution_id)) if final else None,
                )
            )
        if self._packs:
            self._idle.clear()
            self._more.set()
            self._supervisor.keep(_TASK, self._sending)

    async def sent(self) -> None:
        """Wait until nothing waits to be sent."""
        await self._idle.wait()

    async def close(self) -> None:
        """Send what waits, unless Redis hangs, and stop."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_SECONDS):
                await self.sent()
        await self._supervisor.stop(_TASK)

    def _put(self, pack: _Pack) -> None:
        self._packs.append(pack)
        self._bytes += len(pack.body)
        before = self.dropped
        while self._bytes > MOST_WAITING_BYTES and len(self._packs) > 1:
            self._bytes -= len(self._packs.popleft().body)
            self.dropped += 1
        # Once for each thousand: a Redis that hangs is told of by its time-outs.
        if self.dropped // 1000 > before // 1000 or (self.dropped and not before):
            logger.warning("live_dropped", dropped=self.dropped)

    async def _sending(self, alive: Alive) -> None:
        while True:
            alive()
            if not self._packs:
                self._idle.set()
                await self._more.wait()
            self._more.clear()
            packs = [self._packs.popleft() for _ in range(min(len(self._packs), _AT_ONCE))]
            self._bytes -= sum(len(pack.body) for pack in packs)
            await self._send_all(packs)

    async def _send_all(self, packs: Sequence[_Pack]) -> None:
        endings: Any = self._redis.pipeline(transaction=False)
        for pack in packs:
            if pack.word is not None:
                endings.publish(CHANNEL, pack.word)
        # Whoever waits for a result needs no events, and to write these takes its time.
        await self._send(endings)
        pipe: Any = self._redis.pipeline(transaction=False)
        for pack in packs:
            pipe.xadd(
                pack.key, {_FIELD: pack.body}, id=f"{pack.seq}-0", maxlen=MAX_BUFFERED, approximate=True
            )
            pipe.expire(pack.key, KEEP_SECONDS)
            pipe.publish(pack.channel, pack.seq)
        await self._send(pipe)

    async def _send(self, pipe: Any) -> None:
        """Send what is in the pipeline, if anything."""
        if not pipe:
            return
        try:
            async with asyncio.timeout(_SEND_SECONDS):
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
        events: list[Event] = []
        # Nobody knows how many events an entry has: what is more than enough would be read in vain.
        count = _FIRST_ENTRIES
        while len(events) < limit:
            try:
                entries: Any = await self._redis.xrange(key, min=f"{after + 1}-0", max="+", count=count)
            except (RedisError, OSError) as error:
                logger.warning("live_read_failed", error=str(error))
                break
            for value in await read_texts(fields[_FIELD.encode()] for _, fields in entries):
                events += _events(value, events[-1].seq if events else after)
            if len(entries) < count or not events:
                break
            after, count = events[-1].seq, min(2 * count, limit)
        return events

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


def _events(entry: Sequence[Any], after: int) -> Iterator[Event]:
    """The events of an entry from there on: whoever takes over an execution may publish some again together
    with new ones."""
    return (Event.model_validate(value) for value in entry if value["seq"] > after)
