"""Failures of model servers are told by their cause, in the provider's own words, and asked for once."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.contracts.models.test_model_servers import CHAT, as_type, failing
from tests.fixtures_llm import KEY, Desk
from watchbill.adapters.models.failures import away_seconds
from watchbill.core.errors import ErrorKind
from watchbill.kit.process.free_port import free_port

USER, UPSTREAM, TIMEOUT, LIMIT = ErrorKind.USER, ErrorKind.UPSTREAM, ErrorKind.TIMEOUT, ErrorKind.LIMIT
SAID = "The tide is out until noon."


@pytest.fixture(params=["openai_compatible", "azure", "anthropic", "gemini"])
def any_type(request: pytest.FixtureRequest, desk: Desk) -> Desk:
    return as_type(desk, request.param)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (400, USER, "provider_rejected"),
        (401, USER, "provider_key_refused"),
        (402, USER, "provider_unpaid"),
        (403, USER, "provider_forbids"),
        (404, USER, "provider_address_wrong"),
        (405, USER, "provider_address_wrong"),
        (408, TIMEOUT, "llm_timeout"),
        (409, UPSTREAM, "provider_unavailable"),
        (413, USER, "request_too_large"),
        (418, USER, "provider_rejected"),
        (422, USER, "provider_rejected"),
        (429, UPSTREAM, "rate_limited"),
        (500, UPSTREAM, "provider_unavailable"),
        (502, UPSTREAM, "provider_unavailable"),
        (503, UPSTREAM, "provider_unavailable"),
        (504, UPSTREAM, "provider_unavailable"),
        (529, UPSTREAM, "provider_unavailable"),
    ],
)
async def test_statuses(any_type: Desk, status: int, kind: ErrorKind, code: str, stream: bool):
    any_type.server.script([{"then": {"status": status, "message": f"{SAID} {KEY} " + "x" * 5000}}])
    error = await failing(any_type, stream=stream)
    assert (error.kind, error.error_code) == (kind, code)
    assert SAID in error.detail and "cannot be reached" not in error.detail
    assert KEY not in error.detail and len(error.detail) < 800
    assert len(any_type.server.calls) == 1, "it is told once"


@pytest.mark.parametrize("said", ["The model `x` does not exist", "Deployment not found", "test-model?"])
async def test_an_unknown_model_is_told_from_a_wrong_address(any_type: Desk, said: str):
    any_type.server.script([{"then": {"status": 404, "message": said}}])
    assert (await failing(any_type)).error_code == "unknown_model"


async def test_a_wrong_path_and_error_pages(desk: Desk):
    desk.change_provider(base_url=desk.server.base_url.removesuffix("/v1"))
    error = await failing(desk)
    assert error.error_code == "provider_address_wrong" and "/v1" in error.detail
    page = "<html><head><title>502 Bad Gateway</title></head><body><h1>nginx</h1></body></html>"
    raw = {"status": 502, "body": page, "headers": {"Content-Type": "text/html"}}
    desk.change_provider(base_url=desk.server.base_url)
    desk.server.script([{"then": {"raw": raw}}])
    error = await failing(desk)
    assert error.detail.endswith("It said: 502 Bad Gateway")


async def test_redirects_are_not_followed(any_type: Desk):
    there = f"http://127.0.0.1:{any_type.server.port}/v1/chat/completions"
    raw = {"status": 307, "headers": {"Location": there}}
    any_type.server.script([{"then": {"raw": raw}}])
    error = await failing(any_type)
    assert (error.kind, error.error_code) == (USER, "provider_redirects")
    assert there in error.detail and len(any_type.server.calls) == 1


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("This model's maximum context length is 9 tokens", "context_too_long"),
        ("prompt is too long: 9 tokens > 8 maximum", "context_too_long"),
        ("Something else", "provider_rejected"),
    ],
)
@pytest.mark.parametrize("status", [400, 422])
async def test_texts_that_are_too_long(any_type: Desk, status: int, message: str, code: str):
    any_type.server.script([{"then": {"status": status, "message": message}}])
    assert (await failing(any_type)).error_code == code


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ("Unknown parameter: 'stream_options'.", "stream_options"),
        ("response_format is not supported", "response_format"),
        ("Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens'.", "max_tokens"),
    ],
)
async def test_what_a_server_does_not_take_is_put_differently(desk: Desk, message: str, field: str):
    desk.server.script(
        [{"times": 1, "then": {"status": 400, "message": message}}, {"then": {"json": {"a": 1}}}]
    )
    for _ in range(2):
        await desk.ask(output_schema={"type": "object"}, max_tokens=9)
    assert len(desk.server.calls) == 3, "the second question knows"
    assert [field in call.fields for call in desk.server.calls] == [True, False, False]


def test_how_long_to_stay_away():
    now = datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert away_seconds("7", now) == 7
    assert away_seconds("0.2", now) == 1
    assert away_seconds("100000", now) == 300
    assert away_seconds("Thu, 01 Jan 2026 12:00:30 GMT", now) == 30
    assert away_seconds("Thu, 01 Jan 2020 12:00:30 GMT", now) == 1
    assert away_seconds("Thu, 01 Jan 2026 12:00:30 -0000", now) == 30
    for nothing in (None, "", "soon", "nan", "-", "Thu, 99 Foo"):
        assert away_seconds(nothing, now) is None


async def test_nobody_listens(desk: Desk):
    desk.change_provider(base_url=f"http://127.0.0.1:{free_port()}/v1")
    error = await failing(desk)
    assert (error.kind, error.error_code) == (UPSTREAM, "provider_unreachable")
    assert "cannot be reached" in error.detail and "Connection refused" in error.detail


@pytest.mark.parametrize("kind", [*CHAT, "anthropic", "gemini"])
async def test_a_name_that_nobody_has(desk: Desk, kind: str):
    desk.change_provider(provider_type=kind, base_url="http://nobody.invalid/v1")
    error = await failing(desk)
    assert error.error_code == "provider_unreachable" and "name cannot be found" in error.detail


@pytest.mark.parametrize("kind", ["openai_compatible", "azure", "anthropic", "gemini"])
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"base_url": "http://[::1/v1"}, "provider_address_wrong"),
        ({"base_url": "ftp://127.0.0.1/v1"}, "provider_address_wrong"),
        ({"base_url": "127.0.0.1:9"}, "provider_address_wrong"),
        ({"base_url": "http://"}, "provider_address_wrong"),
        ({"base_url": "http://127.0.0.1:99999/v1"}, "provider_address_wrong"),
        ({"api_key": "sk-one\r\nX-Tide: high"}, "provider_key_wrong"),
    ],
    ids=str,
)
async def test_what_cannot_be_sent_is_the_users_error(desk: Desk, kind: str, changes: Any, code: str):
    as_type(desk, kind)
    desk.change_provider(**changes)
    error = await failing(desk)
    assert (error.kind, error.error_code) == (USER, code)
    assert "sk-one" not in error.detail


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd", "gzip, gzip", "nonsense"])
async def test_compression_that_cannot_be_read(any_type: Desk, encoding: str):
    raw = {"body": "no such thing", "headers": {"Content-Encoding": encoding}}
    any_type.server.script([{"then": {"raw": raw}}])
    error = await failing(any_type)
    assert error.kind is UPSTREAM and "cannot be reached" not in error.detail


@asynccontextmanager
async def listening(serve: Callable[..., Any]) -> AsyncIterator[int]:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


async def _hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def _reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n")
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    writer.transport.abort()


async def _no_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n")
    writer.write(b"220 mail.example ESMTP\r\n\r\n")
    writer.close()


async def _no_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.write(b"220 mail.example ESMTP\r\n\r\n")
    await writer.drain()
    await reader.read()
    writer.close()


@pytest.mark.parametrize("kind", ["openai_compatible", "anthropic"])
@pytest.mark.parametrize(
    ("serve", "scheme", "code"),
    [
        (_hang_up, "http", "provider_hung_up"),
        (_reset, "http", "provider_hung_up"),
        (_no_http, "http", "not_an_answer"),
        (_no_tls, "https", "provider_certificate"),
    ],
)
async def test_connections_that_come_to_nothing(desk: Desk, kind: str, serve: Any, scheme: str, code: str):
    async with listening(serve) as port:
        desk.change_provider(provider_type=kind, base_url=f"{scheme}://127.0.0.1:{port}")
        error = await failing(desk)
    assert (error.kind, error.error_code) == (UPSTREAM, code)
    assert "cannot be reached" not in error.detail
