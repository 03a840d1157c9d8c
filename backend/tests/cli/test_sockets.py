"""What clients say over a WebSocket has limits, over real sockets: nobody fills the memory with it, or keeps
the event loop from others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
import uvicorn
import websockets

from watchbill.cli.sockets import MOST_SAID, QuietSockets

# Much more than what the system buffers on the way.
ENDLESS = 512 * MOST_SAID
HELLO = (
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


async def _app(_scope: Any, receive: Any, send: Any) -> None:
    """Lets everybody in, and says nothing but a word of welcome."""
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": "welcome"})
    while (await receive())["type"] != "websocket.disconnect":
        pass


@pytest_asyncio.fixture
async def port() -> AsyncIterator[int]:
    config = uvicorn.Config(
        _app, port=0, ws=QuietSockets, ws_ping_interval=None, lifespan="off", log_config=None
    )
    server = uvicorn.Server(config)
    listener = config.bind_socket()
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    yield listener.getsockname()[1]
    server.should_exit = True
    await serving


def frame(first: int, payload: bytes = b"") -> bytes:
    """A frame with a mask of zeroes."""
    return bytes((first, 0x80 | len(payload))) + bytes(4) + payload


@pytest.mark.parametrize(
    ("first", "again"),
    [
        pytest.param(b"", frame(0x89, b"x" * 125), id="pings whose answers are not read"),
        pytest.param(b"", frame(0x8A), id="answers that nobody asked for"),
        pytest.param(b"", frame(0x81), id="messages"),
        pytest.param(frame(0x01), frame(0x00), id="a message without an end"),
    ],
)
async def test_whoever_does_not_stop_talking_is_cut_off(port: int, first: bytes, again: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    piece = again * (8192 // len(again))
    taken = 0
    writer.write(HELLO)
    await reader.readuntil(b"\r\n\r\n")
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    try:
        writer.write(first)
        while taken < ENDLESS:
            writer.write(piece)
            await writer.drain()
            taken += len(piece)
    except ConnectionError:
        pass
    writer.transport.abort()
    assert taken < ENDLESS


async def test_whoever_keeps_a_connection_alive_may_talk(port: int) -> None:
    async with websockets.connect(f"ws://127.0.0.1:{port}/", ping_interval=None) as socket:
        assert await socket.recv() == "welcome"
        for _ in range(300):
            answer = await socket.ping(b"x" * 100)
            await answer
        await socket.send("x" * 1000)
        await (await socket.ping())
