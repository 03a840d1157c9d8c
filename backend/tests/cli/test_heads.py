"""What comes beside the body of a request has limits, over real sockets: nobody fills the memory with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
import uvicorn

from watchbill.cli.heads import MOST_BYTES, MOST_FIELDS, MOST_WAITING, LimitedHeads

# Much more than what the system buffers on the way.
ENDLESS = 1024 * MOST_BYTES


async def _app(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the size of the body."""
    size, more = 0, scope["type"] == "http"
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"%d" % size})


@pytest_asyncio.fixture
async def port() -> AsyncIterator[int]:
    config = uvicorn.Config(_app, port=0, http=LimitedHeads, lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    listener = config.bind_socket()
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    yield listener.getsockname()[1]
    server.should_exit = True
    await serving


async def say(port: int, *parts: bytes) -> tuple[bytes, int]:
    """What is answered to these bytes until the server closes, and how many bytes of them were taken."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    taken = 0
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
            taken += len(part)
    except ConnectionError:
        pass
    try:
        async with asyncio.timeout(30):
            answer = await reader.read()
    except ConnectionError:
        answer = b""
    writer.close()
    return answer, taken


START = b"POST / HTTP/1.1\r\nHost: a\r\n"
PIECES = [b"a" * 8192] * (ENDLESS // 8192)


async def test_a_field_that_does_not_end_is_refused_while_it_is_read(port: int) -> None:
    answer, taken = await say(port, START, b"X: ", *PIECES)
    assert taken < ENDLESS
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    "head",
    [
        START + b"X: " + b"a" * MOST_BYTES + b"\r\n\r\n",
        START + b"".join(b"x-%d: 1\r\n" % n for n in range(MOST_FIELDS)) + b"\r\n",
        b"GET /?q=" + b"a" * MOST_BYTES + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        START + b"a: b\r\n" * (MOST_FIELDS + 1),
    ],
    ids=["one field", "many fields", "the address", "without an end"],
)
async def test_a_head_that_is_too_large_is_refused(port: int, head: bytes) -> None:
    answer, _ = await say(port, head)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"application/problem+json" in answer and b"headers_too_large" in answer


async def test_what_comes_after_a_body_counts_too(port: int) -> None:
    chunked = START + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"
    answer, taken = await say(port, chunked, b"X: ", *PIECES)
    assert taken < ENDLESS and b" 200 " not in answer
    answer, _ = await say(port, chunked + b"x: y\r\n" * (MOST_FIELDS + 1) + b"\r\n")
    assert b" 200 " not in answer


async def test_bodies_do_not_count(port: int) -> None:
    size = 4 * MOST_BYTES
    close = b"Connection: close\r\n"
    plain = START + close + b"Content-Length: %d\r\n\r\n" % size
    answer, _ = await say(port, plain, b"a" * size)
    assert answer.startswith(b"HTTP/1.1 200 ") and b"\r\n%d\r\n" % size in answer
    for part, times in ((1, 5_000), (50, 40_000)):
        chunk = b"%x\r\n%s\r\n" % (part, b"a" * part)
        chunked = START + close + b"Transfer-Encoding: chunked\r\n\r\n"
        answer, _ = await say(port, chunked, chunk * times, b"0\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200 ") and b"\r\n%d\r\n" % (part * times) in answer


async def test_a_body_in_crumbs_is_refused(port: int) -> None:
    """Each costs as much time as a kilobyte, and millions of them are a small body."""
    crumbs = b"1\r\na\r\n" * 1024
    chunked = START + b"Transfer-Encoding: chunked\r\n\r\n"
    answer, taken = await say(port, chunked, *[crumbs] * (ENDLESS // len(crumbs)))
    assert taken < ENDLESS and b" 200 " not in answer


async def test_requests_that_are_not_waited_for_do_not_pile_up(port: int) -> None:
    """The client reads no answer, and goes on to ask."""
    many = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 1024
    answer, taken = await say(port, *[many] * (ENDLESS // len(many)))
    assert taken < ENDLESS
    assert answer.count(b"HTTP/1.1 200 ") <= MOST_WAITING + 1


async def test_many_requests_of_one_connection_count_each_by_themselves(port: int) -> None:
    one = START + b"X: " + b"a" * (MOST_BYTES // 2) + b"\r\nContent-Length: 3\r\n\r\nabc"
    last = START + b"Connection: close\r\nContent-Length: 0\r\n\r\n"
    answer, _ = await say(port, *[one] * 6, last)
    assert answer.count(b"HTTP/1.1 200 ") == 7
