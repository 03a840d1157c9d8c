"""Hints on real Celery and Valkey: what arrives is done at once, and what is wrong or late stops nobody."""

from __future__ import annotations

import asyncio
import base64
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any
from uuid import uuid4

import orjson
import pytest
import redis
from celery import Celery
from celery.contrib.testing.worker import start_worker
from celery.signals import setup_logging
from redis.asyncio import Redis as AsyncRedis

from tests.e2e.running import until
from tests.services import Services
from watchbill.adapters.celery.app import EXECUTE, celery_app
from watchbill.adapters.celery.calls import CeleryCalls
from watchbill.adapters.celery.hints import CeleryHints
from watchbill.core.errors import Unavailable
from watchbill.core.tenancy import TenantScope
from watchbill.embedded.servers import Server, start_valkey, stop


def queue_of(app: Celery) -> str:
    """The list in Redis that this application's tasks go onto."""
    return f"wb:celery:{app.conf.task_default_queue}"


AT_ONCE = "watchbill.adapters.celery.strategy:at_once"


@dataclass
class Desk:
    """A worker's Celery, and what its task was called with, in which thread."""

    app: Celery
    taken: SimpleQueue[tuple[str, int]] = field(default_factory=SimpleQueue)
    executions: SimpleQueue[list[str]] = field(default_factory=SimpleQueue)

    def send(self, *args: Any, **options: Any) -> None:
        self.app.send_task("note", args=args, ignore_result=True, **options)


@pytest.fixture
def desk(services: Services) -> Iterator[Desk]:
    with open_desk(services.redis_url) as desk:
        yield desk


@contextmanager
def open_desk(redis_url: str) -> Iterator[Desk]:
    desk = Desk(celery_app(redis_url))

    @desk.app.task(name="note", Strategy=AT_ONCE, shared=False)
    def note(value: str) -> None:
        desk.taken.put((value.upper(), threading.get_ident()))

    @desk.app.task(name=EXECUTE, Strategy=AT_ONCE, shared=False)
    def execute(executions: list[list[str]]) -> None:
        for each in executions:
            desk.executions.put(each)

    assert (note.name, execute.name) == ("note", EXECUTE)
    # Somebody listens, so Celery leaves the logging of the other tests alone.
    setup_logging.connect(_as_it_is)
    try:
        with start_worker(desk.app, pool="solo", perform_ping_check=False, shutdown_timeout=120):
            yield desk
    finally:
        setup_logging.disconnect(_as_it_is)


def _as_it_is(**_: Any) -> None:
    """Set nothing up."""


def test_hints_are_done_where_they_arrive(desk: Desk) -> None:
    for value in "abc":
        desk.send(value)
    done = [desk.taken.get(timeout=120) for _ in range(3)]
    assert [value for value, _ in done] == ["A", "B", "C"]
    assert len({thread for _, thread in done}) == 1


@pytest.fixture
def own_valkey() -> Iterator[Server]:
    """One that nobody else uses, so that it may be spoilt."""
    with tempfile.TemporaryDirectory(prefix="watchbill-hints-") as folder:
        server = start_valkey(Path(folder))
        yield server
        stop(server)


