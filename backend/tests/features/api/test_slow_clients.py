"""Streams, readers and senders that are slow or never leave: others are served meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
import uvicorn
import websockets
from fastapi import FastAPI

from tests.core.flows import ANSWER
from tests.features.api.crowding import HANG, STREAMS, crowds, serves, until
from tests.people import Person, checked, refused
from watchbill.api.app import create_app
from watchbill.config import Settings
from watchbill.core.events import Event
from watchbill.features.executions.history import LARGE_AT_ONCE
from watchbill.features.executions.ports import ExecutionPorts
from watchbill.features.executions.watching import stream
from watchbill.features.executions.watching.events import Told, watch


@pytest.fixture
async def address(narrow: FastAPI) -> AsyncIterator[str]:
    """The small API on a port."""
    config = uvicorn.Config(narrow, port=0, lifespan="off", log_level="error", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    yield f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await serving


@pytest.fixture
async def execution(attacker: Person) -> str:
    """One that nobody works on, so that its streams stay open."""
    flow = checked(await attacker.http.post("flows", json={"name": "f", "definition": ANSWER}), 201)["id"]
    return checked(await attacker.http.post(f"flows/{flow}/execute", json={"inputs": {}}), 202)["id"]


async def open_stream(address: str, execution: str, token: str) -> asyncio.StreamWriter:
    """A stream over a connection of its own, whose answer has begun."""
    reader, writer = await asyncio.open_connection(*address.split(":"))
    lines = (
        f"GET /api/v1/executions/{execution}/stream HTTP/1.1",
        f"Host: {address}",
        f"Authorization: Bearer {token}",
    )
    writer.write("\r\n".join((*lines, "", "")).encode())
    status = await reader.readline()
    if b" 200 " not in status:
        await leave(writer, killed=True)
        raise ConnectionRefusedError(status.decode())
    return writer


async def leave(writer: asyncio.StreamWriter, *, killed: bool) -> None:
    """Close the connection, or let it break off."""
    if killed:
        writer.transport.abort()
    else:
        writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def test_many_streams_hold_up_nobody_and_the_next_one_is_too_many(
    narrow: FastAPI, address: str, execution: str, attacker: Person, other: Person
):
    streams = crowds(narrow).streams
    opened = [await open_stream(address, execution, attacker.token) for _ in range(STREAMS - 1)]
    socket_url = f"ws://{address}/api/v1/ws/executions/{execution}"
    headers = {"Authorization": f"Bearer {attacker.token}"}
    async with websockets.connect(socket_url, additional_headers=headers) as socket:
        await socket.recv()
        await until(lambda: streams.taken == 2 * STREAMS)
        await serves(other)
        async with httpx.AsyncClient(headers=headers) as http:
            url = f"http://{address}/api/v1/executions/{execution}/stream"
            problem = refused(await http.get(url), 429, "too_many_at_once")
            assert f"This person has {STREAMS} streams of events" in problem["detail"]
        async with websockets.connect(socket_url, additional_headers=headers) as late:
            await late.wait_closed()
            assert late.close_code == 4429
    # One that is closed and one that is killed leave their places.
    await leave(opened.pop(), killed=False)
    await leave(opened.pop(), killed=True)
    await until(lambda: streams.taken == 2 * (STREAMS - 3))
    opened.append(await open_stream(address, execution, attacker.token))
    for writer in opened:
        await leave(writer, killed=True)
    await until(lambda: streams.taken == 0)


async def test_whoever_reads_nothing_is_dropped(
    narrow: FastAPI, address: str, execution: str, attacker: Person, monkeypatch: pytest.MonkeyPatch
):
    """Endless events go to clients that never read: what waits for them is bounded, and their places are
    free again."""
    monkeypatch.setattr(stream, "SEND_SECONDS", 0.5)
    monkeypatch.setattr(stream, "watch", endless)
    streams = crowds(narrow).streams
    writer = await open_stream(address, execution, attacker.token)
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    headers = {"Authorization": f"Bearer {attacker.token}"}
    url = f"ws://{address}/api/v1/ws/executions/{execution}"
    async with websockets.connect(url, additional_headers=headers, max_queue=1, ping_interval=None):
        await until(lambda: streams.taken == 4)
        await until(lambda: streams.taken == 0)
    await leave(writer, killed=True)


async def endless(
    live: Any, history: Any, scope: Any, execution_id: Any, *, after: int
) -> AsyncIterator[Any]:
    events = [
        Event(
            seq=seq,
            execution_id=execution_id,
            type="log",
            node_id=None,
            timestamp=datetime.now(UTC),
            data={"message": "x" * 100_000},
        )
        for seq in range(1, 20)
    ]
    while True:
        yield [Told.of(event) for event in events]


async def test_a_tenants_slow_readers_hold_few_large_outputs(
    narrow: FastAPI, execution: str, attacker: Person, other: Person
):
    """As objects in memory each may have a hundred megabytes."""
    form = {"from_node": "end", "outputs": {"start": {"text": "x" * 100_000}}}
    fork = checked(await attacker.http.post(f"executions/{execution}/fork", json=form), 202)["id"]
    parts: ExecutionPorts = narrow.state.executions
    reading: list[int] = []
    read_on = asyncio.Event()

    async def follow(number: int) -> None:
        async for block in watch(parts.live, parts.history, attacker.scope, UUID(fork), after=0):
            if any(len(told.text) > 100_000 for told in block):
                reading.append(number)
                await read_on.wait()

    following = [asyncio.create_task(follow(number)) for number in range(10)]
    await until(lambda: len(reading) == LARGE_AT_ONCE)
    for _time in range(5):
        await serves(other)
    assert len(reading) == LARGE_AT_ONCE
    # One that goes leaves its place.
    following[reading[0]].cancel()
    await until(lambda: len(reading) == LARGE_AT_ONCE + 1)
    read_on.set()
    await until(lambda: sorted(reading) == list(range(10)))
    for task in following:
        task.cancel()
    await asyncio.gather(*following, return_exceptions=True)


async def test_a_body_that_trickles_is_given_up(narrow_settings: Settings, app: FastAPI):
    """And until then it holds no connection to the database."""
    impatient = create_app(narrow_settings.model_copy(update={"body_seconds": 0.2}))
    sent: list[dict[str, Any]] = []

    async def trickle() -> dict[str, Any]:
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b" ", "more_body": True}

    async def keep(message: Any) -> None:
        sent.append(message)

    async with impatient.router.lifespan_context(impatient), asyncio.timeout(HANG):
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "path": "/api/v1/auth/login",
            "raw_path": b"/api/v1/auth/login",
            "root_path": "",
            "scheme": "http",
            "query_string": b"",
            "headers": [(b"content-type", b"application/json"), (b"transfer-encoding", b"chunked")],
            "client": ("127.0.0.1", 1),
            "server": ("test", 80),
        }
        await impatient(scope, trickle, keep)
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]


async def test_a_compressed_body_is_refused(admin: Person):
    headers = {"content-encoding": "gzip", "content-type": "application/json"}
    refused(await admin.http.post("flows", content=b"\x1f\x8b", headers=headers), 415, "content_encoding")
