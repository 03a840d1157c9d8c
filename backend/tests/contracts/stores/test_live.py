"""The live ports: one suite for Valkey and for their in-memory twin, and what Valkey alone must bear."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import redis.asyncio as redis

from tests.services import Services
from watchbill.adapters.redis import Doorbells, Endings, RedisLive, RedisLiveReader
from watchbill.adapters.redis import live as adapter
from watchbill.core.events import Event, ExecutionStatus
from watchbill.core.ports.journal import Outcome
from watchbill.core.ports.live import LiveEvents, LiveReader
from watchbill.core.tenancy import TenantScope
from watchbill.embedded.servers import start_valkey, stop
from watchbill.kit.process.supervision import Supervisor
from watchbill.testing.memory import MemoryLive


@dataclass
class Live:
    writer: LiveEvents
    reader: LiveReader
    scope: TenantScope
    id: UUID


@pytest.fixture
async def memory() -> Live:
    both = MemoryLive()
    return Live(both, both, TenantScope(uuid4()), uuid4())


@pytest.fixture
async def valkey(services: Services) -> AsyncIterator[Live]:
    async with redis.Redis.from_url(services.redis_url) as client:
        supervisor = Supervisor()
        doorbells = Doorbells(client, supervisor)
        endings = Endings(client, supervisor)
        reader = RedisLiveReader(client, doorbells, endings)
        writer = RedisLive(client, supervisor)
        yield Live(writer, reader, TenantScope(uuid4()), uuid4())
        await writer.close()
        await endings.close()
        await doorbells.close()


@pytest.fixture(params=["memory", "valkey"])
def live(request: pytest.FixtureRequest) -> Live:
    return request.getfixturevalue(request.param)


async def told(live: Live, events: Sequence[Event]) -> None:
    """Publish, and wait until it is out."""
    await live.writer.publish(live.scope, events)
    if isinstance(live.writer, RedisLive):
        await live.writer.sent()


def event(live: Live, seq: int) -> Event:
    return Event(
        seq=seq,
        execution_id=live.id,
        type="log",
        timestamp=datetime(2026, 1, 1, tzinfo=UTC),
        data={"message": "é"},
    )


async def test_events_are_read_from_where_one_asks(live: Live) -> None:
    events = [event(live, seq) for seq in range(1, 6)]
    await told(live, events[:3])
    await told(live, events[3:])
    assert await live.reader.read(live.scope, live.id, after=0, limit=100) == events
    assert await live.reader.read(live.scope, live.id, after=3, limit=100) == events[3:]
    assert (await live.reader.read(live.scope, live.id, after=1, limit=2))[:2] == events[1:3]
    assert await live.reader.read(TenantScope(uuid4()), live.id, after=0, limit=9) == []


async def test_the_doorbell_rings_at_the_start_and_for_each_publish(live: Live) -> None:
    async with asyncio.timeout(60), live.reader.doorbell(live.scope, live.id) as bell:
        await bell.wait()
        for seq in (1, 2, 3):
            bell.clear()
            # Subscribing takes a moment on a real server: a bell that is not heard yet is rung again.
            while not bell.is_set():
                await live.writer.publish(live.scope, [event(live, seq)] if seq else [])
                await asyncio.sleep(0.005)


async def test_whoever_asks_after_a_publish_sees_it_though_another_answer_is_on_its_way(
    services: Services,
) -> None:
    async with redis.Redis.from_url(services.redis_url) as client:
        supervisor = Supervisor()
        live = Live(
            RedisLive(client, supervisor),
            RedisLiveReader(client, Doorbells(client, supervisor), Endings(client, supervisor)),
            TenantScope(uuid4()),
            uuid4(),
        )
        ask, answered, go_on = client.xrange, asyncio.Event(), asyncio.Event()

        async def slow(*args: Any, **options: Any) -> Any:
            answer = await ask(*args, **options)
            answered.set()
            await go_on.wait()
            return answer

        client.xrange = slow  # type: ignore[method-assign]
        reads = [asyncio.create_task(live.reader.read(live.scope, live.id, after=0, limit=9))]
        await answered.wait()
        await told(live, [event(live, 1)])
        reads += [asyncio.create_task(live.reader.read(live.scope, live.id, after=0, limit=9)) for _ in "ab"]
        await asyncio.sleep(0)
        go_on.set()
        assert [len(events) for events in await asyncio.gather(*reads)] == [0, 1, 1]
        await supervisor.stop()


async def listening(live: Live, final: Event) -> None:
    """Wait until endings are heard: whoever waits while the connection is made is told to look once."""
    earlier = final.model_copy(update={"execution_id": uuid4()})
    async with asyncio.timeout(60), live.reader.ending(live.scope, earlier.execution_id) as ending:
        while not ending.heard.is_set():
            await live.writer.publish(live.scope, [earlier])
            await asyncio.sleep(0)


async def test_only_the_last_event_tells_those_who_wait_for_the_end(live: Live) -> None:
    final = Event(
        seq=3,
        execution_id=live.id,
        type="execution_cancelled",
        timestamp=datetime(2026, 1, 1, tzinfo=UTC),
        data={"usage": {}},
    )
    await listening(live, final)
    async with (
        asyncio.timeout(60),
        live.reader.ending(live.scope, live.id) as one,
        live.reader.ending(live.scope, live.id) as two,
        live.reader.ending(live.scope, uuid4()) as other,
        live.reader.doorbell(live.scope, live.id) as bell,
    ):
        while not (bell.is_set() and await live.reader.read(live.scope, live.id, after=0, limit=1)):
            await told(live, [event(live, 1)])
        assert not one.heard.is_set()
        at = datetime(2026, 1, 1, tzinfo=UTC)
        outcome = Outcome(ExecutionStatus.CANCELLED, at, at, outputs={"b": [1.5, "é"], "a": None})
        await live.writer.publish(live.scope, [event(live, 2), final], {live.id: outcome})
        await asyncio.gather(one.heard.wait(), two.heard.wait())
        assert one.outcome == two.outcome == outcome
        assert not other.heard.is_set()


async def test_an_outcome_that_is_too_large_to_tell_everybody_is_to_be_read(services: Services) -> None:
    final = Event(
        seq=1,
        execution_id=uuid4(),
        type="execution_completed",
        timestamp=datetime(2026, 1, 1, tzinfo=UTC),
        data={"usage": {}, "outputs": {}},
    )
    async with redis.Redis.from_url(services.redis_url) as client:
        supervisor = Supervisor()
        endings = Endings(client, supervisor)
        async with asyncio.timeout(60), endings.listen(final.execution_id) as ending:
            ending.heard.clear()
            outcome = Outcome(ExecutionStatus.COMPLETED, outputs={"text": "x" * 20_000})
            writer = RedisLive(client, supervisor)
            await writer.publish(TenantScope(uuid4()), [final], {final.execution_id: outcome})
            await ending.heard.wait()
            assert ending.outcome is None
        await supervisor.stop()


async def test_two_watchers_hear_the_same_bell(live: Live) -> None:
    async with (
        asyncio.timeout(60),
        live.reader.doorbell(live.scope, live.id) as one,
        live.reader.doorbell(live.scope, live.id) as two,
    ):
        one.clear()
        two.clear()
        await live.writer.publish(live.scope, [event(live, 1)])
        await asyncio.gather(one.wait(), two.wait())


async def test_a_redis_that_is_away_stops_nobody() -> None:
    async with redis.Redis.from_url("redis://127.0.0.1:1", socket_connect_timeout=1) as client:
        supervisor = Supervisor()
        writer, scope, id_ = RedisLive(client, supervisor), TenantScope(uuid4()), uuid4()
        endings = Endings(client, supervisor)
        live = Live(writer, RedisLiveReader(client, Doorbells(client, supervisor), endings), scope, id_)
        await told(live, [event(live, 1)])
        assert writer.failures == 1
        assert await live.reader.read(scope, id_, after=0, limit=9) == []
        async with live.reader.doorbell(scope, id_) as bell:
            assert bell.is_set()
        async with asyncio.timeout(60), live.reader.ending(scope, id_) as ended:
            assert not ended.heard.is_set()
        await supervisor.stop()


async def test_a_redis_that_is_frozen_holds_up_nobody_and_fills_no_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(adapter, "_LAST_SECONDS", 0.1)
    with tempfile.TemporaryDirectory(prefix="watchbill-frozen-") as folder:
        server = start_valkey(Path(folder))
        supervisor = Supervisor()
        try:
            async with redis.Redis.from_url(server.url) as client:
                writer, scope = RedisLive(client, supervisor), TenantScope(uuid4())
                live = Live(
                    writer,
                    RedisLiveReader(client, Doorbells(client, supervisor), Endings(client, supervisor)),
                    scope,
                    uuid4(),
                )
                await told(live, [event(live, 1)])
                os.kill(server.pid, signal.SIGSTOP)
                large = event(live, 2).model_copy(update={"data": {"message": "x" * 1024 * 1024}})
                for seq in range(2, 40):
                    await writer.publish(scope, [large.model_copy(update={"seq": seq})])
                assert 20 <= writer.dropped <= 30, "the oldest make room: about 16 MB wait"
                await writer.close()
                os.kill(server.pid, signal.SIGCONT)
        finally:
            os.kill(server.pid, signal.SIGCONT)
            stop(server)


async def test_events_published_again_after_a_crash_do_no_harm(live: Live) -> None:
    events = [event(live, seq) for seq in (1, 2, 3)]
    await told(live, events)
    if isinstance(live.writer, RedisLive):
        await told(live, events[1:])
        assert live.writer.failures == 0
        await told(live, [*events[1:], event(live, 4)])
        events.append(event(live, 4))
    assert await live.reader.read(live.scope, live.id, after=0, limit=9) == events
    assert await live.reader.read(live.scope, live.id, after=2, limit=9) == events[2:]


async def test_reading_all_of_a_stream_reads_each_entry_once(services: Services) -> None:
    """A hundred events published together are one entry: who takes fifty at a time would read it twice."""
    entries = 0

    class Counting(redis.Redis):
        async def xrange(self, *args: Any, **options: Any) -> Any:
            nonlocal entries
            found = await super().xrange(*args, **options)
            entries += len(found)
            return found

    async with Counting.from_url(services.redis_url) as client:
        supervisor = Supervisor()
        doorbells, endings = Doorbells(client, supervisor), Endings(client, supervisor)
        writer = RedisLive(client, supervisor)
        live = Live(writer, RedisLiveReader(client, doorbells, endings), TenantScope(uuid4()), uuid4())
        for together in (100, 1):
            begin, entries = 0 if together == 100 else 2000, 0
            for first in range(begin + 1, begin + 20 * together + 1, together):
                await told(live, [event(live, seq) for seq in range(first, first + together)])
            seen: list[int] = []
            while block := await live.reader.read(
                live.scope, live.id, after=seen[-1] if seen else begin, limit=50
            ):
                seen += [one.seq for one in block]
            assert seen == list(range(begin + 1, begin + 20 * together + 1))
            assert entries == 20
        await writer.close()
        await endings.close()
        await doorbells.close()