@pytest.mark.parametrize(
    ("spoil", "mend"),
    [
        (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE")),
        (("CONFIG", "SET", "min-replicas-to-write", "3"), ("CONFIG", "SET", "min-replicas-to-write", "0")),
    ],
    ids=["read-only after a failover", "without replicas"],
)
def test_a_server_that_refuses_for_a_while_ends_no_worker(
    own_valkey: Server, spoil: Sequence[str], mend: Sequence[str]
) -> None:
    with open_desk(own_valkey.url) as desk, redis.Redis.from_url(own_valkey.url) as client:
        desk.send("before")
        assert desk.taken.get(timeout=120)[0] == "BEFORE"
        client.config_resetstat()
        client.execute_command(*spoil)
        # Whoever took hints was refused once it has said so.
        until(lambda: client.info("errorstats"), 120, "the worker was refused")
        client.execute_command(*mend)
        desk.send("after")
        assert desk.taken.get(timeout=120)[0] == "AFTER"


def test_a_hint_that_makes_no_sense_or_comes_too_late_stops_nobody(desk: Desk) -> None:
    desk.send()
    desk.send({"not": "text"}, "too", "many")
    desk.send("late", expires=-1)
    desk.send("good")
    assert desk.taken.get(timeout=120)[0] == "GOOD"
    with pytest.raises(Empty):
        desk.taken.get_nowait()


async def test_a_hint_goes_out_as_a_task(desk: Desk, services: Services) -> None:
    client = AsyncRedis.from_url(services.redis_url)
    hints = CeleryHints(desk.app, client)
    try:
        scope, execution = TenantScope(uuid4()), uuid4()
        await hints.execute(scope, execution)
        await hints.close()
        taken = await asyncio.to_thread(desk.executions.get, timeout=120)
        assert taken == [str(scope.tenant_id), str(execution)]
    finally:
        await hints.close()
        await client.aclose()


async def test_who_starts_one_does_not_wait_for_who_starts_many(desk: Desk, services: Services) -> None:
    gathered = asyncio.Event()
    client = AsyncRedis.from_url(services.redis_url)

    async def gather(seconds: float) -> None:
        # Who starts many waits for longer.
        if seconds > 0.005:
            await gathered.wait()

    async def told() -> str:
        return (await asyncio.to_thread(desk.executions.get, timeout=120))[1]

    hints = CeleryHints(desk.app, client, sleep=gather, clock=lambda: 0.0)
    many, one = TenantScope(uuid4()), TenantScope(uuid4())
    # Three go out as of somebody who starts few, and the fourth as the first of many.
    started, alone = [uuid4() for _ in range(8)], uuid4()
    try:
        for execution in started[:4]:
            await hints.execute(many, execution)
            assert await told() == str(execution)
        for execution in started[4:]:
            await hints.execute(many, execution)
        await hints.execute(one, alone)
        assert await told() == str(alone)
        gathered.set()
        assert {await told() for _ in started[4:]} == set(map(str, started[4:]))
        await hints.close()
    finally:
        gathered.set()
        await client.aclose()


async def test_who_started_many_goes_on_to_wait_and_who_stopped_does_not(services: Services) -> None:
    """Also at the beginning of the next while: otherwise each would begin with messages of its own."""
    now = 0.0
    app = celery_app(services.redis_url)
    app.conf.task_default_queue = f"test-{uuid4().hex}"
    client = AsyncRedis.from_url(services.redis_url)
    waits: list[float] = []

    async def gather(seconds: float) -> None:
        waits.append(seconds)

    hints = CeleryHints(app, client, sleep=gather, clock=lambda: now)
    scope = TenantScope(uuid4())

    async def one() -> float:
        await hints.execute(scope, uuid4())
        await hints.close()
        return waits[-1]

    try:
        few, *_ = [await one() for _ in range(3)]
        many = await one()
        assert many > few
        now += 0.05
        assert await one() == many
        now += 0.2
        assert await one() == few
    finally:
        await client.delete(queue_of(app))
        await client.aclose()


def test_nothing_is_kept_of_a_hint_that_was_taken(desk: Desk, services: Services) -> None:
    desk.send("a")
    desk.taken.get(timeout=120)
    with redis.Redis.from_url(services.redis_url) as client:
        assert list(client.scan_iter("*unacked*")) == []


async def test_a_hint_that_cannot_be_sent_for_any_reason_keeps_back_no_other(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = celery_app(services.redis_url)
    app.conf.task_default_queue = f"test-{uuid4().hex}"
    client = AsyncRedis.from_url(services.redis_url)
    hints = CeleryHints(app, client, clock=lambda: 0.0)
    scope, second = TenantScope(uuid4()), uuid4()
    asked, go_on, send = threading.Event(), threading.Event(), app.send_task

    def broken_once(*args: Any, **options: Any) -> Any:
        if go_on.is_set():
            return send(*args, **options)
        asked.set()
        go_on.wait(120)
        raise RuntimeError("the transport is closed")

    monkeypatch.setattr(app, "send_task", broken_once)
    try:
        await hints.execute(scope, uuid4())
        await asyncio.to_thread(asked.wait, 120)
        await hints.execute(scope, second)
        go_on.set()
        await hints.close()
        message = orjson.loads(await client.lpop(queue_of(app)))  # type: ignore[misc]
        (hinted,), *_ = orjson.loads(base64.b64decode(message["body"]))
        assert hinted == [[str(scope.tenant_id), str(second)]]
    finally:
        await client.aclose()


async def test_a_question_to_a_broker_that_hangs_is_answered(services: Services) -> None:
    """And takes no thread that passwords and plans wait for."""

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hanging.append(writer)
        await reader.read(-1)
        writer.close()

    hanging: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    url = f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    client = AsyncRedis.from_url(url, socket_timeout=0.1)
    calls = CeleryCalls(celery_app(url), client)
    try:
        with pytest.raises(Unavailable, match="broker does not answer"):
            async with asyncio.timeout(60):
                await calls.call("note", timeout=1.0)
    finally:
        server.close()
        for writer in hanging:
            writer.close()
        await calls.close()
        await client.aclose()
