"""How answers are put into bytes: as the protocol has it, or with whatever servers get wrong."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import AsyncIterator
from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from watchbill.testing.llm_server.calls import Call
from watchbill.testing.llm_server.dialects.base import Event

_LINE_ENDS = {"lf": "\n", "crlf": "\r\n", "cr": "\r"}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Wire(_Strict):
    """How a scripted answer goes out, as a stream most of all."""

    line_end: Literal["lf", "crlf", "cr"] = "lf"
    bom: bool = False
    cut_bytes: int | None = Field(default=None, ge=1, description="Sent in pieces of so many bytes.")
    before: str = Field(default="", description="Sent before the first event, as it is.")
    between: str = Field(default="", description="Sent before each event, as it is.")
    events: list[Any] | None = Field(default=None, description="The data of all events, instead of words.")
    event_name: str = Field(default="", description="The name of each of `events`.")
    body: Any = Field(default=None, description="The JSON of a whole answer, instead of text.")
    finish: bool = Field(default=True, description="Whether the finish reason is sent.")
    done: bool = Field(default=True, description="Whether the very end is sent, as [DONE].")
    hang: bool = Field(default=False, description="Whether the connection stays open at the end.")
    stream: bool | None = Field(default=None, description="Stream or not, whatever was asked for.")
    content_type: str | None = None


class Raw(_Strict):
    """Bytes instead of an answer. `repeat` follows the body `times` times, for ever without. `announce` is
    the length that is promised. At the end the connection is closed, reset, or left open."""

    status: int = Field(default=200, ge=200, le=599)
    headers: dict[str, str] = {}
    body: str = ""
    repeat: str = ""
    times: int | None = Field(default=None, ge=0)
    gzip: bool = False
    announce: int | None = None
    end: Literal["close", "reset", "hang"] = "close"
    head: str | None = Field(default=None, description="Sent instead of status and headers, as it is.")


class EventWriter:
    """Writes events to one response."""

    def __init__(self, response: web.StreamResponse, call: Call, wire: Wire):
        self._response = response
        self._call = call
        self._wire = wire
        self._begun = False

    async def write(self, event: Event) -> None:
        """Send one event."""
        name, data = event
        end = _LINE_ENDS[self._wire.line_end]
        text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=not self._wire.cut_bytes)
        named = f"event: {name}{end}" if name else ""
        lines = "".join(f"data: {line}{end}" for line in text.split("\n"))
        before = "" if self._begun else ("\ufeff" if self._wire.bom else "") + self._wire.before
        self._begun = True
        await self._send(f"{before}{self._wire.between}{named}{lines}{end}".encode())

    async def _send(self, data: bytes) -> None:
        size = self._wire.cut_bytes or len(data)
        for start in range(0, len(data), size):
            await self._response.write(data[start : start + size])
            self._call.sent_bytes += len(data[start : start + size])


async def play(request: web.Request, call: Call, raw: Raw) -> web.StreamResponse:
    """Send raw bytes."""
    if raw.head is not None:
        return await _play_head(request, call, raw)
    headers = {"Content-Type": "application/json", **raw.headers}
    if raw.gzip:
        headers["Content-Encoding"] = "gzip"
    if raw.announce is not None:
        headers["Content-Length"] = str(raw.announce)
    response = web.StreamResponse(status=raw.status, headers=headers)
    await response.prepare(request)
    packer = zlib.compressobj(wbits=31) if raw.gzip else None
    async for piece in _pieces(raw):
        packed = packer.compress(piece) if packer else piece
        if packed:
            await response.write(packed)
        call.sent_bytes += len(piece)
        await asyncio.sleep(0)
    if packer:
        await response.write(packer.flush())
    if raw.end == "hang":
        await asyncio.Event().wait()
    if raw.end == "reset" or raw.announce is not None:
        _drop(request, reset=raw.end == "reset")
        return response
    await response.write_eof()
    return response


async def _pieces(raw: Raw) -> AsyncIterator[bytes]:
    if raw.body:
        yield raw.body.encode()
    repeated = 0
    # Small pieces of what is repeated would take longer to write than to read.
    many = max(1, 16_384 // len(raw.repeat)) if raw.repeat else 1
    piece = (raw.repeat * many).encode()
    while raw.repeat and (raw.times is None or repeated < raw.times):
        yield piece
        repeated += many


async def _play_head(request: web.Request, call: Call, raw: Raw) -> web.StreamResponse:
    """Write to the connection itself, past the server's own HTTP."""
    transport = request.transport
    assert isinstance(transport, asyncio.Transport)
    transport.write((raw.head or "").encode())
    repeated = 0
    while raw.repeat and not transport.is_closing() and (raw.times is None or repeated < raw.times):
        if transport.get_write_buffer_size() < 1_000_000:
            piece = (raw.repeat * 100).encode()
            transport.write(piece)
            call.sent_bytes += len(piece)
            repeated += 100
        await asyncio.sleep(0)
    if raw.end == "hang" and not transport.is_closing():
        await asyncio.Event().wait()
    transport.close()
    return web.Response()


def _drop(request: web.Request, *, reset: bool) -> None:
    transport = request.transport
    if transport is not None and reset:
        transport.abort()
    elif transport is not None:
        transport.close()
