"""Bedrock's Converse and ConverseStream at the far end of the wire: JSON, or frames of AWS's event stream."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


def frame(name: str, payload: Any, kind: str = "event") -> bytes:
    """One frame: its lengths, headers and payload, each with a checksum."""
    headers = b"".join(
        _header(key, value)
        for key, value in (
            (f":{kind}-type", name),
            (":content-type", "application/json"),
            (":message-type", kind),
        )
    )
    body = json.dumps(payload).encode()
    prelude = struct.pack(">II", 16 + len(headers) + len(body), len(headers))
    prelude += struct.pack(">I", zlib.crc32(prelude))
    message = prelude + headers + body
    return message + struct.pack(">I", zlib.crc32(message))


def _header(name: str, value: str) -> bytes:
    key, text = name.encode(), value.encode()
    return bytes([len(key)]) + key + b"\x07" + struct.pack(">H", len(text)) + text


def text_frames(*texts: str, stop: str | None = "end_turn") -> list[bytes]:
    """A streamed answer; without `stop` it has no end."""
    frames = [frame("messageStart", {"role": "assistant"})]
    frames += [
        frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": text}}) for text in texts
    ]
    if stop is not None:
        usage = {"inputTokens": 30, "outputTokens": 5, "totalTokens": 35}
        frames.append(frame("contentBlockStop", {"contentBlockIndex": 0}))
        frames.append(frame("messageStop", {"stopReason": stop}))
        frames.append(frame("metadata", {"usage": usage, "metrics": {"latencyMs": 9}}))
    return frames


def message(*content: Any, stop: str = "end_turn") -> dict[str, Any]:
    """A whole answer."""
    return {
        "output": {"message": {"role": "assistant", "content": list(content)}},
        "stopReason": stop,
        "usage": {"inputTokens": 30, "outputTokens": 5, "totalTokens": 35},
        "metrics": {"latencyMs": 9},
    }


@dataclass
class Bedrock:
    """Answers every request with what it was given last."""

    url: str = ""
    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
    requests: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)

    def says(self, body: Any, status: int = 200, **headers: str) -> None:
        self.body, self.status, self.headers = body, status, headers

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request.path, dict(request.headers), await request.json()))
        if not isinstance(self.body, list):
            return web.json_response(self.body, status=self.status, headers=self.headers)
        frames: Sequence[bytes] = self.body
        response = web.StreamResponse(headers={"Content-Type": "application/vnd.amazon.eventstream"})
        await response.prepare(request)
        for each in frames:
            await response.write(each)
        return response


@asynccontextmanager
async def bedrock(address: str = "127.0.0.1") -> AsyncIterator[Bedrock]:
    """A running server."""
    found = Bedrock()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", found.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, address, 0).start()
    found.url = f"http://{address}:{runner.addresses[0][1]}"
    try:
        yield found
    finally:
        await runner.cleanup()
